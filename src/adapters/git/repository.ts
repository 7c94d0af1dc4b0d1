import { rmSync } from 'node:fs'
import { mkdir, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UserError } from '../../core/errors.ts'
import { classify, explain, type GitProblem, type GitResult, runGit } from './command.ts'

/** A problem of the remote, in words that name it without credentials. */
export class RemoteError extends UserError {
  readonly problem: GitProblem

  constructor(message: string, problem: GitProblem) {
    super(message)
    this.name = 'RemoteError'
    this.problem = problem
  }
}

/** What a push said; it may be wrong either way, so the ref is read again whatever it is. */
export type PushAnswer = { readonly said: 'done' } | { readonly said: GitProblem; readonly words: string }

/** A temporary bare repository through which refs of one remote are read and written. */
export interface Repository {
  /** Brings a ref with so many commits (all without `depth`); its commit id, or null where the remote answered and has no such ref. Throws a RemoteError. */
  fetch(ref: string, timeout: number, depth?: number): Promise<string | null>
  /** Contents by object name (`<commit>:record.json`), null for what is not there. */
  read(names: readonly string[]): Promise<readonly (string | null)[]>
  /** Ids of a commit and all before it that were fetched, oldest first, each with its parents. */
  history(commit: string): Promise<readonly (readonly string[])[]>
  /** Writes a commit with these files at its top. `seconds` since 1970 is its time. */
  commit(files: Readonly<Record<string, string>>, parent: string | null, message: string, seconds: number): Promise<string>
  /** A plain push, never forced: the remote takes it only where the ref is still at the commit's parent. */
  push(commit: string, ref: string, timeout: number): Promise<PushAnswer>
}

const folders = new Set<string>()
process.once('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

const localTimeout = 60_000
const objectLimit = 1 << 20

/** The identity all commits of the ledger carry; who asked is in their trailers. */
const identity = (seconds: number): Record<string, string> => ({
  GIT_AUTHOR_NAME: 'refline',
  GIT_AUTHOR_EMAIL: 'refline@refline.invalid',
  GIT_AUTHOR_DATE: `${seconds} +0000`,
  GIT_COMMITTER_NAME: 'refline',
  GIT_COMMITTER_EMAIL: 'refline@refline.invalid',
  GIT_COMMITTER_DATE: `${seconds} +0000`,
})

/** Reads what `git cat-file --batch` printed for `count` names. */
const parseBatch = (output: Buffer, count: number): readonly (string | null)[] => {
  const contents: (string | null)[] = []
  let offset = 0
  while (contents.length < count) {
    const end = output.indexOf(10, offset)
    if (end < 0) throw new Error('git cat-file --batch ended early')
    const size = /^[0-9a-f]+ [a-z]+ (\d+)$/.exec(output.toString('utf8', offset, end))?.[1]
    offset = end + 1
    if (size === undefined) {
      contents.push(null)
      continue
    }
    const bytes = Number(size)
    if (bytes > objectLimit)
      throw new UserError(`An object of the ledger has ${bytes} bytes, more than ${objectLimit}: it was not written by Refline.`)
    contents.push(output.toString('utf8', offset, offset + bytes))
    offset += bytes + 1
  }
  return contents
}

/** Opens a repository for one remote; its folder is made when it is first needed and removed when this process ends. */
export const temporaryRepository = (settings: {
  readonly remote: string
  readonly environment: Readonly<Record<string, string>>
  readonly temp?: string
}): Repository => {
  const { remote, environment } = settings
  let opened: Promise<string> | null = null
  const open = async (): Promise<string> => {
    const temp = settings.temp ?? tmpdir()
    await mkdir(temp, { recursive: true })
    const folder = await mkdtemp(join(temp, 'refline-ledger-'))
    folders.add(folder)
    const made = await runGit(['init', '--quiet', '--bare', '--template=', '.'], { folder, timeout: localTimeout })
    if (made.code !== 0) throw new Error(`git init: ${explain(made)}`)
    return folder
  }
  const run = async (argv: readonly string[], options: { input?: string; timeout?: number; environment?: Record<string, string> } = {}) => {
    opened ??= open()
    const { input } = options
    return runGit(argv, {
      folder: await opened,
      environment: { ...environment, ...options.environment },
      timeout: options.timeout ?? localTimeout,
      ...(input === undefined ? {} : { input }),
    })
  }
  const local = async (argv: readonly string[], input?: string, identified: Record<string, string> = {}): Promise<Buffer> => {
    const result = await run(argv, { environment: identified, ...(input === undefined ? {} : { input }) })
    if (result.code !== 0) throw new Error(`git ${argv[0]}: ${explain(result)}`)
    return result.stdout
  }
  const line = async (argv: readonly string[], input?: string, identified?: Record<string, string>): Promise<string> =>
    (await local(argv, input, identified)).toString('utf8').trim()
  const unanswered = (result: GitResult): RemoteError =>
    new RemoteError(`The ledger's remote ${remote} could not be read: ${explain(result)}`, classify(result))

  /** A failed fetch may have many reasons; only an answer of the remote that lists no such ref proves that there is none. */
  const isAbsent = async (ref: string, timeout: number, fetched: GitResult): Promise<boolean> => {
    const listed = await run(['ls-remote', '--quiet', '--', remote, ref], { timeout })
    if (listed.code !== 0) throw unanswered(listed)
    const present = listed.stdout
      .toString('utf8')
      .split('\n')
      .some(entry => entry.split('\t')[1] === ref)
    if (present) throw unanswered(fetched)
    return true
  }

  return {
    async fetch(ref, timeout, depth) {
      const depths = depth === undefined ? [] : [`--depth=${depth}`]
      const argv = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', ...depths, '--', remote, `+${ref}:refs/fetched/head`]
      const fetched = await run(argv, { timeout })
      if (fetched.code === 0) return line(['rev-parse', '--verify', 'refs/fetched/head^{commit}'])
      await isAbsent(ref, timeout, fetched)
      return null
    },
    async read(names) {
      return names.length === 0 ? [] : parseBatch(await local(['cat-file', '--batch'], `${names.join('\n')}\n`), names.length)
    },
    async history(commit) {
      const listed = await line(['rev-list', '--topo-order', '--reverse', '--parents', commit, '--'])
      return listed.split('\n').map(entry => entry.split(' '))
    },
    async commit(files, parent, message, seconds) {
      const entries = await Promise.all(
        Object.entries(files).map(
          async ([name, content]) => `100644 blob ${await line(['hash-object', '-w', '--stdin'], content)}\t${name}`,
        ),
      )
      const tree = await line(['mktree'], `${entries.join('\n')}\n`)
      return line(['commit-tree', tree, ...(parent === null ? [] : ['-p', parent]), '-F', '-'], message, identity(seconds))
    },
    async push(commit, ref, timeout) {
      const pushed = await run(['push', '--porcelain', '--no-verify', '--', remote, `${commit}:${ref}`], { timeout })
      return pushed.code === 0 ? { said: 'done' } : { said: classify(pushed), words: explain(pushed) }
    },
  }
}
