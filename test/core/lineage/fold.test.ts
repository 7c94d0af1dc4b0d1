import { describe, expect, test } from 'vitest'
import { byteLength, canonicalJson } from '../../../src/core/lineage/canonical.ts'
import type { LedgerEvent, LedgerState } from '../../../src/core/lineage/events.ts'
import { emptyState, fold, rememberedAt } from '../../../src/core/lineage/fold.ts'
import { requestPrefix } from '../../../src/core/lineage/keys.ts'
import { stateLimit } from '../../../src/core/lineage/limits.ts'
import { isQuarantined, previousLive, versionInRecords } from '../../../src/core/lineage/preconditions.ts'
import { encodeRecord } from '../../../src/core/lineage/verify.ts'
import { foldBatches, promotion, recordAfter, registerEvent, rolloutEvents } from './events-for-tests.ts'

const production = (state: LedgerState) => state.environments.production
const quarantine = (version: number): LedgerEvent => ({ kind: 'quarantine', version, reason: 'errs' })
const rollback = (from: number, to: number, slot: 'blue' | 'green'): LedgerEvent[][] => [
  [{ kind: 'rollback-intent', environment: 'production', from, to, reason: 'errs' }],
  [{ kind: 'rollback-confirm', environment: 'production', from, to, slot, reason: 'errs' }],
]
const two = [[registerEvent(1)], ...promotion(1, null, 'blue'), [registerEvent(2)], ...promotion(2, 1, 'green')]

describe('what events make of the state', () => {
  test('versions count up and keep their records while they are needed', () => {
    const state = foldBatches([[registerEvent(1)], [registerEvent(2)], [registerEvent(3)]])
    expect(state.versions).toBe(3)
    expect(Object.keys(state.records)).toEqual(['3'])
    const aliased = foldBatches([[registerEvent(1), { kind: 'alias', alias: 'champion', from: null, to: 1 }], [registerEvent(2)]])
    expect(Object.keys(aliased.records)).toEqual(['1', '2'])
  })

  test('an image is set on the version that the state knows', () => {
    const state = foldBatches([[registerEvent(1)], [{ kind: 'package', version: 1, image: 'r/i@sha256:1' }]])
    expect(state.records['1']?.image).toBe('r/i@sha256:1')
  })

  test('nothing is live until the first rollout ends; promotion swaps the slots', () => {
    expect(production(foldBatches(two.slice(0, 4)))?.live).toBeNull()
    const state = foldBatches(two)
    expect(production(state)).toEqual({
      live: { version: 2, slot: 'green' },
      history: [{ version: 1, slot: 'blue' }],
      rollout: null,
      move: null,
    })
  })

  test('an intent waits for its confirmation and evidence keeps what was judged', () => {
    const begun = foldBatches([[registerEvent(1)], [rolloutEvents.start(1, null, 'blue')], [rolloutEvents.intent(1, 10)]])
    expect(production(begun)?.rollout).toMatchObject({ step: -1, percent: 0, intent: { step: 0, percent: 10, expecting: 0 }, since: 2 })
    const confirmed = foldBatches([[rolloutEvents.confirm(1, 10)]], begun)
    expect(production(confirmed)?.rollout).toMatchObject({ step: 0, percent: 10, intent: null })
    const judge = { signals: {}, sampleRatio: { weight: 0.1, canary: 3, stable: 20 } }
    const seen: LedgerEvent = {
      kind: 'evidence',
      environment: 'production',
      rollout: '000000000001',
      until: 50,
      judge,
      judgement: 'hold',
      evidence: null,
    }
    const judged = foldBatches([[seen]], confirmed)
    expect(production(judged)?.rollout).toMatchObject({ until: 50, judge, judgement: 'hold' })
    expect(() => foldBatches([[{ ...seen, until: 49 }]], judged)).toThrow(/older than what was judged/)
  })

  test('a rolled back rollout leaves what was live', () => {
    const state = foldBatches([...two, [registerEvent(3)], [rolloutEvents.start(3, 2, 'blue')], [rolloutEvents.end(3, 'rolled-back')]])
    expect(production(state)).toMatchObject({ live: { version: 2, slot: 'green' }, rollout: null })
  })

  test('a rollback clears the rollout at once, moves live and keeps what it left', () => {
    const running = foldBatches([...two, [registerEvent(3)], [rolloutEvents.start(3, 2, 'blue')]])
    const [intent, confirm] = rollback(2, 1, 'blue')
    const begun = foldBatches([intent ?? []], running)
    expect(production(begun)).toMatchObject({ rollout: null, move: { from: 2, to: 1 }, live: { version: 2 } })
    expect(() => foldBatches([[rolloutEvents.intent(3, 50)]], begun)).toThrow(/no rollout is under way/)
    const state = foldBatches([confirm ?? [], [quarantine(2)]], begun)
    expect(production(state)).toMatchObject({ live: { version: 1, slot: 'blue' }, history: [{ version: 2, slot: 'green' }], move: null })
    expect(previousLive(state, 'production')).toBeNull()
    expect(state.quarantine).toEqual({ '2': 'errs' })
  })

  test('a version of long ago is found in the records', () => {
    const record = recordAfter(emptyState('churn'), [registerEvent(1), { kind: 'package', version: 1, image: 'i@sha256:2' }])
    expect(versionInRecords([record], 1)?.image).toBe('i@sha256:2')
    expect(versionInRecords([record], 2)).toBeNull()
  })
})

