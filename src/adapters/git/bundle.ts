import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UserError } from '../../core/errors.ts'
import { explain, type GitResult, runGit } from './command.ts'

const timeout = 600_000

/** Runs git in a folder. */
export type GitIn = (argv: readonly string[], input?: string) => Promise<GitResult>

/** What git printed. Throws a UserError that says what was being done where it failed. */
export const must = async (running: Promise<GitResult>, doing: string): Promise<string> => {
  const result = await running
  if (result.code !== 0) throw new UserError(`${doing} failed: ${explain(result)}`)
  return result.stdout.toString('utf8')
}

/** Works in an empty bare repository that is removed afterwards; `folder` is its path. */
export const inScratch = async <T>(
  settings: { readonly environment: Readonly<Record<string, string>>; readonly temp?: string },
  work: (git: GitIn, folder: string) => Promise<T>,
): Promise<T> => {
  const folder = await mkdtemp(join(settings.temp ?? tmpdir(), 'refline-scratch-'))
  try {
    const git: GitIn = (argv, input = '') => runGit(argv, { folder, environment: settings.environment, timeout, input })
    await must(git(['init', '--quiet', '--bare', '--template=', '.']), 'git init')
    return await work(git, folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/**
 * Unpacks a bundle into a repository of its own, which lasts as long as `work`, and gives its path: it is read like any other remote then. Throws a UserError where
 * the file is no whole bundle.
 */
export const unbundled = <T>(bundle: string, temp: string | undefined, work: (folder: string) => Promise<T>): Promise<T> =>
  inScratch({ environment: {}, ...(temp === undefined ? {} : { temp }) }, async (git, folder) => {
    await must(git(['bundle', 'verify', '--quiet', bundle]), `${bundle} is no whole bundle: checking it`)
    await must(git(['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--', bundle, '+refs/*:refs/*']), `Reading ${bundle}`)
    return work(folder)
  })
