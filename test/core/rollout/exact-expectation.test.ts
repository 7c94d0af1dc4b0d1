import { describe, expect, it } from 'vitest'
import { acceptanceAfter, acceptanceEvidence } from '../../../src/core/rollout/acceptance.ts'
import { fine } from '../../../src/core/rollout/alternatives.ts'
import { deflated } from '../../../src/core/rollout/dispersion.ts'
import { harmAfter, harmEvidence } from '../../../src/core/rollout/harm.ts'
import { harmProcessAfter, harmProcessEvidence } from '../../../src/core/rollout/harm-process.ts'
import { emptyJudgeState, judge, judgementOf } from '../../../src/core/rollout/judge.ts'
import type { Counts, JudgeSettings, JudgeState } from '../../../src/core/rollout/judge-state.ts'
import { ratioEvidence, sampleRatioEvidence } from '../../../src/core/rollout/sample-ratio.ts'
import { binomial, expectation, type outcomes, product } from './exact.ts'

/** What arithmetic may be off by; an expectation of an e-value above this is a wrong guarantee. */
const one = 1 + 1e-9

interface Path {
  readonly harm: readonly number[]
  readonly late?: readonly number[] | undefined
  readonly batches: number
}
const start: Path = { harm: [], batches: 0 }
const step =
  (tolerate: number, horizon: number, dispersion: number) =>
  (state: Path, counts: Counts): Path => {
    const batches = state.batches + 1
    return { ...harmProcessAfter(state, fine, batches, counts, { tolerate, horizon, dispersion }), batches }
  }
const read = (horizon: number, dispersion: number) => (state: Path) =>
  Math.exp(harmProcessEvidence(state, fine, state.batches, horizon, dispersion))

