import { normalQuantile, normalTwoSided, tQuantile, tTwoSided } from '../../src/core/statistics/distributions.ts'
import { equivalenceP, meanTest, moments } from '../../src/core/statistics/means.ts'
import { detectableMean, detectablePairedShare } from '../../src/core/statistics/power.ts'
import {
  mcnemarChiSquared,
  mcnemarExact,
  mcnemarMidP,
  newcombeInterval,
  tangoInterval,
  wilsonInterval,
} from '../../src/core/statistics/proportions.ts'
import { drawNormal, uniform } from '../../src/core/statistics/random.ts'
import type { Figures } from './ours.ts'

/** Arguments of statistics that need no rows, from tiny to a million. */
export interface Tables {
  /** b, c, n, confidence: b also as successes of n. */
  readonly pairs: readonly (readonly [number, number, number, number])[]
  /** probability, degrees of freedom, value of the statistic. */
  readonly distributions: readonly (readonly [number, number, number])[]
  readonly samples: readonly (readonly number[])[]
  /** Margins of equivalence, one for each sample. */
  readonly margins: readonly number[]
  /** successes and trials of two independent samples, confidence. */
  readonly independent: readonly (readonly [number, number, number, number, number])[]
  /** b, c, n, confidence, few enough for the exact power. */
  readonly powers: readonly (readonly [number, number, number, number])[]
}

export const tablesOf = (seed: number): Tables => {
  const random = uniform(seed)
  const upTo = (most: number): number => Math.floor(most ** random())
  const pairs = Array.from({ length: 400 }, () => {
    const n = upTo(1e6)
    const b = Math.floor(random() ** 3 * (n + 1))
    const c = Math.floor(random() ** 3 * (n - b + 1))
    return [b, c, n, [0.8, 0.9, 0.95, 0.99, 0.999][Math.floor(random() * 5)] as number] as const
  })
  const edges = [1, 2, 5, 30].flatMap(n => [
    [0, 0, n, 0.95] as const,
    [n, 0, n, 0.95] as const,
    [0, n, n, 0.95] as const,
    [Math.floor(n / 2), n - Math.floor(n / 2), n, 0.95] as const,
  ])
  const distributions = Array.from({ length: 400 }, () => [random() ** 3 || 0.5, upTo(1e5), (random() - 0.5) * 14] as const)
  const samples = Array.from({ length: 60 }, () => {
    const [shift, scale] = [drawNormal(random), 10 ** (8 * random() - 4)]
    return Array.from({ length: 2 + upTo(300) }, () => scale * (shift + drawNormal(random)))
  })
  const confidence = (): number => [0.8, 0.9, 0.95, 0.99][Math.floor(random() * 4)] as number
  const margins = samples.map(values => Math.abs(values[0] as number) * 2 * random() + Number.MIN_VALUE)
  const share = (trials: number): number => Math.floor(random() * (trials + 1))
  const independent = Array.from({ length: 200 }, () => {
    const [first, second] = [upTo(1e5), upTo(1e5)]
    return [share(first), first, share(second), second, confidence()] as const
  })
  const none = [
    [0, 5, 0, 7, 0.95],
    [5, 5, 7, 7, 0.95],
    [0, 5, 7, 7, 0.95],
  ] as const
  const powers = Array.from({ length: 200 }, () => {
    const n = upTo(3e4)
    const b = Math.floor(random() ** 3 * Math.min(n, 1500))
    return [b, Math.floor(random() * Math.min(n - b, 1500)), n, confidence()] as const
  })
  return { pairs: [...edges, ...pairs], distributions, samples, margins, independent: [...none, ...independent], powers }
}

export const ourTables = ({ pairs, distributions, samples, margins, independent, powers }: Tables): Figures => {
  const figures: Figures = new Map()
  pairs.forEach(([b, c, n, confidence], index) => {
    figures.set(`tables/mcnemar_mid_p/${index}`, mcnemarMidP(b, c))
    figures.set(`tables/mcnemar_exact/${index}`, mcnemarExact(b, c))
    for (const corrected of [false, true]) {
      const { statistic, p } = mcnemarChiSquared(b, c, corrected)
      const name = corrected ? 'mcnemar_edwards' : 'mcnemar_chi2'
      figures.set(`tables/${name}/${index}`, statistic).set(`tables/${name}_p/${index}`, p)
    }
    const tango = tangoInterval(b, c, n, confidence)
    figures.set(`tables/tango_low/${index}`, tango.low).set(`tables/tango_high/${index}`, tango.high)
    const wilson = wilsonInterval(b, n, confidence)
    figures.set(`tables/wilson_low/${index}`, wilson.low).set(`tables/wilson_high/${index}`, wilson.high)
  })
  distributions.forEach(([p, freedom, value], index) => {
    figures.set(`tables/normal_quantile/${index}`, normalQuantile(p))
    figures.set(`tables/normal_two_sided/${index}`, normalTwoSided(value))
    figures.set(`tables/t_quantile/${index}`, tQuantile(p, freedom))
    figures.set(`tables/t_two_sided/${index}`, tTwoSided(value, freedom))
  })
  samples.forEach((values, index) => {
    const test = meanTest(moments(values))
    figures.set(`tables/t_statistic/${index}`, test?.statistic ?? null).set(`tables/t_p/${index}`, test?.p ?? null)
    figures.set(`tables/tost_p/${index}`, equivalenceP(moments(values), margins[index] as number))
    const { n, error } = moments(values)
    figures.set(`tables/detectable_mean/${index}`, detectableMean(error, n, 0.95))
  })
  independent.forEach(([x, m, y, n, confidence], index) => {
    const { low, high } = newcombeInterval(x, m, y, n, confidence)
    figures.set(`tables/newcombe_low/${index}`, low).set(`tables/newcombe_high/${index}`, high)
  })
  powers.forEach(([b, c, n, confidence], index) => {
    figures.set(`tables/detectable_pairs/${index}`, detectablePairedShare(b, c, n, confidence))
  })
  return figures
}
