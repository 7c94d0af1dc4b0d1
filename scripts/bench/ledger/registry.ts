import { setTimeout as sleep } from 'node:timers/promises'
import { gitLedger } from '../../../src/adapters/git/ledger.ts'
import { release } from '../../../src/kernel/release.ts'
import type { Ledger } from '../../../src/ports/ledger.ts'
import { madeWriter, registration } from './events.ts'

/** A ledger as a fresh runner opens it: nothing is fetched or remembered yet. */
export const freshLedger = (remote: string, temp: string): Ledger =>
  gitLedger({
    remote,
    environment: {},
    writer: madeWriter,
    release,
    clock: { now: () => Date.now(), sleep: milliseconds => sleep(milliseconds) },
    random: Math.random,
    temp,
  })

/** What `register` does to the ledger once a model is judged and stored. `request` is new each time. Throws where nothing was written. */
export const registerNext = async (ledger: Ledger, model: string, request: string): Promise<number> => {
  const { outcome, state } = await ledger.append(model, { id: `register:-:bench:${request}`, subject: `register ${model}` }, head => ({
    events: [registration(model, head)],
  }))
  if (outcome !== 'appended') throw new Error(`the registration ${request} was not appended: ${outcome}`)
  return state.versions
}

/** The version that is champion, and its record. Throws where there is none. */
export const resolveChampion = async (ledger: Ledger, model: string): Promise<number> => {
  const state = await ledger.read(model)
  const version = state.aliases.champion
  if (version === undefined || state.records[version]?.version !== version) throw new Error('the ledger has no champion')
  return version
}
