import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { LedgerState } from '../../../src/core/lineage/events.ts'
import type { GitHttp } from '../../../test/support/git-http.ts'
import { bareGit } from './bare-git.ts'
import { median, timed } from './figures.ts'
import { freshLedger, registerNext, resolveChampion } from './registry.ts'

/** A made-up ledger to be measured. */
export interface MadeLedger {
  readonly versions: number
  readonly model: string
  /** Where it is, and its URL on the server. */
  readonly bare: string
  readonly url: string
  /** Its newest state when it was made. */
  readonly state: LedgerState
  /** Milliseconds from its newest record until now. */
  readonly behind: number
}

/** What one kind of operation cost, a value for each turn: bytes with headers, and requests, as the server counted them (0 in a folder). */
export interface Cost {
  readonly milliseconds: number[]
  readonly downloaded: number[]
  readonly uploaded: number[]
  readonly requests: number[]
}

/** Over HTTP or in a bare folder. `fetch` is nothing but `git fetch --depth=1`, `fetchAndPush` that and `git push` of a ready commit, in milliseconds. */
export interface OwnCosts {
  readonly resolve: Cost
  readonly append: Cost
  readonly fetch: number[]
  readonly fetchAndPush: number[]
}

export type Way = 'http' | 'folder'

const nothing = (): Cost => ({ milliseconds: [], downloaded: [], uploaded: [], requests: [] })
const noCosts = (): OwnCosts => ({ resolve: nothing(), append: nothing(), fetch: [], fetchAndPush: [] })

/** The middle of how many times longer `ours` took than what it took turns with. */
export const ratioOf = (ours: readonly number[], theirs: readonly number[]): number =>
  median(ours.map((value, turn) => value / (theirs[turn] ?? Number.NaN)))

/**
 * Resolves and appends with a fresh ledger each time. Every ledger, either way and bare git take turns, so that what else the machine does meets all of them alike. The first
 * turn is not counted.
 */
export const ownCosts = async (
  ledgers: readonly MadeLedger[],
  at: { readonly server: GitHttp; readonly temp: string },
  repeats: number,
): Promise<readonly Record<Way, OwnCosts>[]> => {
  const { server } = at
  const measured = async (into: Cost | null, work: () => Promise<unknown>): Promise<void> => {
    const [before, requests] = [server.traffic(), server.requests.length]
    const { milliseconds } = await timed(work)
    const after = server.traffic()
    into?.milliseconds.push(milliseconds)
    into?.downloaded.push(after.downloaded - before.downloaded)
    into?.uploaded.push(after.uploaded - before.uploaded)
    into?.requests.push(server.requests.length - requests)
  }
  const costs = ledgers.map((): Record<Way, OwnCosts> => ({ http: noCosts(), folder: noCosts() }))
  for (let turn = -1; turn < repeats; turn += 1) {
    for (const [index, { bare, url, model, state, behind }] of ledgers.entries()) {
      for (const way of ['http', 'folder'] as const) {
        const remote = way === 'http' ? url : bare
        const temp = mkdtempSync(join(at.temp, 'turn-'))
        const into = turn < 0 ? null : (costs[index]?.[way] ?? null)
        await measured(into?.resolve ?? null, () => resolveChampion(freshLedger(remote, temp, behind), model))
        const { fetch, push } = await bareGit({ remote, bare, temp }, state)
        into?.fetch.push(fetch)
        into?.fetchAndPush.push(fetch + push)
        await measured(into?.append ?? null, () => registerNext(freshLedger(remote, temp, behind), model, `${way} ${turn} ${Date.now()}`))
        rmSync(temp, { recursive: true, force: true })
      }
    }
  }
  return costs
}
