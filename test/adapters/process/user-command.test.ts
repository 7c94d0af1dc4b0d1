import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { harmlessLine } from '../../../src/adapters/process/output-lines.ts'
import { userCommand } from '../../../src/adapters/process/user-command.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'refline-command-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const token = 'ghs_0123456789abcdef'
const run = (command: string | readonly string[], environment: Record<string, string> = {}, passEnv: readonly string[] = []) => {
  const lines: string[] = []
  return userCommand({ PATH: process.env.PATH, ...environment })
    .run({ command, folder, environment: { REFLINE_MODEL: 'here' }, passEnv, onLine: line => lines.push(line) })
    .then(result => ({ ...result, lines }))
}

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
const until = async (condition: () => boolean): Promise<void> => {
  const end = Date.now() + 20_000
  while (!condition()) {
    if (Date.now() > end) throw new Error('the condition was not met within 20 s')
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

describe('how a command is run', () => {
  it('runs a string as bash that stops at the first error, in a pipe too', async () => {
    expect(await run('false | cat; echo not reached')).toMatchObject({ exitCode: 1, stdout: '' })
    expect(await run('exit 7')).toMatchObject({ exitCode: 7 })
  })
  it('runs a list as argv, without a shell', async () => {
    expect(await run(['printf', '%s', '$HOME; $(id)'])).toMatchObject({ exitCode: 0, stdout: '$HOME; $(id)' })
  })
  it('says what cannot be started', async () => {
    await expect(run(['refline-no-such-program'])).rejects.toThrow(/cannot start `refline-no-such-program`/)
  })
  it('gives 128 + n for a command that died by signal n', async () => {
    expect(await run('kill -9 $$')).toMatchObject({ exitCode: 137 })
  })
  it('does not wait for what a command leaves running, and leaves it alone', async () => {
    const { stdout } = await run('sleep 30 & echo $!')
    const pid = Number(stdout.trim())
    expect(alive(pid)).toBe(true)
    process.kill(pid, 'SIGKILL')
  })
})

describe('environment', () => {
  const secrets = {
    INPUT_TOKEN: token,
    GITHUB_TOKEN: token,
    MY_COPY: `bearer ${token}`,
    ACTIONS_RUNTIME_TOKEN: 'runtime-secret-1',
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'identity-secret-1',
    GIT_CONFIG_VALUE_0: 'AUTHORIZATION: basic c2VjcmV0',
    STATE_x: 'state',
    GITHUB_OUTPUT: '/dev/null',
    GITHUB_ENV: '/dev/null',
    GITHUB_PATH: '/dev/null',
    GITHUB_STATE: '/dev/null',
    GITHUB_STEP_SUMMARY: '/dev/null',
    GITHUB_SHA: 'a'.repeat(40),
  }
  it('holds no token and none of the files that later steps are told through', async () => {
    const { stdout } = await run('env', secrets)
    expect(stdout).toContain(`GITHUB_SHA=${'a'.repeat(40)}`)
    expect(stdout).toContain('REFLINE_MODEL=here')
    for (const name of Object.keys(secrets).filter(name => name !== 'GITHUB_SHA')) expect(stdout).not.toMatch(new RegExp(`^${name}=`, 'm'))
    for (const value of [token, 'runtime-secret-1', 'identity-secret-1', 'c2VjcmV0']) expect(stdout).not.toContain(value)
  })
  it('gives back what is passed by name, and nothing else', async () => {
    const { stdout } = await run('env', secrets, ['MY_COPY'])
    expect(stdout).toContain(`MY_COPY=bearer ${token}`)
    expect(stdout).not.toMatch(/^GITHUB_TOKEN=/m)
  })
})

describe('output', () => {
  it('comes line by line, of both streams, with no line that a runner obeys', async () => {
    const { lines } = await run(`printf '::set-output name=a::b\\n  ::warning::x\\nx ##[error]y\\n10%%\\r20%%\\rdone'; echo oops >&2`)
    expect(lines).toContain('| ::set-output name=a::b')
    expect(lines).toContain('|   ::warning::x')
    expect(lines).toContain('x ## [error]y')
    expect(lines).toEqual(expect.arrayContaining(['10%', '20%', 'done', 'oops']))
    for (const line of lines) expect(line).not.toMatch(/^\s*::|##\[/)
  })
  it('keeps characters whole that arrive in pieces', async () => {
    const { lines, stdout } = await run(`printf '\\xe2\\x82'; sleep 0.1; printf '\\xac\\n'`)
    expect(lines).toEqual(['€'])
    expect(stdout).toBe('€\n')
  })
  it('stays bounded however much is printed', async () => {
    const { lines, stdout, lastLines } = await run(`head -c 3000000 /dev/zero | tr '\\0' 'a'; echo; seq 1 100`)
    expect(lines[0]?.length).toBeLessThan(17_000)
    expect(stdout.length).toBe(1_048_576)
    expect(lastLines).toHaveLength(40)
    expect(lastLines.at(-1)).toBe('100')
  })
  it('drops what would rewrite the terminal and keeps colours', () => {
    expect(harmlessLine('a\u0007b\u0008c\u001b[31mred\u2028::x')).toBe('abc\u001b[31mred::x')
  })
})

describe('ending', () => {
  it('ends the whole group at the limit', async () => {
    const command = userCommand({ PATH: process.env.PATH })
    const running = command.run({
      command: 'sleep 60 & echo $! > pid; trap "" TERM; wait; sleep 60',
      folder,
      environment: {},
      passEnv: [],
      // Long enough for a shell to start on a busy machine: the limit must not come before its trap.
      timeoutSeconds: 2,
    })
    await expect(running).rejects.toThrow(/was stopped after its limit of 2 s/)
    const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'))
    await until(() => !alive(pid))
  }, 30_000)
  it('forwards a cancelled job to the command and its children', async () => {
    const script = join(folder, 'cancel.ts')
    const source = new URL('../../../src/adapters/process/user-command.ts', import.meta.url).pathname
    writeFileSync(
      script,
      `import { userCommand } from ${JSON.stringify(source)}
userCommand(process.env).run({ command: 'sleep 60 & echo $! > pid.tmp; mv pid.tmp pid; wait', folder: ${JSON.stringify(folder)}, environment: {}, passEnv: [] })
  .catch(error => { console.log(error.message); process.exitCode = 2 })`,
    )
    const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'ignore'] })
    let printed = ''
    child.stdout.on('data', chunk => {
      printed += chunk
    })
    await until(() => existsSync(join(folder, 'pid')))
    child.kill('SIGTERM')
    const code = await new Promise(resolve => child.on('close', resolve))
    expect(code).toBe(2)
    expect(printed).toContain('was stopped by SIGTERM')
    const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'))
    await until(() => !alive(pid))
  }, 30_000)
})
