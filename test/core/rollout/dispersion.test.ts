import { describe, expect, it } from 'vitest'
import { breakerOf } from '../../../src/core/rollout/breaker.ts'
import {
  dispersionAfter,
  dispersionOf,
  dispersionSeen,
  dispersionUsed,
  handedOn,
  type Window,
} from '../../../src/core/rollout/dispersion.ts'
import { emptyJudgeState } from '../../../src/core/rollout/judge.ts'
import type { SignalState } from '../../../src/core/rollout/judge-state.ts'
import { binomial } from './exact.ts'
import { clusteredBy, counts, errors, judged, seeded, settingsOf } from './judging.ts'

const windows = (cluster: number, many: number, rate: (at: number) => number = () => 0.01, seed = 3): Window[] => {
  const bad = clusteredBy(seeded(seed), cluster)
  return Array.from({ length: many }, (_, at) => ({ requests: 1140, events: bad(1140, rate(at)) }))
}

describe('dispersion', () => {
  it('of two neighbours is 1 on average for independent requests, or a little less, whatever their sizes and rate: enumerated', () => {
    for (const [n1, n2, rate] of [
      [5, 5, 0.2],
      [4, 20, 0.1],
      [30, 10, 0.4],
    ] as const) {
      let [between, events] = [0, 0]
      for (const [e1, p1] of binomial(n1, rate).entries())
        for (const [e2, p2] of binomial(n2, rate).entries()) {
          const pair = dispersionAfter(undefined, { requests: n1, events: e1 }, { requests: n2, events: e2 })
          between += p1 * p2 * pair.between
          events += p1 * p2 * pair.events
        }
      // Counts that cannot exceed the requests vary a little less than Poisson's: 1 - rate. What is beyond the most that a pair may add is missing.
      expect(between / events).toBeLessThan(1 - rate + 1e-6)
      expect(between / events).toBeGreaterThan(0.96 * (1 - rate))
    }
  })

  it('is seen for clusters, near 2 m - 1 and a standard error, and is exactly 1 where nothing stands out', () => {
    expect(dispersionSeen(undefined)).toBe(1)
    expect(dispersionSeen(dispersionOf(windows(1, 300)))).toBe(1)
    expect(dispersionSeen(dispersionOf(windows(2, 300)))).toBeGreaterThan(2.2)
    expect(dispersionSeen(dispersionOf(windows(2, 300)))).toBeLessThan(3.8)
    expect(dispersionSeen(dispersionOf(windows(5, 300)))).toBeGreaterThan(6)
    expect(dispersionSeen(dispersionOf(windows(5, 300)))).toBeLessThan(12)
  })

  it('is not seen in a daily rhythm, nor in one incident of the stable arm', () => {
    expect(dispersionSeen(dispersionOf(windows(1, 300, at => 0.01 * (1 + 0.5 * Math.sin(at / 40)))))).toBe(1)
    const incident = windows(1, 120, at => (at > 60 ? 0.05 : 0.01))
    expect(dispersionSeen(dispersionOf(incident))).toBeLessThan(2)
    const mean = incident.reduce((sum, { events }) => sum + events, 0) / incident.length
    const variance = incident.reduce((sum, { events }) => sum + (events - mean) ** 2, 0) / (incident.length - 1)
    expect(variance / mean).toBeGreaterThan(10)
  })

  it('is not seen in the jumps of an incident where there are thousands of bad requests a minute, and is all the same where they come in bursts', () => {
    const hour = (cluster: number): Window[] => {
      const bad = clusteredBy(seeded(5), cluster)
      return Array.from({ length: 60 }, (_, at) => ({ requests: 57_000, events: bad(57_000, at >= 20 && at < 38 ? 0.05 : 0.01) }))
    }
    expect(dispersionSeen(dispersionOf(hour(1)))).toBeLessThan(2)
    expect(dispersionSeen(dispersionOf(hour(5)))).toBeGreaterThan(5)
    expect(dispersionSeen(dispersionOf(hour(5)))).toBeLessThan(20)
  })

  it('needs two batches with requests and an event', () => {
    const nothing = { between: 0, events: 0, squared: 0 }
    expect(dispersionAfter(undefined, { requests: 0, events: 0 }, { requests: 10, events: 9 })).toEqual(nothing)
    expect(dispersionAfter(undefined, { requests: 10, events: 0 }, { requests: 10, events: 0 })).toEqual(nothing)
    expect(dispersionOf([])).toEqual(nothing)
  })

  it('takes the larger of what was declared and what is seen, or neither', () => {
    const seen = dispersionOf(windows(5, 300))
    expect(dispersionUsed({ dispersion: 3 }, undefined)).toBe(3)
    expect(dispersionUsed({ dispersion: 1.1 }, undefined)).toBe(1)
    expect(dispersionUsed({ dispersion: 3 }, seen)).toBe(dispersionSeen(seen))
    expect(dispersionUsed({ dispersion: 30 }, seen)).toBe(30)
    expect(dispersionUsed({ dispersion: 'off' }, seen)).toBe(1)
    expect(dispersionUsed({}, undefined)).toBe(1)
  })

  it('is handed on to the next rollout with half its weight, and says the same with a little more care', () => {
    const seen = dispersionOf(windows(5, 300))
    const next = settingsOf({ signals: { errors: { ...errors, seen: handedOn(seen) } } })
    const first = judged(next, [counts(60, 0, 1140, 11)])
    expect(first.judgement.signals[0]?.dispersion).toBeGreaterThan(dispersionSeen(seen))
    expect(first.judgement.signals[0]?.dispersion).toBeLessThan(1.1 * dispersionSeen(seen))
    expect(emptyJudgeState(next).signals.errors?.dispersion?.events).toBe(Math.floor(seen.events / 2))
  })

  it('is learnt from the stable arm before the canary has any traffic', () => {
    const before = windows(5, 60).map(({ requests, events }) => counts(0, 0, requests, events))
    const { state, judgement } = judged(settingsOf(), before, { weight: 0 })
    expect(judgement).toMatchObject({ verdict: 'hold', harm: 0 })
    expect(state.signals.errors).toMatchObject({ batches: 0, harm: [], acceptance: [] })
    expect(judgement.signals[0]?.dispersion).toBeGreaterThan(3)
    const burst = counts(60, 6, 1140, 11)
    expect(judged(settingsOf(), [burst]).judgement.verdict).toBe('rollback')
    const known = judged(settingsOf(), [burst], { from: state }).judgement
    expect(known.verdict).toBe('hold')
    expect(known.signals[0]?.words).toMatch(/requests come in clusters: both divided by a dispersion of \d+\.\d/)
  })

  it('keeps one cluster among few requests from reaching the hard limit', () => {
    const { state } = judged(settingsOf(), [counts(60, 13, 1140, 11)])
    const signal = state.signals.errors
    if (signal === undefined) throw new Error('the signal has no state')
    expect(breakerOf(signal, errors)).toBe('open')
    expect(breakerOf(signal, errors, 9)).toBe('closed')
    const more = { ...signal, last: counts(600, 130, 1140, 11) }
    expect(breakerOf(more, errors, 9)).toBe('open')
  })

  it('never puts the hard limit off for more than ten times the requests', () => {
    const { state } = judged(settingsOf(), [counts(600, 600, 5400, 54)])
    const signal = state.signals.errors as SignalState
    expect(breakerOf(signal, errors, 400)).toBe('open')
    expect(breakerOf({ ...signal, last: counts(499, 499, 5400, 54), total: counts(499, 499, 5400, 54) }, errors, 400)).toBe('closed')
    const settings = settingsOf({ rule: 'threshold', failures: 9, signals: { errors: { ...errors, max: 0.02, dispersion: 400 } } })
    expect(judged(settings, [counts(600, 600, 5400, 54)]).judgement.verdict).toBe('rollback')
  })

  it('is reached at exactly the share that was set, whatever floating point makes of the product', () => {
    const { state } = judged(settingsOf(), [counts(100, 7, 1900, 11)])
    expect(breakerOf(state.signals.errors as SignalState, { ...errors, breaker: 0.07 })).toBe('open')
    expect(breakerOf(state.signals.errors as SignalState, { ...errors, breaker: 0.0701 })).toBe('closed')
  })
})
