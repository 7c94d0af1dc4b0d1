import { describe, expect, it } from 'vitest'
import { differenceOf, estimateOf } from '../../../src/core/evaluation/metrics/metric.ts'
import { metricOf } from '../../../src/core/evaluation/metrics.ts'
import { twoSidedQuantile } from '../../../src/core/statistics/interval.ts'
import { detectableDifference, detectableMean, detectablePairedShare, pairedSharePower } from '../../../src/core/statistics/power.ts'
import { pairedProportionError, tangoInterval } from '../../../src/core/statistics/proportions.ts'
import { uniform } from '../../../src/core/statistics/random.ts'
import { binaryOf } from '../evaluation/fixtures.ts'

describe('detectable difference', () => {
  it('is (z of the confidence + z .8) standard errors', () => {
    expect(detectableDifference(1, 0.95)).toBeCloseTo(1.959963984540054 + 0.8416212335729143, 12)
    expect(detectableDifference(2, 0.9)).toBeCloseTo(2 * (1.6448536269514722 + 0.8416212335729143), 12)
  })
  // brentq of scipy 1.17's nct.sf(t.ppf(.5 + confidence / 2, n - 1), n - 1, shift) = .8
  it.each([
    [2, 0.95, 16.33400886992093, 0.05],
    [3, 0.95, 5.653489266405565, 0.02],
    [6, 0.95, 3.51390410556296, 0.004],
    [10, 0.95, 3.1496356782717627, 0.0012],
    [200, 0.95, 2.8151960121383808, 3e-6],
    [6, 0.9, 2.9045818671706183, 0.003],
    [30, 0.9, 2.5466112061211037, 1e-4],
  ])('of the mean of %i values at %f', (n, confidence, shift, within) => {
    expect(Math.abs(detectableMean(1, n, confidence) / shift - 1)).toBeLessThan(within)
  })
})

const logFactorial = (k: number): number => (k < 2 ? 0 : Math.log(k) + logFactorial(k - 1))

/** Every outcome of n pairs, by Tango's interval itself. */
const enumerated = (n: number, discordance: number, difference: number, confidence: number): number => {
  const [first, second] = [(discordance + difference) / 2, (discordance - difference) / 2]
  let total = 0
  for (let b = 0; b <= n; b++)
    for (let c = 0; b + c <= n; c++) {
      if (!(tangoInterval(b, c, n, confidence).low > 0)) continue
      const ways = logFactorial(n) - logFactorial(b) - logFactorial(c) - logFactorial(n - b - c)
      total += Math.exp(ways) * first ** b * second ** c * (1 - discordance) ** (n - b - c)
    }
  return total
}

describe('power of a paired difference of shares', () => {
  it.each([
    [12, 0.5, 0.4, 0.95],
    [30, 0.3, 0.2, 0.95],
    [30, 0.3, 0, 0.9],
    [40, 0.9, 0.3, 0.99],
    [25, 1, 0.5, 0.95],
    [30, 0.2, 0.2, 0.95],
  ])('%i pairs, discordance %f, difference %f, confidence %f: as all outcomes together', (n, discordance, difference, confidence) => {
    expect(pairedSharePower(n, discordance, confidence)(difference)).toBeCloseTo(enumerated(n, discordance, difference, confidence), 6)
  })
  it('the detectable difference has a power of 80 %, at any confidence', () => {
    for (const [b, c, n] of [
      [8, 4, 200],
      [30, 28, 60],
      [40, 0, 1000],
      [150, 90, 2000],
    ] as const)
      for (const confidence of [0.8, 0.95, 0.99]) {
        const found = detectablePairedShare(b, c, n, confidence)
        expect(pairedSharePower(n, (b + c) / n, confidence)(found ?? 0)).toBeCloseTo(0.8, 5)
      }
  })
  it('equal models are shown to differ in this direction in at most 2.7 % of repetitions, however many pairs there are', () => {
    for (const discordance of [0.02, 0.1, 0.3, 0.5])
      for (let n = 5; n <= 400; n += 5) expect(pairedSharePower(n, discordance, 0.95)(0)).toBeLessThanOrEqual(0.027)
  })
  it('there is none where even all discordant rows on one side would not be enough', () => {
    expect(detectablePairedShare(0, 0, 200, 0.95)).toBeNull()
    expect(detectablePairedShare(4, 1, 200, 0.95)).toBeNull()
    expect(detectablePairedShare(8, 4, 200, 0.95)).not.toBeNull()
  })
  it('passes into the normal approximation without a step, and does not mind which model is which', () => {
    const at = (pairs: number) => detectablePairedShare(pairs, 0, 4000, 0.95) as number
    expect(Math.abs(at(300) / at(299) / Math.sqrt(300 / 299) - 1)).toBeLessThan(0.003)
    expect(detectablePairedShare(7, 20, 300, 0.95)).toBe(detectablePairedShare(20, 7, 300, 0.95))
    const rough = detectableDifference(pairedProportionError(50_000, 50_000, 1_000_000), 0.95)
    expect(Math.abs((detectablePairedShare(50_000, 50_000, 1_000_000, 0.95) as number) / rough - 1)).toBeLessThan(1e-3)
  })
})

describe('what a comparison prints', () => {
  const random = uniform(5)
  const labels = Array.from({ length: 300 }, () => (random() < 0.4 ? 1 : 0))
  const model = (skill: number) =>
    binaryOf(labels.map((label, row) => ({ id: `r${row}`, label, score: Math.min(0.99, 0.01 + 0.6 * random() + skill * label) })))
  const [challenger, champion] = [model(0.35), model(0.3)]
  const detectable = (name: string, confidence: number): number => {
    const metric = metricOf(name, 'binary')
    if (!metric) throw new Error(name)
    const method = { confidence, seed: 1, resamples: 500 }
    const side = (sample: typeof challenger) => ({ sample, estimate: estimateOf(metric, sample, method) })
    return differenceOf(metric, side(challenger), side(champion), method).detectable ?? Number.NaN
  }
  it.each(['accuracy', 'recall', 'f1', 'roc_auc', 'log_loss', 'average_precision'])('of %s follows the confidence', name => {
    const z = (confidence: number): number => twoSidedQuantile(confidence) + 0.8416212335729143
    expect(detectable(name, 0.99) / detectable(name, 0.95) / (z(0.99) / z(0.95))).toBeCloseTo(1, 1)
    expect(detectable(name, 0.8) / detectable(name, 0.95) / (z(0.8) / z(0.95))).toBeCloseTo(1, 1)
  })
})
