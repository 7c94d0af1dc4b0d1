import { join } from 'node:path'
import { readPredictions } from '../../src/adapters/files/predictions.ts'
import type { Difference, Estimate } from '../../src/core/comparison/assessment.ts'
import type { Sources } from '../../src/core/comparison/evidence.ts'
import { judgeFairness } from '../../src/core/comparison/fairness.ts'
import { pair } from '../../src/core/comparison/pair.ts'
import { fairnessMeasure } from '../../src/core/configuration/rules-schema.ts'
import { configuration, type ModelConfiguration } from '../../src/core/configuration/schema.ts'
import { groupsOf } from '../../src/core/evaluation/groups.ts'
import {
  differenceOf,
  estimateOf,
  independentDifferenceOf,
  type Measured,
  type Method,
  type Metric,
} from '../../src/core/evaluation/metrics/metric.ts'
import { metricNames, metricOf } from '../../src/core/evaluation/metrics.ts'
import type { Predictions } from '../../src/core/evaluation/predictions.ts'
import { partOf, type Sample } from '../../src/core/evaluation/sample.ts'
import type { DataSet } from './data-sets.ts'

/** Figures by `<subject>/<metric>/<what>`; null is undefined. */
export type Figures = Map<string, number | null>

const seed = 20240601
const resamples = 2000

/** So many resamples are not affordable: clusters are told by their robust errors. */
const tooMany = 1e9

const fairnessRules = ({ fairness }: DataSet) => {
  if (fairness === null) return {}
  const { reference, ...rest } = fairness
  const measures = fairnessMeasure.options.map(name => [name, name.endsWith('ratio') ? { min: 0 } : { max: 1 }])
  return { fairness: { region: { ...rest, ...(reference === null ? {} : { reference }), ...Object.fromEntries(measures) } } }
}

const rulesOf = (set: DataSet): ModelConfiguration => {
  const { task, positive, threshold, slice, weighted, clustered, confidence } = set
  return configuration.parse({
    models: {
      model: {
        task,
        primary: 'any',
        gates: {},
        confidence,
        predictions: {
          file: 'predictions.csv',
          ...(positive === null ? {} : { positive }),
          ...(threshold === null ? {} : { threshold }),
          ...(weighted ? { columns: { weight: 'weight' } } : {}),
          ...(clustered ? { cluster: 'customer' } : {}),
        },
        ...(slice === null ? {} : { slices: { [slice]: {} } }),
        ...fairnessRules(set),
      },
    },
  }).models.model as ModelConfiguration
}

/** The metric, and what it last said of its standard error, which estimates leave out. */
const observed = (metric: Metric) => {
  const last: { measured: Measured | null } = { measured: null }
  const watched: Metric = {
    ...metric,
    support: sample => metric.support(sample),
    measure: (sample, method) => {
      last.measured = metric.measure(sample, method)
      return last.measured
    },
    compare: (challenger, champion, method) => metric.compare(challenger, champion, method),
  }
  return { watched, last }
}

const measure = (metric: Metric, sample: Sample, method: Method, subject: string, into: Figures) => {
  const { watched, last } = observed(metric)
  const estimate = estimateOf(watched, sample, method)
  const { value, low, high } = estimate
  for (const [what, figure] of Object.entries({ value, low, high })) into.set(`${subject}/${metric.name}/${what}`, figure)
  const error = last.measured !== null && 'error' in last.measured ? last.measured.error : Number.NaN
  into.set(`${subject}/${metric.name}/error`, error !== undefined && Number.isFinite(error) ? error : null)
  return estimate
}

const writeDifference = (found: Difference, at: string, into: Figures): void => {
  const { value, low, high, p, statistic, detectable } = found
  for (const [what, figure] of Object.entries({ value, low, high, p, statistic, detectable })) into.set(`${at}/${what}`, figure)
}

const writeFairness = (set: DataSet, rules: ModelConfiguration, challenger: Predictions, method: Method, into: Figures): void => {
  const { judged, blocked } = judgeFairness(rules, challenger, { method, noRows: '' } as Sources)
  if (blocked.length > 0) throw new Error(`${set.name}: ${blocked.join('; ')}`)
  const write = (at: string, { value, low, high }: Estimate): void => {
    into.set(`${at}/value`, value).set(`${at}/low`, low).set(`${at}/high`, high)
  }
  for (const { measure, estimate, groups } of judged) {
    write(`fairness/${measure}`, estimate)
    for (const { value, rates } of groups) for (const { name, estimate: rate } of rates) write(`fairness ${value}/${name}`, rate)
  }
}

/** Of several classes, so many have their own precision, recall and F1 compared. */
const single = 2

/** Compared as two independent samples too. */
const independent = new Set(
  'accuracy recall false_positive_rate precision roc_auc average_precision log_loss brier roc_auc_ovr roc_auc_ovo_weighted mae mse rmse r2 median_ae'.split(
    ' ',
  ),
)

/** Every figure that Refline has on a data set, by the way it goes in production: files, reader, join, metrics. */
export const ourFigures = async (folder: string, set: DataSet): Promise<Figures> => {
  const figures: Figures = new Map()
  const rules = rulesOf(set)
  const read = (model: string) => readPredictions(join(folder, set.name, `${model}.csv`), rules)
  const challenger = await read('challenger')
  const pairing = pair(challenger, await read('champion'))
  if (!pairing.paired) throw new Error(`${set.name} cannot be paired: ${pairing.reason}`)
  const names = metricNames(set.task, set.task === 'multiclass' ? pairing.challenger.classes.slice(0, single) : [])
  for (const name of names) {
    const metric = metricOf(name, set.task) as Metric
    const method = { confidence: set.confidence, seed, resamples: set.robust && name !== 'ece' ? tooMany : resamples }
    const ours = { sample: pairing.challenger, estimate: measure(metric, pairing.challenger, method, 'challenger', figures) }
    const theirs = { sample: pairing.champion, estimate: measure(metric, pairing.champion, method, 'champion', figures) }
    writeDifference(differenceOf(metric, ours, theirs, method), `difference/${name}`, figures)
    if (independent.has(name) && !set.clustered)
      writeDifference(independentDifferenceOf(metric, ours, theirs, method), `independent/${name}`, figures)
    if (set.slice === null) continue
    for (const { value, rows } of groupsOf(challenger, set.slice, `slices.${set.slice}`))
      measure(metric, partOf(pairing.challenger, rows), method, `${set.slice}=${value}`, figures)
  }
  if (set.fairness !== null) writeFairness(set, rules, challenger, { confidence: set.confidence, seed, resamples }, figures)
  return figures
}
