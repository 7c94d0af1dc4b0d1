import { hash } from 'node:crypto'
import type { PushAnswer, Repository } from '../../src/adapters/git/repository.ts'
import type { Production } from './production.ts'
import { NoAnswer, type Process } from './scheduler.ts'

export interface StoredCommit {
  readonly id: string
  readonly parent: string | null
  readonly files: Readonly<Record<string, string>>
}

/** A remote in memory: commits that never change, and refs. */
export interface GitHost {
  readonly commits: Map<string, StoredCommit>
  readonly refs: Map<string, string>
}

export const gitHost = (from?: GitHost): GitHost => ({ commits: new Map(from?.commits), refs: new Map(from?.refs) })

/** Who is told that a ref has moved. */
export type Moved = (ref: string, before: string | null, after: string) => void

const ancestors = function* (commits: ReadonlyMap<string, StoredCommit>, id: string | null): Generator<StoredCommit> {
  for (let at = id; at !== null; ) {
    const commit = commits.get(at)
    if (commit === undefined) return
    yield commit
    at = commit.parent
  }
}

/** The remote's side of a push: moves the ref where it stands at one of the commits below the pushed one, as a server does without `--force`. */
const receive = (
  host: GitHost,
  local: ReadonlyMap<string, StoredCommit>,
  id: string,
  ref: string,
  force: boolean,
  moved: Moved,
): boolean => {
  const before = host.refs.get(ref) ?? null
  if (before === id) return true
  const line = [...ancestors(local, id)]
  const below = line.findIndex(commit => commit.id === before)
  const end = line.at(-1)?.parent ?? null
  const follows = before === null ? end === null : below >= 0 || end === before
  if (!follows && !force) return false
  for (const commit of line) host.commits.set(commit.id, commit)
  host.refs.set(ref, id)
  moved(ref, before, id)
  return true
}

/**
 * The port through which `gitLedger` reads and writes refs, over a remote in memory. Fetching and pushing are calls of the process; what git does on its own
 * disk takes no time. A fetched depth is honoured, so that history that was not fetched cannot be read.
 */
export const memoryRepository = (production: Production, host: GitHost, process: Process, moved: Moved): Repository => {
  const known = new Map<string, StoredCommit>()
  const shallow = new Set<string>()

  const take = (tip: string, depth: number | undefined) => {
    let count = 0
    for (const commit of ancestors(host.commits, tip)) {
      if (depth === undefined && known.has(commit.id)) return
      count += 1
      known.set(commit.id, commit)
      shallow.delete(commit.id)
      if (count === depth) {
        if (commit.parent !== null) shallow.add(commit.id)
        return
      }
    }
  }

  const answered = async (label: string, run: () => boolean): Promise<PushAnswer> => {
    try {
      return (await process.call('write', label, run)) ? { said: 'done' } : { said: 'contended', words: 'non-fast-forward' }
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error
      // git's words can be wrong either way: a push that has landed may be told as rejected.
      return process.random() < 0.5 ? { said: 'contended', words: 'atomic transaction failed' } : { said: 'unreachable', words: 'curl 52' }
    }
  }

  return {
    async fetch(ref, _timeout, depth) {
      try {
        return await process.call('read', `fetch ${ref}${depth === undefined ? '' : ` (${depth})`}`, () => {
          const tip = host.refs.get(ref) ?? null
          if (tip !== null) take(tip, depth)
          return tip
        })
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error
        throw new production.RemoteError('the remote did not answer', 'unreachable')
      }
    },
    async read(names) {
      return names.map(name => {
        const [id = '', path = ''] = name.split(':')
        return known.get(id)?.files[path] ?? null
      })
    },
    async history(tip) {
      const lines: string[][] = []
      for (const commit of ancestors(known, tip)) {
        const parents = commit.parent === null || shallow.has(commit.id) ? [] : [commit.parent]
        lines.push([commit.id, ...parents])
        if (parents.length === 0) break
      }
      return lines.toReversed()
    },
    async commit(chain, parent) {
      let before = parent
      return chain.map(({ files, message, seconds }) => {
        const id = hash('sha1', [before, seconds, message, ...Object.entries(files).flat()].join('\0'))
        known.set(id, { id, parent: before, files })
        before = id
        return id
      })
    },
    async push(...request: [string, string, number, boolean?]): Promise<PushAnswer> {
      const [id, ref, , force = false] = request
      return answered(`push ${ref} ${id.slice(0, 7)}${force ? ' --force' : ''}`, () => receive(host, known, id, ref, force, moved))
    },
    async replace() {
      throw new Error('nothing in the simulator replaces a ref')
    },
    async list() {
      throw new Error('nothing in the simulator lists refs')
    },
  }
}
