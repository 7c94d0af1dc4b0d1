import { execFile } from 'node:child_process'
import { gitEnvironment } from '../git-fixture.ts'
import { notFound } from './answer.ts'

/** Runs git in a bare repository and returns its bytes; null where it fails. */
export const gitBytes = (
  bare: string,
  argv: readonly string[],
  input: string | Uint8Array = '',
  env: Readonly<Record<string, string>> = {},
): Promise<Buffer | null> =>
  new Promise(resolve => {
    const child = execFile(
      'git',
      argv,
      { cwd: bare, env: gitEnvironment(env), encoding: 'buffer', maxBuffer: 256 * 1024 * 1024 },
      (error, stdout) => resolve(error === null ? stdout : null),
    )
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
  })

export const gitText = async (
  bare: string,
  argv: readonly string[],
  input: string | Uint8Array = '',
  env: Readonly<Record<string, string>> = {},
): Promise<string | null> => (await gitBytes(bare, argv, input, env))?.toString().trim() ?? null

/** The commit that a branch, tag, full ref or id names; null where there is none. */
export const commitOf = (bare: string, name: string): Promise<string | null> =>
  gitText(bare, ['rev-parse', '--quiet', '--verify', '--end-of-options', `${name}^{commit}`])

export interface Commit {
  readonly sha: string
  readonly tree: string
  readonly parents: readonly string[]
  readonly author: { readonly name: string; readonly email: string; readonly date: string }
  readonly committer: { readonly name: string; readonly email: string; readonly date: string }
  readonly message: string
}

export const readCommit = async (bare: string, name: string): Promise<Commit> => {
  const sha = await commitOf(bare, name)
  if (sha === null) throw notFound(`No commit found for SHA: ${name}`)
  const shown = await gitText(bare, ['show', '-s', '--format=%T%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%B', sha])
  const [tree = '', parents = '', an = '', ae = '', ad = '', cn = '', ce = '', cd = '', message = ''] = (shown ?? '').split('\0')
  return {
    sha,
    tree,
    parents: parents.split(' ').filter(parent => parent !== ''),
    author: { name: an, email: ae, date: ad },
    committer: { name: cn, email: ce, date: cd },
    message: message.trimEnd(),
  }
}
