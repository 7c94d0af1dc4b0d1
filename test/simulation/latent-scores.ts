import { TextBuilder } from '../../src/core/evaluation/columns.ts'
import type { Predictions, TextColumn } from '../../src/core/evaluation/predictions.ts'
import { normalCdf } from '../../src/core/statistics/distributions.ts'
import { drawBinomial, drawNormal, type Uniform } from '../../src/core/statistics/random.ts'
import { binaryOf } from '../core/evaluation/fixtures.ts'

/**
 * Two models that see the same rows: y is 1 with probability `prevalence`, and model k sees x_k = skill_k y + sqrt(r) u + sqrt(1 - r) e_k, of standard normal u, e_1 and
 * e_2, so that what one gets wrong the other tends to get wrong too. Its score is the probability that y is 1 given x_k, sharpened: at 1 it is calibrated, above it
 * is too sure of itself. Two models of equal skill are exchangeable.
 */
export const prevalence = 0.4
const shared = 0.6
const championSkill = 1.5
const logit = Math.log(prevalence / (1 - prevalence))

/** One metric of two such models: how far the challenger is truly ahead at a `lead` in skill, and what a holdout of n rows looks like. */
export interface World {
  readonly metric: string
  /** Which way is better. */
  readonly sign: 1 | -1
  /** True difference, better being positive. */
  readonly truth: (lead: number) => number
  readonly draw: (random: Uniform, n: number, lead: number) => readonly [challenger: Predictions, champion: Predictions]
}

/** Sum of f over a standard normal variable, by the trapezium rule, which is exact for smooth f to all digits that count here. */
const overNormal = (f: (u: number) => number): number => {
  let total = 0
  for (let u = -9; u <= 9; u += 1 / 32) total += (f(u) * Math.exp((-u * u) / 2)) / Math.sqrt(2 * Math.PI) / 32
  return total
}

/** The x above which a calibrated score is at least 1/2. */
const cutOf = (skill: number): number => skill / 2 - logit / skill
const scoreOf = (x: number, skill: number, sharpness: number): number =>
  1 / (1 + Math.exp(-sharpness * (logit + skill * x - (skill * skill) / 2)))

const ids = new Map<number, TextColumn>()
const idsOf = (n: number): TextColumn => {
  const known = ids.get(n)
  if (known) return known
  const builder = new TextBuilder()
  for (let row = 0; row < n; row++) builder.addValue(`r${row}`)
  const built = builder.build()
  ids.set(n, built)
  return built
}

const empty = binaryOf([])
const predictionsOf = (
  labels: Uint16Array,
  part: { readonly predicted?: Uint16Array; readonly scores?: Float64Array; readonly clusters?: Uint32Array },
): Predictions => ({
  ...empty,
  rows: labels.length,
  ids: idsOf(labels.length),
  labels,
  predicted: part.predicted ?? null,
  scores: part.scores ?? null,
  clusters: part.clusters ?? null,
  slices: new Map(),
  threshold: null,
  problem: null,
})

/** Probabilities of (label, challenger's class, champion's class), the cells in binary order. */
const cellsOf = (lead: number): number[] => {
  const skills = [championSkill + lead, championSkill] as const
  return [0, 1, 2, 3, 4, 5, 6, 7].map(cell => {
    const [label, ...classes] = [cell >> 2, (cell >> 1) & 1, cell & 1] as [number, number, number]
    const share = overNormal(u =>
      skills.reduce((product, skill, model) => {
        const positive = normalCdf((skill * label + Math.sqrt(shared) * u - cutOf(skill)) / Math.sqrt(1 - shared))
        return product * (classes[model] === 1 ? positive : 1 - positive)
      }, 1),
    )
    return share * (label === 1 ? prevalence : 1 - prevalence)
  })
}

const remembered = <T>(make: (lead: number) => T): ((lead: number) => T) => {
  const known = new Map<number, T>()
  return lead => {
    const found = known.get(lead) ?? make(lead)
    known.set(lead, found)
    return found
  }
}

/**
 * Metrics of classes alone: such rows enter only through how many lie in each cell, so that one multinomial draw is the whole holdout, exactly. The order of rows
 * changes nothing (permutation.test.ts).
 */