describe('what cannot follow is never written', () => {
  const base = foldBatches(two)
  const cases: [string, LedgerEvent[], RegExp][] = [
    ['a version out of turn', [registerEvent(4)], /next version is 3/],
    ["another model's run", [registerEvent(3, 'fraud')], /is not/],
    ['an alias that was moved meanwhile', [{ kind: 'alias', alias: 'champion', from: 1, to: 2 }], /nowhere, not at v1/],
    ['an alias to nothing', [{ kind: 'alias', alias: 'shadow', from: null, to: 9 }], /no version 9/],
    ['a quarantined champion', [quarantine(2), { kind: 'alias', alias: 'champion', from: null, to: 2 }], /quarantined/],
    ['a rollout of a quarantined version', [registerEvent(3), quarantine(3), rolloutEvents.start(3, 2, 'blue')], /quarantined/],
    ['a rollout from another version', [registerEvent(3), rolloutEvents.start(3, 1, 'blue')], /runs v2/],
    ['a canary in the live slot', [registerEvent(3), rolloutEvents.start(3, 2, 'green')], /taken/],
    ['two rollouts', [registerEvent(3), rolloutEvents.start(3, 2, 'blue'), rolloutEvents.start(3, 2, 'blue')], /being rolled out/],
    ['a rollout of what is live', [rolloutEvents.start(2, 2, 'blue')], /is live/],
    [
      'a confirmation nobody intended',
      [registerEvent(3), rolloutEvents.start(3, 2, 'blue'), rolloutEvents.confirm(3, 10)],
      /nobody intended/,
    ],
    ['a promotion below full weight', [registerEvent(3), rolloutEvents.start(3, 2, 'blue'), rolloutEvents.end(3, 'promoted')], /0 %/],
    ['a rollback to a quarantined version', [quarantine(1), ...(rollback(2, 1, 'blue')[0] ?? [])], /quarantined/],
    ['a rollback from what is not there', rollback(1, 2, 'blue')[0] ?? [], /v1 is not in production/],
    ['a rollback that was not begun', rollback(2, 1, 'blue')[1] ?? [], /no rollback/],
  ]
  test.each(cases)('%s', (_, events, words) => {
    expect(() => foldBatches([events], base)).toThrow(words)
  })

  test('a quarantine in the middle of a canary stops its promotion', () => {
    const events = [registerEvent(3), rolloutEvents.start(3, 2, 'blue'), rolloutEvents.intent(3, 100), rolloutEvents.confirm(3, 100)]
    expect(() => foldBatches([[...events, quarantine(3), rolloutEvents.end(3, 'promoted')]], base)).toThrow(/quarantined/)
  })

  test('a record with another seq, predecessor, model, or a request that is there', () => {
    const record = recordAfter(base, [registerEvent(3)])
    const refused = (change: object) => () => fold(base, { ...record, ...change }, 'd'.repeat(64))
    expect(refused({ seq: base.seq + 2 })).toThrow(/seq/)
    expect(refused({ prev: null })).toThrow(/follows nothing/)
    expect(refused({ model: 'fraud' })).toThrow(/belongs to fraud/)
    expect(refused({ request: 'test:-:1:1' })).toThrow(/recorded before/)
    expect(refused({ schema: 1 })).toThrow(/schema 1 after one of schema 2/)
    expect(refused({})).not.toThrow()
  })
})

