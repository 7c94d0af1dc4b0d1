import { setTimeout as sleep } from 'node:timers/promises'
import { gitLedger, type LedgerSettings } from '../../../src/adapters/git/ledger.ts'
import { release } from '../../../src/kernel/release.ts'
import type { Ledger } from '../../../src/ports/ledger.ts'
import { madeWriter, registration } from './events.ts'

/**
 * Settings of a ledger in this bench. Its clock goes `behind` milliseconds after the real one, so that it is the time at which the made-up ledger ends: later, the requests of the
 * last 90 days would be forgotten and the state would be small.
 */
export const settingsOf = (remote: string, temp: string, behind: number): LedgerSettings => ({
  remote,
  environment: {},
  writer: madeWriter,
  release,
  clock: { now: () => Date.now() - behind, sleep: milliseconds => sleep(milliseconds) },
  random: Math.random,
  temp,
})

/** A ledger as a fresh runner opens it: nothing is fetched or remembered yet. */
export const freshLedger = (remote: string, temp: string, behind: number): Ledger => gitLedger(settingsOf(remote, temp, behind))

/** What `register` does to the ledger once a model is judged and stored. `request` is new each time. Throws where nothing was written. */
export const registerNext = async (ledger: Ledger, model: string, request: string): Promise<number> => {
  const { outcome, state } = await ledger.append(model, { id: `register:-:bench:${request}`, subject: `register ${model}` }, head => ({
    events: [registration(model, head)],
  }))
  if (outcome !== 'appended') throw new Error(`the registration ${request} was not appended: ${outcome}`)
  return state.versions
}

/** The version that is champion, whose record is there. Throws where there is none. */
export const resolveChampion = async (ledger: Ledger, model: string): Promise<number> => {
  const state = await ledger.read(model)
  const version = state.aliases.champion
  if (version === undefined || state.records[version]?.version !== version) throw new Error('the ledger has no champion')
  return version
}
