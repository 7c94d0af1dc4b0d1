import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { UserError } from '../../core/errors.ts'
import { type GitIn, inScratch, must } from './bundle.ts'

export interface BackupSettings {
  readonly remote: string
  /** Credentials for git, from `ledgerRemote`. */
  readonly environment: Readonly<Record<string, string>>
  /** `refs/refline` by default. */
  readonly namespace?: string
  readonly temp?: string
}

/** What a bundle has, and what it leaves out. */
export interface Backup {
  readonly file: string
  readonly refs: readonly string[]
  /** Tags of releases on commits that are none of a ledger, such as that of a first version: they stay with the code. */
  readonly leftOut: readonly string[]
}

/** What is to be done with one ref of a bundle. */
export interface RefRestoration {
  readonly ref: string
  readonly commit: string
  /** `differs`: the remote has other commits, which nothing here overwrites. `newer`: it has all of the bundle's and more. */
  readonly what: 'create' | 'fast-forward' | 'same' | 'newer' | 'differs'
}

const tagsBelow = 'refs/tags/refline/'

const linesOf = (text: string): readonly string[] => text.split('\n').filter(line => line !== '')

/** Lists refs of a repository or bundle with the commits that they are on; annotated tags count with their own object. */
const listed = async (git: GitIn, where: string, patterns: readonly string[]): Promise<ReadonlyMap<string, string>> => {
  const text = await must(git(['ls-remote', '--quiet', '--', where, ...patterns]), `Reading ${where}`)
  return new Map(
    linesOf(text).flatMap(line => {
      const [id = '', ref = ''] = line.split('\t')
      return ref.endsWith('^{}') ? [] : [[ref, id] as const]
    }),
  )
}

/**
 * Writes all ledgers, logs of runs and archives of a repository, with the tags of releases that sit on them, into a git bundle that anybody can restore from or hold
 * a ledger against. The file is there whole or not at all. Throws a UserError where there is nothing to back up or the remote gives no answer.
 */
export const backUp = (settings: BackupSettings, file: string): Promise<Backup> =>
  inScratch(settings, async git => {
    const below = `${settings.namespace ?? 'refs/refline'}/`
    await must(
      git(['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--', settings.remote, `+${below}*:${below}*`]),
      `Reading ${settings.remote}`,
    )
    const refs = linesOf(await must(git(['for-each-ref', '--format=%(refname)', below]), 'git for-each-ref'))
    if (refs.length === 0) throw new UserError(`There is nothing to back up: ${settings.remote} has no ref below ${below}.`)
    const tags = [...(await listed(git, settings.remote, [`${tagsBelow}*`]))]
    const checked = linesOf(
      await must(git(['cat-file', '--batch-check=%(objecttype)'], `${tags.map(([, id]) => id).join('\n')}\n`), 'git cat-file'),
    )
    const kept = tags.filter((_, index) => checked[index] === 'commit')
    if (kept.length > 0)
      await must(git(['update-ref', '--stdin'], kept.map(([ref, id]) => `create ${ref} ${id}\n`).join('')), 'git update-ref')
    const target = resolve(file)
    await mkdir(dirname(target), { recursive: true })
    const beside = `${target}.${process.pid}.tmp`
    try {
      await must(git(['bundle', 'create', '--quiet', beside, '--all']), `Writing ${file}`)
      await must(git(['bundle', 'verify', '--quiet', beside]), `Checking ${file}`)
      await rename(beside, target)
    } finally {
      await rm(beside, { force: true })
    }
    return {
      file,
      refs: [...refs, ...kept.map(([ref]) => ref)],
      leftOut: tags.filter((_, index) => checked[index] !== 'commit').map(([ref]) => ref),
    }
  })

const restorable = (ref: string, namespace: string): boolean => ref.startsWith(`${namespace}/`) || ref.startsWith(tagsBelow)

/**
 * Holds a bundle against the remote and, with `apply`, pushes what is missing there or only behind. Never forced: a ref that the remote has with other commits is left
 * as it is. Throws a UserError where the file is no whole bundle or the remote refuses.
 */
export const restore = (settings: BackupSettings, file: string, apply: boolean): Promise<readonly RefRestoration[]> =>
  inScratch(settings, async git => {
    const bundle = resolve(file)
    const namespace = settings.namespace ?? 'refs/refline'
    await must(git(['bundle', 'verify', '--quiet', bundle]), `${file} is no whole bundle: checking it`)
    const own = [...(await listed(git, bundle, []))].filter(([ref]) => restorable(ref, namespace))
    if (own.length === 0) throw new UserError(`${file} has no ref below ${namespace}/ or ${tagsBelow}: it is no backup of ledgers.`)
    const into = (ref: string): string => `refs/bundle/${ref.slice('refs/'.length)}`
    await must(
      git(['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', bundle, ...own.map(([ref]) => `+${ref}:${into(ref)}`)]),
      `Reading ${file}`,
    )
    const there = await listed(git, settings.remote, [`${namespace}/*`, `${tagsBelow}*`])
    const moved = own.filter(([ref, id]) => there.has(ref) && there.get(ref) !== id)
    if (moved.length > 0)
      await must(
        git([
          'fetch',
          '--quiet',
          '--no-tags',
          '--no-write-fetch-head',
          '--',
          settings.remote,
          ...moved.map(([ref]) => `+${ref}:refs/remote/${ref.slice('refs/'.length)}`),
        ]),
        `Reading ${settings.remote}`,
      )
    const isBefore = async (a: string, b: string): Promise<boolean> => (await git(['merge-base', '--is-ancestor', a, b])).code === 0
    const plan: RefRestoration[] = []
    for (const [ref, commit] of own) {
      const present = there.get(ref)
      const tag = ref.startsWith(tagsBelow)
      const what =
        present === undefined
          ? 'create'
          : present === commit
            ? 'same'
            : !tag && (await isBefore(present, commit))
              ? 'fast-forward'
              : !tag && (await isBefore(commit, present))
                ? 'newer'
                : 'differs'
      plan.push({ ref, commit, what })
    }
    const pushed = plan.filter(({ what }) => what === 'create' || what === 'fast-forward')
    if (apply && pushed.length > 0)
      await must(
        git(['push', '--quiet', '--no-verify', '--', settings.remote, ...pushed.map(({ ref }) => `${into(ref)}:${ref}`)]),
        `Restoring into ${settings.remote}`,
      )
    return plan
  })
