import { expect, test } from 'vitest'
import type { LedgerEvent, LedgerRecord } from '../../../src/core/lineage/events.ts'
import { looksAtVersion, recordedLooks } from '../../../src/core/report/rollout-recorded.ts'
import { judgedTick } from '../../../src/core/report/rollout-tick.ts'
import { emptyJudgeState, judge } from '../../../src/core/rollout/judge.ts'
import type { JudgeSettings, JudgeState } from '../../../src/core/rollout/judge-state.ts'

const settings: JudgeSettings = {
  alpha: 0.01,
  beta: 0.05,
  horizon: 60,
  signals: { errors: { tolerate: 1, unacceptable: 1.5, acceptable: 0.01, breaker: 0.2, breakerRequests: 50, required: true } },
}
const here = { environment: 'production', rollout: 'a'.repeat(12) }
const at = Date.parse('2026-11-20T12:00:00Z') / 1000

/** Events of one rollout of v2 with three looks, and what its runner saw at each. */
const story = () => {
  const events: LedgerEvent[] = [
    { kind: 'rollout-start', ...here, version: 2, from: 1, canary: 'green', steps: [5, 50], judge: settings },
    { kind: 'weight-confirm', ...here, step: 0, percent: 5 },
  ]
  const seen = []
  let state: JudgeState = emptyJudgeState(settings)
  for (const [index, bad] of [0, 3, 40].entries()) {
    const answer = judge(settings, state, {
      weight: 0.05,
      signals: { errors: { canary: 300, canaryBad: bad, stable: 5700, stableBad: 6 } },
    })
    state = answer.state
    const until = at + 60 * index
    events.push({ kind: 'evidence', ...here, until, judge: state, judgement: 'as told', evidence: null })
    seen.push(judgedTick(5, until, answer.judgement))
  }
  return { events, seen }
}

const recordsOf = (events: readonly LedgerEvent[]): readonly LedgerRecord[] =>
  events.map((event, index) => ({
    schema: 2,
    release: '0.3.0',
    model: 'churn',
    seq: index + 1,
    prev: null,
    request: `test:-:${index}:1`,
    writer: { at: '2026-11-20T12:00:00Z', actor: null, workflow_run: null, workflow: null, commit: null },
    events: [event],
  }))

test('the looks that a runner saw are told again from the ledger, to the last figure', () => {
  const { events, seen } = story()
  expect(recordedLooks(recordsOf(events), 'production', here.rollout)).toEqual({ ticks: seen, bars: { alpha: 0.01, beta: 0.05 } })
  expect(seen.at(-1)?.verdict).toBe('rollback')
})

test('a look that could not be judged is among them, and other rollouts are not', () => {
  const { events } = story()
  const other: LedgerEvent = { kind: 'weight-confirm', environment: 'production', rollout: 'b'.repeat(12), step: 0, percent: 99 }
  const beat: LedgerEvent = { kind: 'heartbeat', ...here, at: at + 200, judgement: 'hold: no answer' }
  const looks = recordedLooks(recordsOf([...events, other, beat]), 'production', here.rollout)
  expect(looks?.ticks.at(-1)).toEqual({ percent: 5, at: at + 200, evidence: '', followed: 'hold: no answer', verdict: 'hold' })
  expect(looks?.ticks).toHaveLength(4)
})

test('of a version the newest rollout counts; one that was never rolled out there has none', () => {
  const { events } = story()
  const again: LedgerEvent = {
    kind: 'rollout-start',
    ...here,
    rollout: 'c'.repeat(12),
    version: 2,
    from: 1,
    canary: 'green',
    steps: [],
    judge: settings,
  }
  const records = recordsOf([...events, again])
  expect(looksAtVersion(records, 'production', 2)?.ticks).toEqual([])
  expect(looksAtVersion(recordsOf(events), 'production', 2)?.ticks).toHaveLength(3)
  expect(looksAtVersion(records, 'staging', 2)).toBeNull()
  expect(looksAtVersion(records, 'production', 3)).toBeNull()
})
