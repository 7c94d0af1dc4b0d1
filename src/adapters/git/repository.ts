import { rmSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UserError } from '../../core/errors.ts'
import { byteLength } from '../../core/lineage/canonical.ts'
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

/** A commit to be written: files at its top, its message, and its time in seconds since 1970. */
export interface NewCommit {
  readonly files: Readonly<Record<string, string>>
  readonly message: string
  readonly seconds: number
}

/** A temporary bare repository through which refs of one remote are read and written. */
export interface Repository {
  /**
   * Brings a ref; its commit id, or null where the remote answered and has no such ref. With `depth` only so many commits; without, everything that this repository
   * does not have yet, down to the depth it was brought to before. Throws a RemoteError.
   */
  fetch(ref: string, timeout: number, depth?: number): Promise<string | null>
  /** Contents by object name (`<commit>:record.json`, or a commit's id for the commit itself), null for what is not there. */
  read(names: readonly string[]): Promise<readonly (string | null)[]>
  /** Ids of a commit and all before it that were fetched, oldest first, each with its parents. */
  history(commit: string): Promise<readonly (readonly string[])[]>
  /** Writes one commit after another, the first of them on `parent`, and returns their ids in that order. */
  commit(chain: readonly NewCommit[], parent: string | null): Promise<readonly string[]>
  /** A plain push, never forced: the remote takes it only where the ref is still at the commit's parent. */
  push(commit: string, ref: string, timeout: number): Promise<PushAnswer>
  /** Puts a ref to a commit that does not follow the one that it is at, which must be `expected`. Never for decisions. */
  replace(commit: string, ref: string, expected: string, timeout: number): Promise<PushAnswer>
  /** The remote's refs that match a pattern of `git ls-remote`, each with its object; tags also as `<ref>^{}` with the commit. Throws a RemoteError. */
  list(pattern: string, timeout: number): Promise<ReadonlyMap<string, string>>
}

const folders = new Set<string>()
process.once('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

const localTimeout = 60_000
const objectLimit = 1 << 20

/** The identity all commits of the ledger carry; who asked is in their trailers. */
export const identity = 'refline <refline@refline.invalid>'

/** What `git fast-import` is told to write a chain of commits below a ref and to say their ids. */
const importScript = (chain: readonly NewCommit[], parent: string | null, ref: string): string => {
  const data = (text: string): string => `data ${byteLength(text)}\n${text}\n`
  const commits = chain.map(({ files, message, seconds }, index) => {
    const from = index > 0 ? '' : parent === null ? '' : `from ${parent}\n`
    const listed = Object.entries(files).map(([name, content]) => `M 100644 inline ${name}\n${data(content)}`)
    return `commit ${ref}\nmark :${index + 1}\ncommitter ${identity} ${seconds} +0000\n${data(message)}${from}deleteall\n${listed.join('')}\n`
  })
  return `${commits.join('')}${chain.map((_, index) => `get-mark :${index + 1}\n`).join('')}done\n`
}

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
    // What git itself asks of a repository; `git init` would be one more process in front of every read.
    await Promise.all(['objects', 'refs'].map(part => mkdir(join(folder, part))))
    // Nothing here has to outlive this process, so nothing waits for the disk; the remote's own repository does as it is set up.
    await writeFile(join(folder, 'config'), '[core]\n\trepositoryformatversion = 0\n\tbare = true\n\tfsync = none\n')
    await writeFile(join(folder, 'HEAD'), 'ref: refs/heads/main\n')
    return folder
  }
  const run = async (
    argv: readonly string[],
    options: { input?: string; timeout?: number; environment?: Readonly<Record<string, string>> } = {},
  ) => {
    opened ??= open()
    const { input } = options
    return runGit(argv, {
      folder: await opened,
      environment: { ...environment, ...options.environment },
      timeout: options.timeout ?? localTimeout,
      ...(input === undefined ? {} : { input }),
    })
  }
  const local = async (argv: readonly string[], input?: string): Promise<Buffer> => {
    const result = await run(argv, input === undefined ? {} : { input })
    if (result.code !== 0) throw new Error(`git ${argv[0]}: ${explain(result)}`)
    return result.stdout
  }
  const lines = async (argv: readonly string[], input?: string): Promise<readonly string[]> =>
    (await local(argv, input)).toString('utf8').trim().split('\n')
  const unanswered = (result: GitResult): RemoteError =>
    new RemoteError(`The ledger's remote ${remote} could not be read: ${explain(result)}`, classify(result))

  const list = async (pattern: string, timeout: number): Promise<ReadonlyMap<string, string>> => {
    const listed = await run(['ls-remote', '--quiet', '--', remote, pattern], { timeout, environment: { GIT_TRACE2_EVENT: '1' } })
    if (listed.code !== 0) throw unanswered(listed)
    // Git takes a proxy's page or an empty answer with status 200 for a plain file server's list of no refs. Only who agreed on a version speaks git's protocol.
    if (!listed.stderr.includes('"negotiated-version"'))
      throw new RemoteError(
        `The ledger's remote ${remote} could not be read: what answers there does not speak git's protocol (a proxy, or a page to sign in?).`,
        'unreachable',
      )
    const entries = listed.stdout.toString('utf8').split('\n')
    return new Map(entries.filter(entry => entry !== '').map(entry => entry.split('\t').reverse() as [string, string]))
  }

  /** Where a ref was fetched to. The file saves a process; another format of refs than files is asked through git. */
  const fetched = async (): Promise<string> => {
    const text = await readFile(join(await (opened as Promise<string>), 'refs', 'fetched', 'head'), 'utf8').catch(() => '')
    if (/^[0-9a-f]{40,64}\n$/.test(text)) return text.trim()
    return (await lines(['rev-parse', '--verify', 'refs/fetched/head']))[0] as string
  }

  const pushed = (result: GitResult): PushAnswer =>
    result.code === 0 ? { said: 'done' } : { said: classify(result), words: explain(result) }

  let imports = 0

  return {
    async fetch(ref, timeout, depth) {
      const depths = depth === undefined ? [] : [`--depth=${depth}`]
      const argv = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', ...depths, '--', remote, `+${ref}:refs/fetched/head`]
      const result = await run(argv, { timeout })
      if (result.code === 0) return fetched()
      // A failed fetch may have many reasons; only an answer of the remote that lists no such ref proves that there is none.
      if ((await list(ref, timeout)).has(ref)) throw unanswered(result)
      return null
    },
    async read(names) {
      return names.length === 0 ? [] : parseBatch(await local(['cat-file', '--batch'], `${names.join('\n')}\n`), names.length)
    },
    async history(commit) {
      return (await lines(['rev-list', '--topo-order', '--reverse', '--parents', commit, '--'])).map(entry => entry.split(' '))
    },
    async commit(chain, parent) {
      imports += 1
      return lines(['fast-import', '--quiet', '--done'], importScript(chain, parent, `refs/written/${imports}`))
    },
    async push(commit, ref, timeout) {
      return pushed(await run(['push', '--porcelain', '--no-verify', '--', remote, `${commit}:${ref}`], { timeout }))
    },
    async replace(commit, ref, expected, timeout) {
      const lease = `--force-with-lease=${ref}:${expected}`
      return pushed(await run(['push', '--porcelain', '--no-verify', lease, '--', remote, `${commit}:${ref}`], { timeout }))
    },
    list,
  }
}