const ofClasses = (metric: string, value: (hits: number, misses: number, alarms: number) => number): World => {
  const cells = remembered(cellsOf)
  const valueFor = (probabilities: readonly number[], bit: 1 | 2): number => {
    const sum = (label: number, predicted: number): number =>
      probabilities.reduce((total, p, cell) => (cell >> 2 === label && ((cell & bit) > 0 ? 1 : 0) === predicted ? total + p : total), 0)
    return value(sum(1, 1), sum(1, 0), sum(0, 1))
  }
  return {
    metric,
    sign: 1,
    truth: lead => valueFor(cells(lead), 2) - valueFor(cells(lead), 1),
    draw: (random, n, lead) => {
      const [labels, ours, theirs] = [new Uint16Array(n), new Uint16Array(n), new Uint16Array(n)]
      let row = 0
      let mass = 1
      for (const [cell, probability] of cells(lead).entries()) {
        const drawn = cell === 7 ? n - row : drawBinomial(random, n - row, Math.min(1, probability / mass))
        labels.fill(cell >> 2, row, row + drawn)
        ours.fill((cell >> 1) & 1, row, row + drawn)
        theirs.fill(cell & 1, row, row + drawn)
        row += drawn
        mass -= probability
      }
      return [predictionsOf(labels, { predicted: ours }), predictionsOf(labels, { predicted: theirs })]
    },
  }
}

/** Metrics of scores. `sharpness` of both. */
const ofScores = (metric: string, sign: 1 | -1, sharpness: number, valueAt: (skill: number) => number): World => {
  const value = remembered(valueAt)
  return {
    metric,
    sign,
    truth: lead => sign * (value(championSkill + lead) - value(championSkill)),
    draw: (random, n, lead) => {
      const labels = new Uint16Array(n)
      const [ours, theirs] = [new Float64Array(n), new Float64Array(n)]
      const [common, own] = [Math.sqrt(shared), Math.sqrt(1 - shared)]
      for (let row = 0; row < n; row++) {
        const label = random() < prevalence ? 1 : 0
        labels[row] = label
        const u = common * drawNormal(random)
        ours[row] = scoreOf((championSkill + lead) * label + u + own * drawNormal(random), championSkill + lead, sharpness)
        theirs[row] = scoreOf(championSkill * label + u + own * drawNormal(random), championSkill, sharpness)
      }
      return [predictionsOf(labels, { scores: ours }), predictionsOf(labels, { scores: theirs })]
    },
  }
}

/** As the metric itself clips: a score that doubles cannot tell from 1 is not certainty. */
const lossOf = (probability: number): number => -Math.log(Math.max(Number.EPSILON, probability))

const logLoss =
  (sharpness: number) =>
  (skill: number): number =>
    overNormal(e => prevalence * lossOf(scoreOf(skill + e, skill, sharpness)) + (1 - prevalence) * lossOf(1 - scoreOf(e, skill, sharpness)))

/** The five metrics of the issue, by the name that tables show. */
export const worlds: Readonly<Record<string, World>> = {
  accuracy: ofClasses('accuracy', (_, misses, alarms) => 1 - misses - alarms),
  recall: ofClasses('recall', (hits, misses) => hits / (hits + misses)),
  F1: ofClasses('f1', (hits, misses, alarms) => (2 * hits) / (2 * hits + misses + alarms)),
  'ROC AUC': ofScores('roc_auc', 1, 1, skill => normalCdf(skill / Math.SQRT2)),
  'log loss': ofScores('log_loss', -1, 1, logLoss(1)),
}

/** Models that are twice as sure as they may be, whose losses have long tails. */
export const tooSure: Readonly<Record<string, World>> = {
  'log loss of models that are too sure': ofScores('log_loss', -1, 2, logLoss(2)),
}

/** How many clusters the rows below stand in. */
export const clusterCount = 20

/**
 * Equal models whose rows stand in clusters of equal size, users for instance: each model has a luck of its own with each of them, which is the same in all of its
 * rows. `lead` plays no part.
 */
const inClusters = (metric: string, sign: 1 | -1): World => ({
  metric,
  sign,
  truth: () => 0,
  draw: (random, n) => {
    const labels = Uint16Array.from({ length: n }, () => (random() < prevalence ? 1 : 0))
    const clusters = Uint32Array.from({ length: n }, (_, row) => row % clusterCount)
    const common = Float64Array.from({ length: n }, () => Math.sqrt(shared) * drawNormal(random))
    const model = (): Predictions => {
      const luck = Float64Array.from({ length: clusterCount }, () => 1 + 0.4 * drawNormal(random))
      const scores = common.map((u, row) => {
        const x = championSkill * (labels[row] as number) * (luck[clusters[row] as number] as number) + u
        return scoreOf(x + Math.sqrt(1 - shared) * drawNormal(random), championSkill, 1)
      })
      return predictionsOf(labels, { scores, predicted: Uint16Array.from(scores, score => (score >= 0.5 ? 1 : 0)), clusters })
    }
    return [model(), model()]
  },
})

/** Equal models on rows in clusters, by the name that tables show. */
export const clusteredWorlds: Readonly<Record<string, World>> = {
  accuracy: inClusters('accuracy', 1),
  recall: inClusters('recall', 1),
  F1: inClusters('f1', 1),
  'ROC AUC': inClusters('roc_auc', 1),
  'log loss': inClusters('log_loss', -1),
}
