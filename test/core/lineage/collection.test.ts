import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { planCollection, stillPossible } from '../../../src/core/lineage/collection.ts'
import type { LedgerEvent, LedgerRecord, LedgerState } from '../../../src/core/lineage/events.ts'
import { emptyState, fold } from '../../../src/core/lineage/fold.ts'
import { encodeRecord } from '../../../src/core/lineage/verify.ts'
import { recordAfter, registerEvent, rolloutEvents } from './events-for-tests.ts'

const dayLong = 86_400_000
const start = Date.parse('2026-01-01T00:00:00.000Z')

/** A ledger that grows by what its state allows; what it does not allow is left out, as a job would be refused. */
const grower = () => {
  let state: LedgerState = emptyState('churn')
  const records: LedgerRecord[] = []
  let day = 0
  const append = (...events: readonly LedgerEvent[]): boolean => {
    const record = recordAfter(state, events, new Date(start + day * dayLong).toISOString())
    try {
      state = fold(state, record, encodeRecord(record).digest)
    } catch {
      return false
    }
    records.push(record)
    return true
  }
  return {
    append,
    records,
    state: () => state,
    today: () => Math.floor(start / dayLong) + day,
    wait: (days: number): void => {
      day += days
    },
  }
}

const registered = (version: number): LedgerEvent =>
  registerEvent(version, 'churn', { digest: String(version).padStart(64, 'd'), tag: `refline/churn/${String(version).padStart(12, '0')}` })

const rules = { olderThanDays: 90, keep: 2 }

describe('giving up files', () => {
  const six = () => {
    const ledger = grower()
    for (let version = 1; version <= 6; version += 1) ledger.append(registered(version))
    ledger.append({ kind: 'alias', alias: 'champion', from: null, to: 2 })
    ledger.append({ kind: 'pin', version: 3, reason: 'cited' })
    return ledger
  }
  const plan = (ledger: ReturnType<typeof six>) => planCollection(ledger.records, ledger.state(), rules, ledger.today())

  test('marks what is old and not needed, and says why the others stay', () => {
    const ledger = six()
    expect(plan(ledger)).toMatchObject({ marks: [], deletions: [], waiting: [] })
    ledger.wait(90)
    const { marks, staying } = plan(ledger)
    expect(marks.map(({ version }) => version)).toEqual([1, 4])
    expect(marks[0]?.reason).toBe('nothing needs it, it is 90 days old (limit 90) and not among the newest 2')
    expect(staying).toEqual([
      { version: 2, why: 'it is champion' },
      { version: 3, why: 'it is pinned (cited)' },
      { version: 5, why: 'it is among the newest 2' },
      { version: 6, why: 'it is the newest version' },
    ])
  })

  test('deletes 30 days later, and what came into use meanwhile stays', () => {
    const ledger = six()
    ledger.wait(90)
    const { marks } = plan(ledger)
    expect(ledger.append(...marks)).toBe(true)
    ledger.wait(29)
    expect(plan(ledger)).toMatchObject({
      marks: [],
      deletions: [],
      waiting: [
        { version: 1, days: 1 },
        { version: 4, days: 1 },
      ],
    })
    ledger.append({ kind: 'pin', version: 4, reason: 'after all' })
    ledger.wait(1)
    const { deletions } = plan(ledger)
    expect(deletions).toEqual([{ kind: 'collected', version: 1, tag: 'refline/churn/000000000001' }])
    expect(stillPossible(deletions, ledger.state(), ledger.today())).toEqual(deletions)
    ledger.append(...deletions)
    expect(stillPossible(deletions, ledger.state(), ledger.today())).toEqual([])
    expect(plan(ledger)).toMatchObject({ marks: [], deletions: [] })
  })

  test('files that two versions share stay', () => {
    const ledger = grower()
    for (const version of [1, 2, 3, 4])
      ledger.append(registerEvent(version, 'churn', { tag: `refline/churn/00000000000${version === 2 ? 1 : version}` }))
    ledger.wait(100)
    const { marks, staying } = planCollection(ledger.records, ledger.state(), { olderThanDays: 1, keep: 0 }, ledger.today())
    expect(marks.map(({ version }) => version)).toEqual([3])
    expect(staying).toContainEqual({ version: 1, why: 'v2 has the same files' })
  })
})