describe('limits', () => {
  test('the state stays below 32 KB and forgets the oldest requests first, those of 90 days ago at once', () => {
    let state = foldBatches([[registerEvent(1)]])
    for (let n = 0; n < 1500; n += 1) {
      const record = recordAfter(state, [{ kind: 'seen-again', version: 1, run: 'churn-000000000001' }])
      state = fold(state, record, encodeRecord(record).digest)
    }
    expect(byteLength(canonicalJson(state))).toBeLessThanOrEqual(stateLimit)
    expect(state.requests.length).toBeGreaterThan(500)
    expect(state.requests.at(-1)?.[1]).toBe(1501)
    const later = recordAfter(state, [{ kind: 'seen-again', version: 1, run: 'churn-000000000001' }], '2027-03-20T10:00:00Z')
    expect(fold(state, later, encodeRecord(later).digest).requests).toHaveLength(1)
  })

  test('looks at a rollout are remembered for 64 records, so that they drive no decision out of memory', () => {
    const look = (n: number): LedgerEvent[] => [rolloutEvents.intent(2, 10 + (n % 2))]
    const decision = { ...recordAfter(emptyState('churn'), [registerEvent(1)]), request: 'register:-:a:1' }
    let state = fold(emptyState('churn'), decision, encodeRecord(decision).digest)
    state = foldBatches([[registerEvent(2)], ...promotion(1, null, 'blue'), [rolloutEvents.start(2, 1, 'green')]], state)
    for (let n = 0; n < 1500; n += 1) state = foldBatches([look(n)], state)
    expect(state.ticks).toHaveLength(64)
    expect(state.requests).toHaveLength(5)
    expect(state.forgotten).toBeUndefined()
    expect(rememberedAt(state, requestPrefix('register:-:a:1'))).toBe(1)
    expect(rememberedAt(state, requestPrefix(`test:-:${state.seq}:1`))).toBe(state.seq)
    expect(rememberedAt(state, requestPrefix(`test:-:${state.seq - 64}:1`))).toBeNull()
  })

  test('where there was no room for a request that may be asked for again, that is noted until it is too old', () => {
    let state = foldBatches([[registerEvent(1)]])
    for (let n = 0; n < 1500; n += 1) state = foldBatches([[{ kind: 'seen-again', version: 1, run: 'churn-000000000001' }]], state)
    const oldest = state.requests[0]?.[1] ?? 0
    expect(state.forgotten?.[0]).toBe(oldest - 1)
    const later = recordAfter(state, [{ kind: 'seen-again', version: 1, run: 'churn-000000000001' }], '2027-03-20T10:00:00Z')
    expect(fold(state, later, encodeRecord(later).digest).forgotten).toBeUndefined()
  })

  test('a quarantine is never forgotten, however many there are', () => {
    let state = emptyState('churn')
    for (let n = 1; n <= 300; n += 1) {
      const events: LedgerEvent[] = n % 7 === 0 ? [] : [{ kind: 'quarantine', version: n, reason: 'x'.repeat(2000) }]
      state = foldBatches([[registerEvent(n), ...events]], state)
    }
    expect(Object.keys(state.quarantine)).toHaveLength(100)
    const quarantined = Array.from({ length: 300 }, (_, index) => index + 1).filter(version => isQuarantined(state, version))
    expect(quarantined).toEqual(Array.from({ length: 300 }, (_, index) => index + 1).filter(version => version % 7 !== 0))
    expect(() => foldBatches([[rolloutEvents.start(1, null, 'blue')]], state)).toThrow(/v1 is quarantined/)
    expect(byteLength(canonicalJson(state))).toBeLessThanOrEqual(stateLimit)
  })

  test('a record above 64 KB is refused in words', () => {
    const big = registerEvent(1)
    const files = Array.from({ length: 700 }, (_, n) => ({ path: `weights/part-${n}.bin`, bytes: 1, sha256: 'a'.repeat(64) }))
    const record = recordAfter(emptyState('churn'), [{ ...big, record: { ...big.record, model_files: files } }])
    expect(() => encodeRecord(record)).toThrow(/does not fit the ledger/)
  })

  test('a state that cannot hold what is live is refused in words', () => {
    const assets = Array.from({ length: 200 }, (_, n) => ({ path: `part-${n}-${'x'.repeat(60)}`, bytes: 1, sha256: 'a'.repeat(64) }))
    expect(() => foldBatches([[registerEvent(1, 'churn', { assets })]])).toThrow(/would pass 32768 bytes/)
  })
})