describe('harm: the expectation of its e-value where the canary does no harm, by enumeration of every outcome', () => {
  const corners = product([1, 2, 5, 10, 20], [1, 5, 20, 60], [0.01, 0.05, 0.2, 0.35, 0.5, 0.9], [1, 1.25], [1, 0.5]).filter(
    ([, , stable, tolerate, below]) => stable * tolerate * below <= 1,
  )

  it.each([1, 10])(`is at most 1 in one batch of a planned %d, at ${corners.length} corners`, horizon => {
    expect(corners.length).toBeGreaterThanOrEqual(400)
    let most = 0
    for (const [canary, stable, stableRate, tolerate, below] of corners) {
      const arms = { canary, stable, stableRate, canaryRate: stableRate * tolerate * below }
      most = Math.max(most, expectation([arms], start, step(tolerate, horizon, 1), read(horizon, 1)))
    }
    expect(most).toBeLessThanOrEqual(one)
    expect(most).toBeGreaterThan(0.999)
  })

  it('is at most 1 by the method of release 0.1 as well', () => {
    for (const [canary, stable, stableRate, tolerate] of corners.filter(([canary, , , , below]) => below === 1 && canary <= 5)) {
      const arms = { canary, stable, stableRate, canaryRate: stableRate * tolerate }
      const mean = expectation<readonly number[]>(
        [arms],
        [],
        (state, counts) => harmAfter(state, 1, counts, tolerate, 10),
        state => Math.exp(harmEvidence(state, 1, 10)),
      )
      expect(mean).toBeLessThanOrEqual(one)
    }
  })

  it.each(
    product([0.1, 0.6], [7, 60], [1, 3]),
  )('over seven batches with restarts, at a rate of %d, planned for %d, dispersion %d', (rate, horizon, dispersion) => {
    const arms = { canary: 1, stable: 1, canaryRate: rate, stableRate: rate }
    const mean = expectation(
      Array.from({ length: 7 }, () => arms),
      start,
      step(1, horizon, dispersion),
      read(horizon, dispersion),
    )
    expect(mean).toBeLessThanOrEqual(one)
  })

  it.each(
    product([0.05, 0.3, 0.7], [0.2, 1, 2]),
  )('over three batches of other sizes, weights and rates: %d, then times %d', (rate, times) => {
    const later = Math.min(1, rate * times)
    const batches = [
      { canary: 2, stable: 9, canaryRate: rate, stableRate: rate },
      { canary: 5, stable: 5, canaryRate: later, stableRate: later },
      { canary: 6, stable: 2, canaryRate: rate / 2, stableRate: rate },
    ]
    expect(expectation(batches, start, step(1, 3, 1), read(3, 1))).toBeLessThanOrEqual(one)
  })

  it('never grows on average from wherever it stands, at every kind of batch index', () => {
    // By induction this holds for any number of looks: the first batch, before, at and after the first restart, at the horizon and beyond it.
    for (const [looks, horizon] of product([0, 1, 4, 5, 6, 9, 10, 14], [10])) {
      let state = start
      for (let look = 0; look < looks; look++)
        state = step(1, horizon, 1)(state, { canary: 20, canaryBad: look % 3, stable: 80, stableBad: 1 + (look % 4) })
      const before = read(horizon, 1)(state)
      for (const rate of [0.01, 0.1, 0.5]) {
        const arms = { canary: 6, stable: 20, canaryRate: rate, stableRate: rate }
        expect(expectation([arms], state, step(1, horizon, 1), read(horizon, 1))).toBeLessThanOrEqual(before * one)
      }
    }
  })

  it('of a histogram: never grows on average over its limit and its edges together', () => {
    const slow = { tolerate: 1, unacceptable: 1.5, acceptable: 0.01, breaker: 1, breakerRequests: 1000, required: true }
    const settings: JudgeSettings = { alpha: 0.01, beta: 0.05, horizon: 20, method: 2, signals: { slow } }
    const observe = (canary: readonly number[], stable: readonly number[]) => {
      const above = (counts: readonly number[], edge: number) => counts.slice(edge + 1).reduce((sum, count) => sum + count, 0)
      const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0)
      return {
        canary: total(canary),
        canaryBad: above(canary, 1),
        stable: total(stable),
        stableBad: above(stable, 1),
        slower: [0, 1].map(edge => ({ edge: edge + 1, canary: above(canary, edge), stable: above(stable, edge) })),
      }
    }
    const first = judge(settings, emptyJudgeState(settings), { weight: 0.1, signals: { slow: observe([5, 3, 2], [40, 25, 5]) } }).state
    expect(first.signals.slow?.edges?.map(({ edge }) => edge)).toEqual([1])
    const before = Math.exp(judgementOf(settings, first).harm)
    // Two requests of the canary and five of stable, each quick, slow or very slow.
    for (const [quick, slowish] of product([0.2, 0.5, 0.8], [0.1, 0.5, 0.9])) {
      const chances = [quick, (1 - quick) * slowish, (1 - quick) * (1 - slowish)]
      const multinomial = (size: number) => {
        const found: { counts: number[]; chance: number }[] = []
        for (const [a, ofA] of binomial(size, chances[0] ?? 0).entries())
          for (const [b, ofB] of binomial(size - a, (chances[1] ?? 0) / Math.max(1e-12, 1 - quick)).entries())
            found.push({ counts: [a, b, size - a - b], chance: ofA * ofB })
        return found
      }
      const mean = (state: JudgeState) => {
        let sum = 0
        for (const canary of multinomial(2))
          for (const stable of multinomial(5)) {
            const { judgement } = judge(settings, state, { weight: 0.1, signals: { slow: observe(canary.counts, stable.counts) } })
            sum += canary.chance * stable.chance * Math.exp(judgement.harm)
          }
        return sum
      }
      expect(mean(emptyJudgeState(settings))).toBeLessThanOrEqual(one)
      expect(mean(first)).toBeLessThanOrEqual(before * one)
    }
  })

  it('is only ever lowered by a dispersion, whatever it is, so that no guarantee depends on how it was estimated', () => {
    for (const log of [-3, -0.1, 0, 0.1, 5, 60])
      for (const dispersion of [1, 1.3, 9]) expect(deflated(log, dispersion)).toBeLessThanOrEqual(log)
    let state = start
    for (let look = 0; look < 5; look++) state = step(1, 20, 1)(state, { canary: 20, canaryBad: look % 3, stable: 80, stableBad: 1 })
    expect(read(20, 4)(state)).toBeLessThanOrEqual(read(20, 1)(state))
  })
})

