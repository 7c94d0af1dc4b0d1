import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { parseFileCommands, parseWorkflowCommands, type WorkflowCommand } from './runner-files.ts'

const root = join(import.meta.dirname, '..', '..')
/** For work on the sources: they are run instead of the bundle. */
const fromSource = process.env.REFLINE_FROM_SOURCE === '1'

export interface StepRequest {
  /** `train`, `compare-champion`, ... */
  readonly action: string
  /** As under `with:` in a workflow. */
  readonly inputs?: Readonly<Record<string, string>>
  /** GITHUB_*, ACTIONS_* and the step's own `env:`, laid over what every runner sets. */
  readonly env?: Readonly<Record<string, string>>
  readonly workspace: string
  /** RUNNER_TEMP of the job. */
  readonly temp: string
  /** What `${{ ... }}` in the defaults of action.yml stands for: `github.token` and `strategy.job-index`. */
  readonly expressions?: Readonly<Record<string, string>>
  /** `REFLINE_FAILPOINT`, such as `asset:after`. */
  readonly failpoint?: string
  /** Milliseconds until it is killed; 60,000 by default. */
  readonly deadline?: number
  /** Told the id of the process once it runs. */
  readonly started?: (process: number) => void
}

export interface StepResult {
  /** Null where it was ended by a signal. */
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  readonly outputs: Readonly<Record<string, string>>
  readonly exported: Readonly<Record<string, string>>
  readonly path: string
  readonly state: string
  readonly summary: string
  readonly commands: readonly WorkflowCommand[]
  /** Data of the `::error::` commands. */
  readonly errors: readonly string[]
}

const declaredInputs = async (action: string): Promise<Readonly<Record<string, { readonly default?: unknown }>>> => {
  if (!fromSource) {
    const file = join(root, 'actions', action, 'action.yml')
    return (parse(readFileSync(file, 'utf8')) as { inputs?: Record<string, { default?: unknown }> }).inputs ?? {}
  }
  const module = (await import(join(root, 'src', 'actions', action, 'spec.ts'))) as {
    spec: { inputs: Record<string, { default?: string }> }
  }
  return module.spec.inputs
}

/** Inputs as the runner passes them: every declared one, with its default where it is not given, and whatever else the workflow wrote. */
const inputVariables = async (request: StepRequest): Promise<Record<string, string>> => {
  const evaluate = (text: string) =>
    text.replace(/\$\{\{\s*([^}]*?)\s*\}\}/g, (_, expression: string) => {
      const value = request.expressions?.[expression]
      if (value === undefined) throw new Error(`${request.action}: what does the expression ${expression} stand for?`)
      return value
    })
  const declared = Object.entries(await declaredInputs(request.action))
  const values = declared.map(([name, input]) => [name, request.inputs?.[name] ?? evaluate(String(input.default ?? ''))] as const)
  const all = { ...Object.fromEntries(values), ...request.inputs }
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`, value]))
}

const fileCommands = ['OUTPUT', 'ENV', 'PATH', 'STATE', 'STEP_SUMMARY'] as const

/**
 * Runs the bundle of an action as a runner does: `node dist/<action>.js` with its inputs and files in the environment and nothing of the test's own environment.
 * With REFLINE_FROM_SOURCE=1 the sources are run instead, for work on them.
 */
export const runStep = async (request: StepRequest): Promise<StepResult> => {
  await mkdir(join(request.temp, '_runner_file_commands'), { recursive: true })
  const folder = await mkdtemp(join(request.temp, '_runner_file_commands', 'step-'))
  const fileOf = (name: string) => join(folder, name.toLowerCase())
  for (const name of fileCommands) await writeFile(fileOf(name), '')
  const files = Object.fromEntries(fileCommands.map(name => [`GITHUB_${name}`, fileOf(name)]))
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: request.temp,
    LANG: 'C.UTF-8',
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_WORKSPACE: request.workspace,
    GITHUB_ACTION: '__self',
    RUNNER_TEMP: request.temp,
    RUNNER_OS: 'Linux',
    RUNNER_ARCH: 'X64',
    RUNNER_NAME: 'test',
    ...files,
    ...(await inputVariables(request)),
    ...(request.failpoint === undefined ? {} : { REFLINE_FAILPOINT: request.failpoint }),
    ...request.env,
  }
  const main = join(root, 'src', 'actions', request.action, 'main.ts')
  const source = `const { main } = await import(${JSON.stringify(main)}); await main()`
  const argv = fromSource ? ['--input-type=module', '-e', source] : [join(root, 'dist', `${request.action}.js`)]
  const ended = await new Promise<{ code: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string }>(
    (resolve, reject) => {
      const child = spawn(process.execPath, argv, { cwd: request.workspace, env, stdio: ['ignore', 'pipe', 'pipe'] })
      if (child.pid !== undefined) request.started?.(child.pid)
      const timer = setTimeout(() => child.kill('SIGKILL'), request.deadline ?? 60_000)
      const stdout: Buffer[] = []
      const stderr: Buffer[] = []
      child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
      child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
      child.on('error', reject)
      child.on('close', (code, signal) => {
        clearTimeout(timer)
        resolve({ code, signal, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() })
      })
    },
  )
  const read = (name: (typeof fileCommands)[number]) => readFile(fileOf(name), 'utf8').catch(() => '')
  const commands = parseWorkflowCommands(ended.stdout)
  return {
    exitCode: ended.code,
    signal: ended.signal,
    stdout: ended.stdout,
    stderr: ended.stderr,
    outputs: parseFileCommands(await read('OUTPUT')),
    exported: parseFileCommands(await read('ENV')),
    path: await read('PATH'),
    state: await read('STATE'),
    summary: await read('STEP_SUMMARY'),
    commands,
    errors: commands.filter(command => command.name === 'error').map(command => command.data),
  }
}
