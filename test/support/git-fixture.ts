import { spawn } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { temporaryFolder } from './temporary.ts'

/** What every git process of a test sees: nobody's own configuration, a fixed author, no prompt. */
export const gitEnvironment = (extra: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  PATH: process.env.PATH ?? '',
  HOME: '/nonexistent',
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_AUTHOR_NAME: 'Test',
  GIT_AUTHOR_EMAIL: 'test@example.com',
  GIT_COMMITTER_NAME: 'Test',
  GIT_COMMITTER_EMAIL: 'test@example.com',
  ...extra,
})

export interface GitResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs git and returns its exit code and output, whatever the code is. */
export const tryGit = (
  folder: string,
  argv: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly input?: string | Uint8Array } = {},
): Promise<GitResult> =>
  new Promise((resolve, reject) => {
    const child = spawn('git', argv, { cwd: folder, env: gitEnvironment(options.env) })
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
    child.on('error', reject)
    child.stdin.on('error', () => {})
    child.on('close', code =>
      resolve({ code: code ?? -1, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }),
    )
    child.stdin.end(options.input ?? '')
  })

/** Runs git and returns its trimmed output; throws where it fails. */
export const git = async (
  folder: string,
  argv: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly input?: string | Uint8Array } = {},
): Promise<string> => {
  const result = await tryGit(folder, argv, options)
  if (result.code !== 0) throw new Error(`git ${argv.join(' ')} ended with ${result.code}: ${result.stderr}${result.stdout}`)
  return result.stdout.trim()
}

/** Makes a bare repository with the branch `main` as its default. Pushes over HTTP are allowed; `refs/pull/*` is the server's own, as on GitHub. */
export const bareRepository = async (path: string): Promise<void> => {
  await mkdir(path, { recursive: true })
  await git(path, ['init', '--quiet', '--bare', '--initial-branch=main', '.'])
  await git(path, ['config', 'http.receivepack', 'true'])
  await git(path, ['config', 'receive.hideRefs', 'refs/pull'])
  await git(path, ['config', 'uploadpack.allowAnySHA1InWant', 'true'])
}

/** Writes files into a clone and commits them; returns the commit's id. */
const commitFiles = async (clone: string, message: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<string> => {
  for (const [name, content] of Object.entries(files)) {
    const path = join(clone, name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content)
  }
  await git(clone, ['add', '--all'])
  await git(clone, ['commit', '--quiet', '--allow-empty', '-m', message])
  return git(clone, ['rev-parse', 'HEAD'])
}

/** A bare repository `acme/churn.git` in a folder of repositories, and a clone of it with one commit pushed to `main`. */
export interface GitFixture extends AsyncDisposable {
  /** The folder of repositories: what `startGitHttp` serves. */
  readonly root: string
  readonly bare: string
  readonly clone: string
  /** Commits files in the clone and pushes the current branch; returns the commit's id. */
  commit(message: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<string>
  git(...argv: readonly string[]): Promise<string>
}

export const gitFixture = async (
  files: Readonly<Record<string, string | Uint8Array>> = { 'README.md': '# churn\n' },
): Promise<GitFixture> => {
  const folder = await temporaryFolder('refline-git-')
  const root = folder.join('repositories')
  const bare = join(root, 'acme', 'churn.git')
  const clone = folder.join('clone')
  await bareRepository(bare)
  await git(folder.path, ['clone', '--quiet', bare, clone])
  const commit: GitFixture['commit'] = async (message, changed) => {
    const id = await commitFiles(clone, message, changed)
    await git(clone, ['push', '--quiet', 'origin', 'HEAD'])
    return id
  }
  await commit('first', files)
  return {
    root,
    bare,
    clone,
    commit,
    git: (...argv) => git(clone, argv),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
}
