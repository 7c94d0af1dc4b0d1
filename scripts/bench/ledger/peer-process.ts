import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { gitEnvironment } from '../../../test/support/git-fixture.ts'

/** Variables of every peer: nobody's own configuration, and nothing sent home, which would be measured too. */
const peerEnvironment = (home: string): Record<string, string> =>
  gitEnvironment({ HOME: home, ITERATIVE_DO_NOT_TRACK: '1', DVC_NO_ANALYTICS: '1', MLFLOW_DISABLE_TELEMETRY: 'true', DO_NOT_TRACK: '1' })

/**
 * Runs a peer to its end and returns the milliseconds and its lines of output; `finished` is false where it was ended for taking longer than `patience`
 * seconds. Throws where it fails.
 */
export const peerProcess = (
  program: string,
  argv: readonly string[],
  at: { readonly folder: string; readonly patience: number },
): Promise<{ readonly milliseconds: number; readonly lines: readonly string[]; readonly finished: boolean }> =>
  new Promise((resolve, reject) => {
    const started = performance.now()
    const child = spawn(program, argv, { cwd: at.folder, env: peerEnvironment(at.folder), stdio: ['ignore', 'pipe', 'pipe'] })
    const lines: string[] = []
    let errors = ''
    let late = false
    createInterface({ input: child.stdout }).on('line', line => lines.push(line))
    child.stderr.on('data', (part: Buffer) => {
      errors = (errors + part.toString()).slice(-4000)
    })
    const timer = setTimeout(() => {
      late = true
      child.kill('SIGKILL')
    }, at.patience * 1000)
    child.once('error', reject)
    child.once('close', code => {
      clearTimeout(timer)
      if (code === 0 || late) resolve({ milliseconds: performance.now() - started, lines, finished: !late })
      else reject(new Error(`${program} ${argv.join(' ')} ended with ${code}:\n${errors}${lines.join('\n')}`))
    })
  })