/** What must never be deleted, told from the state in another way than the plan does. */
const inUse = (state: LedgerState): ReadonlySet<number> =>
  new Set([
    state.versions,
    ...Object.values(state.aliases),
    ...Object.keys(state.pins ?? {}).map(Number),
    ...Object.values(state.environments).flatMap(({ live, history, rollout, move }) =>
      [live?.version, history[0]?.version, rollout?.version, rollout?.from, move?.from, move?.to].filter(
        version => typeof version === 'number',
      ),
    ),
  ])

const step = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ do: 'register' } as const) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('champion', 'shadow', 'pin', 'unpin', 'quarantine', 'start', 'end', 'rollback'),
      at: fc.nat(11),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), at: fc.integer({ min: 1, max: 40 }) }) },
  { weight: 4, arbitrary: fc.constant({ do: 'gc' } as const) },
)

test('whatever is given up in any history was in nobody’s use, marked 30 days before, and given up once', () => {
  let given = 0
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 20, maxLength: 60 }),
      fc.record({ olderThanDays: fc.nat(20), keep: fc.nat(3) }),
      (steps, by) => {
        const ledger = grower()
        const marked = new Map<number, number>()
        const gone = new Set<number>()
        let slot: 'blue' | 'green' = 'blue'
        for (const one of steps) {
          const state = ledger.state()
          const version = 'at' in one ? 1 + (one.at % Math.max(1, state.versions)) : 0
          const alias = (name: string): LedgerEvent => ({ kind: 'alias', alias: name, from: state.aliases[name] ?? null, to: version })
          const live = state.environments.production?.live?.version ?? null
          if (one.do === 'register') ledger.append(registered(state.versions + 1))
          if (one.do === 'wait') ledger.wait(one.at)
          if (one.do === 'champion' || one.do === 'shadow') ledger.append(alias(one.do))
          if (one.do === 'pin') ledger.append({ kind: 'pin', version, reason: 'x' })
          if (one.do === 'unpin') ledger.append({ kind: 'unpin', version, reason: 'x' })
          if (one.do === 'quarantine') ledger.append({ kind: 'quarantine', version, reason: 'x' })
          if (one.do === 'start') ledger.append(rolloutEvents.start(version, live, slot))
          if (one.do === 'end') {
            const running = state.environments.production?.rollout?.version ?? 0
            ledger.append(rolloutEvents.intent(running, 100))
            ledger.append(rolloutEvents.confirm(running, 100))
            if (ledger.append(rolloutEvents.end(running, 'promoted'))) slot = slot === 'blue' ? 'green' : 'blue'
          }
          if (one.do === 'rollback' && live !== null)
            ledger.append({ kind: 'rollback-intent', environment: 'production', from: live, to: version, reason: 'x' })
          if (one.do !== 'gc') continue
          const plan = planCollection(ledger.records, ledger.state(), by, ledger.today())
          for (const event of [...plan.marks, ...plan.deletions]) {
            expect(inUse(ledger.state()).has(event.version)).toBe(false)
            expect(gone.has(event.version)).toBe(false)
            if (event.kind === 'tombstone') marked.set(event.version, ledger.today())
            else {
              expect(ledger.today() - (marked.get(event.version) ?? Number.MAX_SAFE_INTEGER)).toBeGreaterThanOrEqual(30)
              gone.add(event.version)
              given += 1
            }
            expect(ledger.append(event)).toBe(true)
          }
        }
      },
    ),
    { numRuns: 300 },
  )
  expect(given).toBeGreaterThan(50)
})
