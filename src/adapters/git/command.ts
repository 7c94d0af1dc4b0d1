import { spawn } from 'node:child_process'
import { UserError } from '../../core/errors.ts'

/** How a git process ended. `code` is null where it was ended by its timeout. */
export interface GitResult {
  readonly code: number | null
  readonly stdout: Buffer
  readonly stderr: string
}

export interface GitOptions {
  readonly folder: string
  /** Variables on top, credentials among them; they are the only ones beginning with `GIT_CONFIG_` that git sees. */
  readonly environment?: Readonly<Record<string, string>>
  readonly input?: string
  readonly timeout: number
}

const keptVariables = new Set([
  'GIT_SSL_CAINFO',
  'GIT_SSL_CAPATH',
  'GIT_SSL_NO_VERIFY',
  'GIT_SSH',
  'GIT_SSH_COMMAND',
  'GIT_EXEC_PATH',
  'GIT_CONFIG_GLOBAL',
  'GIT_CEILING_DIRECTORIES',
])
const stderrLimit = 65_536
const stdoutLimit = 1 << 29

/** Nothing of a surrounding git (a hook's GIT_DIR, a traced token) and nothing that could ask a person reaches our git. */
const cleanEnvironment = (extra: Readonly<Record<string, string>>): Record<string, string> => {
  const kept: Record<string, string> = {}
  for (const [name, value] of Object.entries(process.env)) {
    if (value === undefined || name === 'SSH_ASKPASS' || (name.startsWith('GIT_') && !keptVariables.has(name))) continue
    kept[name] = value
  }
  return { ...kept, LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0', GIT_CONFIG_NOSYSTEM: '1', ...extra }
}

const settings = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.askPass=',
  'core.quotePath=false',
  'credential.interactive=false',
  'gc.auto=0',
  'maintenance.auto=false',
  'push.gpgSign=false',
  'push.followTags=false',
  'fetch.prune=false',
  'http.lowSpeedLimit=1000',
  'http.lowSpeedTime=30',
  'protocol.ext.allow=never',
].flatMap(setting => ['-c', setting])

/**
 * Runs git with arguments (never a shell), without prompts, hooks or system configuration, and returns how it ended, whatever the exit code. After `timeout`
 * milliseconds the process and what it started are killed. Throws a UserError where there is no git.
 */
export const runGit = (argv: readonly string[], options: GitOptions): Promise<GitResult> =>
  new Promise((resolve, reject) => {
    const child = spawn('git', [...settings, ...argv], {
      cwd: options.folder,
      env: cleanEnvironment(options.environment ?? {}),
      stdio: ['pipe', 'pipe', 'pipe'],
      // a group of its own, so that a timeout also ends git's transport helpers
      detached: true,
    })
    let timedOut = false
    let size = 0
    let stderr = ''
    const stdout: Buffer[] = []
    const kill = () => {
      timedOut = true
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
      } catch {
        child.kill('SIGKILL')
      }
    }
    const timer = setTimeout(kill, options.timeout)
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > stdoutLimit) kill()
      else stdout.push(chunk)
    })
    child.stderr.on('data', (chunk: Buffer) => {
      if (stderr.length < stderrLimit) stderr += chunk.toString('utf8')
    })
    child.stdin.on('error', () => {})
    child.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer)
      reject(
        error.code === 'ENOENT'
          ? new UserError('The program git was not found on this machine (or its working folder is gone). Install git 2.30 or newer.')
          : error,
      )
    })
    child.on('close', code => {
      clearTimeout(timer)
      resolve({ code: timedOut ? null : code, stdout: Buffer.concat(stdout), stderr })
    })
    child.stdin.end(options.input ?? '')
  })

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
const unprintable = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+/g

/** A text as one printable line of at most `limit` characters: control characters and line breaks become spaces, direction overrides vanish. */
export const singleLine = (text: string, limit: number): string => {
  const line = text.toWellFormed().replace(unprintable, ' ').replace(/\s+/g, ' ').trim()
  return line.length <= limit ? line : `${line.slice(0, limit - 1).toWellFormed()}…`
}

/** `refused`: asking again will not help (permission, rules, no such repository). `contended`: somebody was faster. `unreachable`: anything else. */
export type GitProblem = 'refused' | 'contended' | 'unreachable'

const refusals = [
  /returned error: 40[134]/,
  /Authentication failed|could not read (Username|Password)|unable to get password from user|invalid credentials/i,
  /Permission (to .* )?denied|not granted|access denied|insufficient permission|Read-only file system/i,
  /hook declined|GH0(06|13)|protected branch|deny updating a hidden ref|prohibited|service not enabled/i,
  /repository .*not found|does not appear to be a git repository|No such file or directory|not a git repository|dubious ownership/i,
]
const contentions = [
  /fetch first|non-fast-forward|stale info|cannot lock ref|failed to update ref|reference already exists|atomic transaction/i,
]

/** What git's words mean for trying again. Nothing is decided from it but whether to wait: what was written is always read back. */
export const classify = (result: GitResult): GitProblem => {
  const text = `${result.stdout.toString('utf8')}\n${result.stderr}`
  if (result.code === null) return 'unreachable'
  if (contentions.some(pattern => pattern.test(text))) return 'contended'
  return refusals.some(pattern => pattern.test(text)) ? 'refused' : 'unreachable'
}

/** The lines of git's answer that say why, as one line. */
export const explain = (result: GitResult): string => {
  if (result.code === null) return 'git gave no answer in time'
  const lines = result.stderr.split('\n').filter(line => /^(fatal|error|remote):/i.test(line))
  return singleLine((lines.length > 0 ? lines : [result.stderr]).slice(0, 3).join(' '), 300) || `git ended with exit code ${result.code}`
}
