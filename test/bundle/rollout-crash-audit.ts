import { expect } from 'vitest'
import type { LedgerEvent, LedgerRecord } from '../../src/core/lineage/events.ts'
import { environmentOf } from '../../src/core/lineage/preconditions.ts'
import type { Boundary } from '../../src/kernel/failpoint.ts'
import type { Place } from './rollout-crash-stories.ts'
import type { CrashWorld } from './rollout-crash-world.ts'

/** HAProxy's coarsest weight, in percent, and what comes of dividing by it. */
const grain = 0.25

const eventsOf = (records: readonly LedgerRecord[]): readonly LedgerEvent[] => records.flatMap(record => record.events)

/** Where a runner that took a rollout over may not have told the target yet. */
const beforeItIsTold: ReadonlySet<Boundary> = new Set(['canary-head', 'canary-take', 'traffic-weight', 'git-fetch', 'git-push'])

/** Throws where a canary was to get more traffic before a look at its present share had said that it may. */
const assertProven = (events: readonly LedgerEvent[]): void => {
  let proven = false
  for (const event of events) {
    if (event.kind === 'weight-confirm') proven = false
    else if (event.kind === 'evidence') proven = event.judgement.startsWith('promote')
    else if (event.kind === 'weight-intent' && event.step >= 1)
      expect(proven, `step ${event.step} of rollout ${event.rollout} was proven before it was taken`).toBe(true)
  }
}

const assertRecordedOnce = (records: readonly LedgerRecord[]): void => {
  const requests = records.map(({ request }) => request)
  expect(
    requests.filter((request, index) => requests.indexOf(request) !== index),
    'requests that were recorded twice',
  ).toEqual([])
}

/**
 * What must be so wherever a runner died: no instance has a weight that the ledger does not know of, nothing has the traffic that was not proven, and whoever took a
 * rollout over has told the target so before it does anything else.
 */
export const auditDeath = async (world: CrashWorld, { boundary }: Place): Promise<void> => {
  const [records, state, shares, told] = await Promise.all([world.records(), world.state(), world.target().shares(), world.target().told()])
  assertRecordedOnce(records)
  assertProven(eventsOf(records))
  const { live, rollout, move } = environmentOf(state, 'production')
  if (move !== null) return
  const alone = live?.slot === 'green' ? 100 : 0
  const intent = rollout?.intent ?? null
  const known = rollout === null ? [alone] : [rollout.percent, ...(intent === null ? [] : [intent.percent, intent.expecting])]
  for (const share of shares) {
    expect(share, `a share of green that the ledger knows of, which are ${known.join(' and ')} %`).toBeGreaterThanOrEqual(
      Math.min(...known) - grain,
    )
    expect(share, `a share of green that the ledger knows of, which are ${known.join(' and ')} %`).toBeLessThanOrEqual(
      Math.max(...known) + grain,
    )
  }
  const taken = records.findLastIndex(record => record.events.some(({ kind }) => kind === 'rollout-taken'))
  if (taken < 0 || rollout === null || intent !== null || rollout.step < 0 || beforeItIsTold.has(boundary)) return
  // A weight that was on its way is finished with a newer seq, or is there already: then a late order of the dead runner changes nothing.
  const moved = eventsOf(records.slice(0, taken)).findLast(({ kind }) => kind === 'weight-intent' || kind === 'weight-confirm')
  if (moved?.kind === 'weight-intent') return
  const { seq: since } = records[taken] as LedgerRecord
  for (const seq of told) expect(seq ?? 0, 'the seq that the target was told last').toBeGreaterThanOrEqual(since)
}

/** How often a canary was looked at, and by whom, depends on when its runner stopped; what was decided does not. */
const isWatching = ({ kind }: LedgerEvent): boolean => ['evidence', 'heartbeat', 'rollout-taken', 'rollout-left'].includes(kind)

const decisionOf = (event: LedgerEvent): string => {
  const { kind, step, percent, decision, from, to, version, alias } = event as LedgerEvent & Readonly<Record<string, unknown>>
  const said = { step, percent, decision, alias, version: typeof version === 'number' ? version : undefined, from, to }
  return [kind, ...Object.entries(said).flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${String(value)}`]))].join(', ')
}

/** Everything that a story leaves behind and that must not depend on who died on the way. Throws where anything was recorded twice or taken without proof. */
export const endOf = async (world: CrashWorld) => {
  const [records, state, shares, deployed] = await Promise.all([world.records(), world.state(), world.target().shares(), world.deployed()])
  assertRecordedOnce(records)
  const events = eventsOf(records)
  assertProven(events)
  const { live, history, rollout, move } = environmentOf(state, 'production')
  expect({ rollout, move }, 'what is under way').toEqual({ rollout: null, move: null })
  const started = events.flatMap(event => (event.kind === 'rollout-start' ? [event.rollout] : []))
  const ended = events.flatMap(event => (event.kind === 'rollout-end' ? [event.rollout] : []))
  expect(ended.toSorted(), 'each rollout ends once').toEqual([...new Set(ended)].toSorted())
  expect(started, 'no rollout ends that was not begun').toEqual(expect.arrayContaining(ended))
  const { deployments, issues } = world.scenario.repository.state
  return {
    shares: shares.map(share => (live?.slot === 'green' ? share : 100 - share)),
    live,
    history,
    runs: live === null ? null : (deployed[live.slot] ?? null),
    champion: state.aliases.champion ?? null,
    versions: state.versions,
    quarantine: Object.keys(state.quarantine),
    decisions: events.filter(event => !isWatching(event)).map(decisionOf),
    deployments: [...deployments.values()].map(({ description, statuses }) => `${description}: ${statuses.at(-1)?.state ?? 'nothing'}`),
    issues: [...issues.values()].map(({ title, number }) => ({ title, comments: world.scenario.repository.comments(number).length })),
  }
}
export type End = Awaited<ReturnType<typeof endOf>>
