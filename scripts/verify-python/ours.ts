import { join } from 'node:path'
import { readPredictions } from '../../src/adapters/files/predictions.ts'
import { pair } from '../../src/core/comparison/pair.ts'
import { configuration, type ModelConfiguration } from '../../src/core/configuration/schema.ts'
import { groupsOf } from '../../src/core/evaluation/groups.ts'
import {
  type Compared,
  differenceOf,
  estimateOf,
  type Measured,
  type Method,
  type Metric,
} from '../../src/core/evaluation/metrics/metric.ts'
import { metrics } from '../../src/core/evaluation/metrics.ts'
import { partOf, type Sample } from '../../src/core/evaluation/sample.ts'
import type { DataSet } from './data-sets.ts'

/** Figures by `<subject>/<metric>/<what>`; null is undefined. */
export type Figures = Map<string, number | null>

const seed = 20240601
const resamples = 2000

const rulesOf = ({ task, positive, threshold, slice }: DataSet): ModelConfiguration =>
  configuration.parse({
    models: {
      model: {
        task,
        primary: 'any',
        gates: {},
        predictions: { file: 'predictions.csv', ...(positive === null ? {} : { positive }), ...(threshold === null ? {} : { threshold }) },
        ...(slice === null ? {} : { slices: { [slice]: {} } }),
      },
    },
  }).models.model as ModelConfiguration

/** The metric, and what it last said of its standard error, which estimates leave out. */
const observed = (metric: Metric) => {
  const last: { measured: Measured | null; compared: Compared | null } = { measured: null, compared: null }
  const watched: Metric = {
    ...metric,
    support: sample => metric.support(sample),
    measure: (sample, method) => {
      last.measured = metric.measure(sample, method)
      return last.measured
    },
    compare: (challenger, champion, method) => {
      last.compared = metric.compare(challenger, champion, method)
      return last.compared
    },
  }
  return { watched, last }
}

const measure = (metric: Metric, sample: Sample, method: Method, subject: string, into: Figures) => {
  const { watched, last } = observed(metric)
  const estimate = estimateOf(watched, sample, method)
  const { value, low, high } = estimate
  for (const [what, figure] of Object.entries({ value, low, high })) into.set(`${subject}/${metric.name}/${what}`, figure)
  if (last.measured && 'method' in last.measured && last.measured.method === 'bootstrap')
    into.set(`${subject}/${metric.name}/error`, last.measured.error ?? null)
  return estimate
}

const compare = (
  metric: Metric,
  challenger: Parameters<typeof differenceOf>[1],
  champion: Parameters<typeof differenceOf>[2],
  method: Method,
  into: Figures,
): void => {
  const { value, low, high, p, statistic, detectable } = differenceOf(metric, challenger, champion, method)
  for (const [what, figure] of Object.entries({ value, low, high, p, statistic, detectable }))
    into.set(`difference/${metric.name}/${what}`, figure)
}

/** Every figure that Refline has on a data set, by the way it goes in production: files, reader, join, metrics. */
export const ourFigures = async (folder: string, set: DataSet): Promise<Figures> => {
  const figures: Figures = new Map()
  const rules = rulesOf(set)
  const read = (model: string) => readPredictions(join(folder, set.name, `${model}.csv`), rules)
  const challenger = await read('challenger')
  const pairing = pair(challenger, await read('champion'))
  if (!pairing.paired) throw new Error(`${set.name} cannot be paired: ${pairing.reason}`)
  const method = { confidence: set.confidence, seed, resamples }
  for (const metric of metrics.filter(({ tasks }) => tasks.includes(set.task))) {
    const ours = { sample: pairing.challenger, estimate: measure(metric, pairing.challenger, method, 'challenger', figures) }
    const theirs = { sample: pairing.champion, estimate: measure(metric, pairing.champion, method, 'champion', figures) }
    compare(metric, ours, theirs, method, figures)
    if (set.slice === null) continue
    for (const { value, rows } of groupsOf(challenger, set.slice, `slices.${set.slice}`))
      measure(metric, partOf(pairing.challenger, rows), method, `${set.slice}=${value}`, figures)
  }
  return figures
}
