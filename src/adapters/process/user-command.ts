import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { performance } from 'node:perf_hooks'
import { UserError } from '../../core/errors.ts'
import type { UserCommand } from '../../ports/user-command.ts'
import { harmlessLine, lineSplitter } from './output-lines.ts'
import { scrubbedEnvironment } from './scrubbed-environment.ts'

const keptLines = 40
const keptStdout = 1_048_576
const graceMilliseconds = 5000

/** How long output is still read after the command has ended: something it left running may hold the pipe open for ever. */
const drainMilliseconds = 1000

const forwarded = ['SIGINT', 'SIGTERM'] as const

const argvOf = (command: string | readonly string[]): readonly string[] =>
  typeof command === 'string' ? ['bash', '-eo', 'pipefail', '-c', command] : command

/**
 * Runs users' commands as processes of their own group. The whole group is ended on a timeout and when this process is told to stop, politely first and by
 * SIGKILL after 5 seconds; both are UserErrors. What a command leaves running after it has ended by itself is left alone. `stdout` keeps the first MiB.
 *
 * @param environment the step's own, which is scrubbed before the command gets it
 */
export const userCommand = (environment: Readonly<Record<string, string | undefined>>): UserCommand => ({
  run: request =>
    new Promise((resolve, reject) => {
      const [program, ...rest] = argvOf(request.command)
      if (program === undefined) return reject(new UserError('a command is an empty list; write the program and its arguments'))
      const began = performance.now()
      const child = spawn(program, rest, {
        cwd: request.folder,
        env: { ...scrubbedEnvironment(environment, request.passEnv), ...request.environment },
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
      })
      const lastLines: string[] = []
      const kept: Buffer[] = []
      let keptBytes = 0
      let stopped: string | null = null
      const timers: NodeJS.Timeout[] = []

      const signalGroup = (signal: NodeJS.Signals) => {
        if (child.pid === undefined) return
        try {
          process.kill(-child.pid, signal)
        } catch {
          // The group has ended already, which is what was wanted.
        }
      }
      const stop = (why: string, signal: NodeJS.Signals) => {
        if (stopped !== null) return signalGroup('SIGKILL')
        stopped = why
        signalGroup(signal)
        timers.push(setTimeout(() => signalGroup('SIGKILL'), graceMilliseconds))
      }
      const handlers = forwarded.map(signal => [signal, () => stop(`was stopped by ${signal}`, signal)] as const)
      for (const [signal, handler] of handlers) process.on(signal, handler)
      if (request.timeoutSeconds !== undefined) {
        const seconds = request.timeoutSeconds
        timers.push(setTimeout(() => stop(`was stopped after its limit of ${seconds} s`, 'SIGTERM'), seconds * 1000))
      }

      const onLine = (line: string) => {
        const harmless = harmlessLine(line)
        lastLines.push(harmless)
        if (lastLines.length > keptLines) lastLines.shift()
        request.onLine?.(harmless)
      }
      const out = lineSplitter(onLine)
      const err = lineSplitter(onLine)
      child.stdout.on('data', (chunk: Buffer) => {
        const part = chunk.subarray(0, keptStdout - keptBytes)
        if (part.length > 0) kept.push(part)
        keptBytes += part.length
        out.write(chunk)
      })
      child.stderr.on('data', err.write)

      const tidy = () => {
        for (const timer of timers) clearTimeout(timer)
        for (const [signal, handler] of handlers) process.removeListener(signal, handler)
      }
      let settled = false
      const finish = (code: number | null, signal: NodeJS.Signals | null) => {
        if (settled) return
        settled = true
        tidy()
        child.stdout.destroy()
        child.stderr.destroy()
        out.end()
        err.end()
        if (stopped !== null) {
          signalGroup('SIGKILL')
          return reject(new UserError(`the command \`${harmlessLine(argvOf(request.command).join(' ')).slice(0, 200)}\` ${stopped}`))
        }
        const exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal])
        resolve({ exitCode, seconds: (performance.now() - began) / 1000, stdout: Buffer.concat(kept).toString('utf8'), lastLines })
      }
      child.on('error', cause => {
        if (settled) return
        settled = true
        tidy()
        reject(new UserError(`cannot start \`${program}\` in ${request.folder}: ${cause.message}`, { cause }))
      })
      child.on('close', finish)
      child.on('exit', (code, signal) => timers.push(setTimeout(() => finish(code, signal), drainMilliseconds)))
    }),
})
