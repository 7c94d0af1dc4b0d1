import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { refsOf } from '../../../src/adapters/git/ledger.ts'
import { temporaryRepository } from '../../../src/adapters/git/repository.ts'
import { compactRuns } from '../../../src/adapters/git/run-archive.ts'
import { bareRepository, git } from '../../../test/support/git-fixture.ts'
import { bareFetch } from './bare-git.ts'
import { inWords, median, progress, timed, whole } from './figures.ts'
import { makeRunLog } from './generate.ts'
import { freshLedger, settingsOf } from './registry.ts'

/** Milliseconds of every turn, ours and of nothing but a fetch of the same refs. */
export interface Listing {
  readonly ours: number[]
  readonly bare: number[]
}

/** Milliseconds, medians but for listing all. */
export interface RunTimes {
  readonly runs: number
  /** Listing all of them, each in the commit that its job wrote. */
  readonly logged: Listing
  /** Listing all of them after they were compacted into segments. */
  readonly compacted: Listing
  /** Listing the newest 20, before and after. */
  readonly newest: number
  readonly newestCompacted: number
  readonly compacting: number
}

const model = 'churn'

/** Makes a log of so many runs and lists it over HTTP, before and after it is compacted. */
export const runTimes = async (
  at: { readonly repositories: string; readonly url: string; readonly temp: string },
  runs: number,
  repeats: number,
): Promise<RunTimes> => {
  const bare = join(at.repositories, 'acme', 'runs.git')
  const remote = `${at.url}/acme/runs.git`
  await bareRepository(bare)
  const made = await timed(() => makeRunLog(bare, model, runs))
  await git(bare, ['gc', '--quiet'])
  progress(`a log of ${whole(runs)} runs, made in ${inWords(made.milliseconds)}`)
  const temp = mkdtempSync(join(at.temp, 'runs-'))
  const refs = refsOf(model)
  const list = async (last?: number): Promise<number> => {
    const { milliseconds, result } = await timed(() => freshLedger(remote, temp, 0).runs(model, last))
    if (result.length !== (last ?? runs)) throw new Error(`${result.length} runs were listed, expected ${last ?? runs}`)
    return milliseconds
  }
  const listAll = async (fetched: readonly string[]): Promise<Listing> => {
    const [ours, bareGit]: [number[], number[]] = [[], []]
    await list()
    for (let turn = 0; turn < repeats; turn += 1) {
      ours.push(await list())
      bareGit.push(await bareFetch({ remote, temp }, fetched))
    }
    return { ours, bare: bareGit }
  }
  const listNewest = async (): Promise<number> => {
    const found: number[] = []
    for (let turn = 0; turn < repeats; turn += 1) found.push(await list(20))
    return median(found)
  }
  const [logged, newest] = [await listAll([refs.runs]), await listNewest()]
  const settings = settingsOf(remote, temp, 0)
  const deadlineSeconds = 600
  const compact = () =>
    compactRuns(
      { ...settings, deadlineSeconds, repository: temporaryRepository(settings) },
      { ...refs, model, end: Date.now() + deadlineSeconds * 1000 },
      settings,
      Math.min(1000, runs - 1),
    )
  const { milliseconds: compacting, result: moved } = await timed(compact)
  if (moved !== runs) throw new Error(`${moved} runs were moved into segments, expected ${runs}`)
  return { runs, logged, newest, compacted: await listAll([refs.runs, refs.archive]), newestCompacted: await listNewest(), compacting }
}
