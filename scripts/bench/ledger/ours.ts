import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { GitHttp } from '../../../test/support/git-http.ts'
import { bareGit } from './bare-git.ts'
import { median, timed } from './figures.ts'
import { freshLedger, registerNext, resolveChampion } from './registry.ts'

/** A ledger to be measured: how it is reached, and where it is in truth. */
export interface MeasuredLedger {
  readonly remote: string
  readonly bare: string
  readonly model: string
  /** The server that `remote` is on, or null for a folder. */
  readonly server: GitHttp | null
  readonly temp: string
}

/** What one kind of operation cost: medians; bytes with headers, and requests, as the server counted them (0 for a folder). */
export interface Cost {
  readonly milliseconds: number
  readonly downloaded: number
  readonly uploaded: number
  readonly requests: number
}

export interface OwnCosts {
  readonly resolve: Cost
  readonly append: Cost
  /** Milliseconds of nothing but `git fetch --depth=1`, and with `git push` of a ready commit. */
  readonly fetch: number
  readonly fetchAndPush: number
  readonly appended: number
}

const costOf = async (at: MeasuredLedger, work: () => Promise<unknown>): Promise<Cost> => {
  const [before, requests] = [at.server?.traffic(), at.server?.requests.length ?? 0]
  const { milliseconds } = await timed(work)
  const after = at.server?.traffic()
  return {
    milliseconds,
    downloaded: (after?.downloaded ?? 0) - (before?.downloaded ?? 0),
    uploaded: (after?.uploaded ?? 0) - (before?.uploaded ?? 0),
    requests: (at.server?.requests.length ?? 0) - requests,
  }
}

const middle = (costs: readonly Cost[]): Cost => ({
  milliseconds: median(costs.map(cost => cost.milliseconds)),
  downloaded: median(costs.map(cost => cost.downloaded)),
  uploaded: median(costs.map(cost => cost.uploaded)),
  requests: median(costs.map(cost => cost.requests)),
})

/** Resolves and appends with a fresh ledger each time, taking turns with bare git, so that what else the machine does meets both. One turn before is not counted. */
export const ownCosts = async (at: MeasuredLedger, repeats: number): Promise<OwnCosts> => {
  const [resolves, appends]: [Cost[], Cost[]] = [[], []]
  const [fetches, both]: [number[], number[]] = [[], []]
  for (let turn = -1; turn < repeats; turn += 1) {
    const temp = mkdtempSync(join(at.temp, 'fresh-'))
    const resolve = await costOf(at, () => resolveChampion(freshLedger(at.remote, temp), at.model))
    const bare = await bareGit(at, await freshLedger(at.bare, temp).read(at.model))
    const append = await costOf(at, () => registerNext(freshLedger(at.remote, temp), at.model, `${at.remote} ${turn} ${Date.now()}`))
    rmSync(temp, { recursive: true, force: true })
    if (turn < 0) continue
    resolves.push(resolve)
    appends.push(append)
    fetches.push(bare.fetch)
    both.push(bare.fetch + bare.push)
  }
  return { resolve: middle(resolves), append: middle(appends), fetch: median(fetches), fetchAndPush: median(both), appended: repeats + 1 }
}