describe('acceptance: the expectation of its e-value where the canary is just unacceptable, by enumeration', () => {
  const mean = (arms: readonly Parameters<typeof outcomes>[0][], unacceptable: number, ceiling: number, dispersion = 1) =>
    expectation<{ relative: readonly number[]; requests: number; bad: number }>(
      arms,
      { relative: [], requests: 0, bad: 0 },
      ({ relative, requests, bad }, counts) => ({
        relative: acceptanceAfter(relative, counts, unacceptable),
        requests: requests + counts.canary,
        bad: bad + counts.canaryBad,
      }),
      ({ relative, requests, bad }) => Math.exp(acceptanceEvidence(relative, { requests, bad }, ceiling, dispersion)),
    )
  // Unacceptable is both: psi1 times as often as stable, and at least the ceiling. `beyond` lies further within the null hypothesis.
  const corners = product([3, 8, 16], [5, 20, 45], [0.001, 0.01, 0.05, 0.2, 0.5], [0.01, 0.05, 0.1], [1.25, 1.5, 2], [1, 1.4]).filter(
    ([, , stable, ceiling, unacceptable, beyond]) => Math.max(stable * unacceptable, ceiling) * beyond <= 1,
  )

  it(`is at most 1 in one batch, relative and absolute together, at ${corners.length} corners`, () => {
    expect(corners.length).toBeGreaterThanOrEqual(400)
    let most = 0
    for (const [canary, stable, stableRate, ceiling, unacceptable, beyond] of corners) {
      const canaryRate = Math.max(stableRate * unacceptable, ceiling) * beyond
      most = Math.max(most, mean([{ canary, stable, stableRate, canaryRate }], unacceptable, ceiling))
    }
    expect(most).toBeLessThanOrEqual(one)
    expect(most).toBeGreaterThan(0.99)
  })

  it.each(
    product([0.01, 0.1, 0.4], [0.01, 0.1], [1, 2]),
  )('over three batches at other weights: stable %d, ceiling %d, dispersion %d', (rate, ceiling, dispersion) => {
    const arms = (canary: number, stable: number, stableRate: number) => ({
      canary,
      stable,
      stableRate,
      canaryRate: Math.min(1, Math.max(1.5 * stableRate, ceiling)),
    })
    expect(mean([arms(2, 9, rate), arms(5, 5, rate / 2), arms(4, 1, rate)], 1.5, ceiling, dispersion)).toBeLessThanOrEqual(one)
  })
})

describe('sample ratio: the expectation of its e-value where the weight is what was set, by enumeration', () => {
  const weights = Array.from(
    { length: 21 },
    (_, at) => [0.001, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5][at] ?? 0.5 + 0.045 * (at - 10),
  )
  const corners = product(weights, [1, 2, 3, 4, 5, 7, 10, 13, 17, 20, 25, 30, 40, 50, 60, 80, 100, 120, 150, 200])

  it(`is 1 at ${corners.length} corners, and at most 1 where it is divided by a dispersion`, () => {
    expect(corners.length).toBeGreaterThanOrEqual(400)
    for (const [weight, requests] of corners) {
      let [mean, divided] = [0, 0]
      for (const [canary, chance] of binomial(requests, weight).entries()) {
        if (chance === 0) continue
        mean += Math.exp(Math.log(chance) + sampleRatioEvidence(weight, canary, requests - canary))
        divided += Math.exp(Math.log(chance) + ratioEvidence({ weight, canary, stable: requests - canary }, 4))
      }
      expect(mean).toBeCloseTo(1, 8)
      expect(divided).toBeLessThanOrEqual(one)
    }
  })
})
