import { describe, expect, it } from 'vitest'
import { chooseEdges } from '../../../src/core/rollout/edges.ts'
import { judgeState } from '../../../src/core/rollout/judge-state.ts'
import type { BucketCounts } from '../../../src/core/rollout/observed.ts'
import { counts, errors, judged, seeded, settingsOf } from './judging.ts'

const edges = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const limit = 0.25

/** Log-normal latencies around 80 ms (sigma 0.6), `factor` times slower for the canary, counted as a Prometheus histogram with its default edges counts them. */
const latencies = (seed: number) => {
  const random = seeded(seed)
  const normal = () => Math.sqrt(-2 * Math.log1p(-random())) * Math.cos(2 * Math.PI * random())
  return (canary: number, stable: number, factor: number): BucketCounts => {
    const sample = (many: number, times: number) => Array.from({ length: many }, () => 0.08 * times * Math.exp(0.6 * normal()))
    const [ofCanary, ofStable] = [sample(canary, factor), sample(stable, 1)]
    const above = (values: readonly number[], edge: number) => values.filter(value => value > edge).length
    return {
      canary,
      canaryBad: above(ofCanary, limit),
      stable,
      stableBad: above(ofStable, limit),
      slower: edges.map(edge => ({ edge, canary: above(ofCanary, edge), stable: above(ofStable, edge) })),
    }
  }
}
const settings = settingsOf({ signals: { slow: { ...errors, breaker: 0.9 } } })

/** Canary requests until a slower canary is rolled back at 5 % of batches of 1,200, or null. */
const requestsUntil = (factor: number, seed: number, looks: number): number | null => {
  const batch = latencies(seed)
  let from = judged(settings, []).state
  for (let look = 1; look <= looks; look++) {
    const answer = judged(settings, [{ slow: batch(60, 1140, factor) }], { from })
    from = answer.state
    if (answer.judgement.verdict === 'rollback') return 60 * look
  }
  return null
}

describe('edges', () => {
  const batch = latencies(1)(60, 1140, 1)

  it('are chosen near shares of the stable arm from a half to a hundredth, the limit itself left out', () => {
    const chosen = chooseEdges(counts(60, batch.canaryBad, 1140, batch.stableBad), batch.slower)
    expect(chosen).toEqual([0.05, 0.1])
    const finely = Array.from({ length: 60 }, (_, at) => ({
      edge: 0.005 * (at + 1),
      canary: 0,
      stable: Math.round(1000 * Math.exp(-at / 10)),
    }))
    const seven = chooseEdges(counts(50, 1, 1000, 7), finely) ?? []
    expect(seven).toHaveLength(7)
    const shares = seven.map(edge => (finely.find(one => one.edge === edge)?.stable ?? 0) / 1000)
    expect(shares.map(share => Number(share.toFixed(2)))).toEqual([0.5, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01])
  })

  it('are not chosen from a handful of requests, and then once and for all', () => {
    expect(chooseEdges(counts(2, 0, 49, 1), batch.slower)).toBeNull()
    const few = latencies(2)(2, 40, 1)
    const first = judged(settings, [{ slow: few }])
    expect(first.state.signals.slow?.edges).toEqual([])
    const second = judged(settings, [{ slow: batch }], { from: first.state })
    const chosen = second.state.signals.slow?.edges?.map(({ edge }) => edge)
    expect(chosen?.length).toBeGreaterThan(0)
    const third = judged(settings, [{ slow: latencies(3)(60, 1140, 4) }], { from: second.state })
    expect(third.state.signals.slow?.edges?.map(({ edge }) => edge)).toEqual(chosen)
  })

  it('do not judge the batch that they were chosen from', () => {
    const { state } = judged(settings, [{ slow: latencies(4)(60, 1140, 3) }])
    expect(state.signals.slow?.edges?.every(({ harm }) => harm.length === 0)).toBe(true)
  })

  it('that a later batch lacks add nothing', () => {
    const { state } = judged(settings, [{ slow: batch }, { slow: latencies(5)(60, 1140, 1) }])
    const { slower: _, ...counted } = latencies(6)(60, 1140, 1)
    const after = judged(settings, [{ slow: { ...counted, slower: [] } }], { from: state }).state
    expect(after.signals.slow?.edges?.map(({ harm }) => harm)).toEqual(state.signals.slow?.edges?.map(({ harm }) => harm))
    expect(after.signals.slow?.edges?.every(({ last }) => last === null)).toBe(true)
  })
})

describe('latency', () => {
  it('three times slower is rolled back within two looks, a fifth slower within about 500 canary requests', () => {
    for (const seed of [1, 2, 3, 4]) expect(requestsUntil(3, seed, 5)).toBeLessThanOrEqual(120)
    const fifth = [1, 2, 3, 4, 5, 6].map(seed => requestsUntil(1.2, seed, 40) ?? Number.NaN)
    expect(fifth.reduce((sum, requests) => sum + requests, 0) / fifth.length).toBeLessThan(900)
  })

  it('that is the same, or that is lower, is left alone', () => {
    for (const seed of [1, 2, 3, 4]) {
      expect(requestsUntil(1, seed, 25)).toBeNull()
      expect(requestsUntil(0.6, seed, 10)).toBeNull()
    }
  })

  it('is proven acceptable at the limit that was declared, not at some edge', () => {
    // Never more than the stable arm at every edge but the limit, where it is twice as often.
    const batch = (): BucketCounts => ({
      canary: 3000,
      canaryBad: 180,
      stable: 3000,
      stableBad: 90,
      slower: [
        { edge: 0.05, canary: 1000, stable: 2000 },
        { edge: 0.1, canary: 400, stable: 800 },
        { edge: 0.25, canary: 180, stable: 90 },
      ],
    })
    const { judgement } = judged(settings, [{ slow: batch() }, { slow: batch() }, { slow: batch() }], { weight: 0.5 })
    expect(judgement.signals[0]?.accepted).toBe(false)
    expect(judgement.verdict).toBe('rollback')
  })
})

it('keeps a state of bounded size: six signals of which two are histograms, after 300 looks', () => {
  const six = settingsOf({ horizon: 300, signals: Object.fromEntries(['a', 'b', 'c', 'd', 'slow', 'slower'].map(name => [name, errors])) })
  const finely = Array.from({ length: 40 }, (_, at) => 0.01 * 1.12 ** at)
  const buckets = (canary: number, stable: number): BucketCounts => ({
    ...counts(canary, Math.round(canary * 0.011), stable, Math.round(stable * 0.011)),
    slower: finely.map((edge, at) => ({ edge, canary: Math.round(canary * 0.9 ** at), stable: Math.round(stable * 0.9 ** at) })),
  })
  let from = judged(six, []).state
  for (let look = 0; look < 300; look++) {
    const plain = counts(300, look % 5, 5700, 57 + (look % 7))
    const signals = { a: plain, b: plain, c: plain, d: plain, slow: buckets(300, 5700), slower: buckets(310 + (look % 3), 5690) }
    from = judged(six, [signals], { from }).state
  }
  expect(judgeState.parse(from)).toEqual(from)
  expect(from.signals.slow?.edges).toHaveLength(5)
  expect(JSON.stringify(from).length).toBeLessThan(11_000)
})
