import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Task } from '../../src/core/evaluation/predictions.ts'
import { drawNormal, type Uniform, uniform } from '../../src/core/statistics/random.ts'

/** One holdout with the predictions of two models, as two CSV files that both sides read; the champion's rows stand in another order. */
export interface DataSet {
  readonly name: string
  readonly seed: number
  readonly task: Task
  /** What is special about it, for the tally. */
  readonly traits: readonly string[]
  readonly confidence: number
  readonly positive: string | null
  readonly threshold: number | null
  readonly slice: string | null
}

type Cell = string | number

/** Columns of one model's file, without id, label and slice. */
type Columns = Readonly<Record<string, readonly Cell[]>>

const pick = <T>(random: Uniform, from: readonly T[]): T => from[Math.floor(random() * from.length)] as T
const times = <T>(count: number, of: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => of(index))
const sigmoid = (value: number): number => 1 / (1 + Math.exp(-value))

/** Mostly small, up to 5,000. */
const sizeOf = (random: Uniform): number => Math.min(5000, Math.floor(5 * 10 ** (3 * random() ** 1.5)))

const shuffled = (random: Uniform, count: number): number[] => {
  const order = times(count, index => index)
  for (let last = count - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    ;[order[last], order[other]] = [order[other] as number, order[last] as number]
  }
  return order
}

const write = (
  folder: string,
  random: Uniform,
  set: DataSet,
  labels: readonly Cell[],
  models: { readonly challenger: Columns; readonly champion: Columns },
): DataSet => {
  mkdirSync(join(folder, set.name), { recursive: true })
  const groups = labels.map(() => pick(random, ['EU', 'EU', 'EU', 'US', 'US', 'Zürich']))
  for (const [model, columns] of Object.entries(models)) {
    const order = model === 'champion' ? shuffled(random, labels.length) : times(labels.length, index => index)
    const lines = order.map(row => [`r${row}`, labels[row], groups[row], ...Object.values(columns).map(column => column[row])].join(','))
    const header = ['id', 'label', 'region', ...Object.keys(columns)].join(',')
    writeFileSync(join(folder, set.name, `${model}.csv`), `${[header, ...lines].join('\n')}\n`)
  }
  return set
}

const common = (seed: number, task: Task, random: Uniform) => ({
  name: `${task}-${seed}`,
  seed,
  task,
  confidence: pick(random, [0.95, 0.95, 0.95, 0.9, 0.99, 0.8]),
  slice: random() < 0.2 ? 'region' : null,
})

const prevalences = { half: 0.5, third: 0.3, rare: 0.1, 'heavy imbalance': 0.01, 'one class': 0, 'only positive': 1 } as const
const scoreKinds = [
  'continuous',
  'continuous',
  'continuous',
  'ties',
  'constant scores',
  'scores of 0 and 1',
  'perfect',
  'inverted',
  'no probabilities',
  'bin edges',
  'scores near 0 and 1',
] as const

const scoreOf = (kind: (typeof scoreKinds)[number], skill: number, label: number, random: Uniform): number => {
  const raw = sigmoid((label * 2 - 1) * skill + drawNormal(random))
  if (kind === 'ties') return Math.round(raw * 8) / 8
  if (kind === 'constant scores') return 0.3
  if (kind === 'scores of 0 and 1') return raw < 0.25 ? 0 : raw > 0.75 ? 1 : raw
  if (kind === 'perfect') return 0.3 * raw + label * 0.6
  if (kind === 'inverted') return 0.3 * raw + (1 - label) * 0.6
  if (kind === 'no probabilities') return 8 * raw - 4
  if (kind === 'bin edges') return Math.round(raw * 15) / 15
  if (kind === 'scores near 0 and 1') return raw < 0.4 ? 10 ** (-20 * random()) : raw > 0.6 ? 1 - 10 ** (-17 * random()) : raw
  return raw
}

const names = [
  ['0', '1'],
  ['false', 'true'],
  ['stays', 'leaves'],
] as const

const binary = (seed: number, folder: string): DataSet => {
  const random = uniform(seed)
  const rows = sizeOf(random)
  const prevalence = pick(random, [
    'half',
    'half',
    'half',
    'third',
    'third',
    'rare',
    'heavy imbalance',
    'one class',
    'only positive',
  ] as const)
  const [negative, positive] = pick(random, names)
  const labels = times(rows, () => (random() < prevalences[prevalence] ? 1 : 0))
  const kinds = [pick(random, scoreKinds), pick(random, scoreKinds)] as const
  const own = random() < 0.3
  const model = (kind: (typeof scoreKinds)[number]): Columns => {
    const skill = pick(random, [0, 0.3, 0.8, 1.5])
    const score = labels.map(label => scoreOf(kind, skill, label, random))
    return own ? { score, prediction: score.map(value => (value >= 0.5 !== random() < 0.05 ? positive : negative)) } : { score }
  }
  const challenger = model(kinds[0])
  const same = random() < 0.1
  const champion = same ? challenger : model(kinds[1])
  const set: DataSet = {
    ...common(seed, 'binary', random),
    traits: [prevalence, ...kinds, ...(same ? ['identical models'] : [])],
    positive: positive === 'leaves' ? positive : null,
    threshold: own ? null : pick(random, [0.5, 0.5, 0.2]),
  }
  const text = labels.map(label => (label === 1 ? positive : negative))
  return write(folder, random, set, text, { challenger, champion })
}

const multiclassKinds = [
  'continuous',
  'continuous',
  'ties',
  'constant scores',
  'scores of 0 and 1',
  'no probabilities',
  'not normalised',
] as const

const probabilitiesOf = (
  kind: (typeof multiclassKinds)[number],
  skill: number,
  label: number,
  width: number,
  random: Uniform,
): number[] => {
  if (kind === 'constant scores') return times(width, () => 1 / width)
  const raw = times(width, index => Math.exp((index === label ? skill : 0) + drawNormal(random)))
  const total = raw.reduce((sum, value) => sum + value, 0)
  const shares = raw.map(value => value / total)
  if (kind === 'scores of 0 and 1') return shares.map(share => (share === Math.max(...shares) ? 1 : 0))
  if (kind === 'no probabilities') return raw.map(value => Math.log(value))
  if (kind === 'not normalised') return shares.map(share => share * 0.9)
  if (kind === 'ties') {
    const parts = shares.map(share => Math.floor(share * 8))
    const first = parts.indexOf(Math.max(...parts))
    parts[first] = (parts[first] as number) + 8 - parts.reduce((sum, part) => sum + part, 0)
    return parts.map(part => part / 8)
  }
  return shares
}

const multiclass = (seed: number, folder: string): DataSet => {
  const random = uniform(seed)
  const rows = sizeOf(random)
  const width = pick(random, [2, 3, 3, 4, 6])
  const classes = ['ant', 'bee', 'Käfer', '7', 'wasp', 'fly'].slice(0, width)
  const shape = pick(random, ['balanced', 'balanced', 'skewed', 'absent label', 'one class'] as const)
  const draw = (): number => {
    if (shape === 'one class') return 0
    const index = Math.floor((shape === 'skewed' ? random() ** 4 : random()) * width)
    return shape === 'absent label' ? Math.min(index, width - 2) : index
  }
  const labels = times(rows, draw)
  const content = pick(random, ['prediction', 'probabilities', 'both'] as const)
  const neverPredicted = random() < 0.2
  const model = (kind: (typeof multiclassKinds)[number]): Columns => {
    const skill = pick(random, [0, 1, 2.5])
    const shares = labels.map(label => probabilitiesOf(kind, skill, label, width, random))
    const likeliest = shares.map(row => row.indexOf(Math.max(...row))).map(index => (neverPredicted && index === 1 ? 0 : index))
    const columns = Object.fromEntries(classes.map((name, index) => [`p_${name}`, shares.map(row => row[index] as number)]))
    return {
      ...(content === 'probabilities' ? {} : { prediction: likeliest.map(index => classes[index] as string) }),
      ...(content === 'prediction' ? {} : columns),
    }
  }
  const kinds = [pick(random, multiclassKinds), pick(random, multiclassKinds)] as const
  const challenger = model(kinds[0])
  const same = random() < 0.1
  const champion = same ? challenger : model(kinds[1])
  const set: DataSet = {
    ...common(seed, 'multiclass', random),
    traits: [
      shape,
      ...(content === 'prediction' ? [] : kinds),
      ...(neverPredicted ? ['a class never predicted'] : []),
      ...(same ? ['identical models'] : []),
    ],
    positive: null,
    threshold: null,
  }
  const text = labels.map(label => classes[label] as string)
  return write(folder, random, set, text, { challenger, champion })
}

const labelKinds = ['normal', 'normal', 'heavy tails', 'with zeros', 'whole numbers', 'constant label', 'large offset', 'tiny'] as const
const errorKinds = ['noise', 'noise', 'perfect', 'constant error', 'mean', 'far off', 'mostly exact'] as const

const regression = (seed: number, folder: string): DataSet => {
  const random = uniform(seed)
  const rows = sizeOf(random)
  const kind = pick(random, labelKinds)
  const label = (): number => {
    const z = drawNormal(random)
    if (kind === 'heavy tails') return z * Math.exp(2 * Math.abs(drawNormal(random)))
    if (kind === 'with zeros') return random() < 0.2 ? 0 : z
    if (kind === 'whole numbers') return Math.round(3 * z)
    if (kind === 'constant label') return 0.1
    if (kind === 'large offset') return 1e6 + z
    return kind === 'tiny' ? z * 1e-7 : 10 + 3 * z
  }
  const labels = times(rows, label)
  const scale = kind === 'tiny' ? 1e-7 : 1
  const model = (error: (typeof errorKinds)[number]): Columns => {
    const spread = scale * pick(random, [0.3, 1, 3])
    const guess = (value: number): number => {
      if (error === 'perfect') return value
      if (error === 'constant error') return value + 0.1 * scale
      if (error === 'mean') return kind === 'large offset' ? 1e6 : 0
      if (error === 'far off') return value * 100 - 7
      return error === 'mostly exact' && random() < 0.7 ? value : value + spread * drawNormal(random)
    }
    return { prediction: labels.map(guess) }
  }
  const kinds = [pick(random, errorKinds), pick(random, errorKinds)] as const
  const challenger = model(kinds[0])
  const same = random() < 0.1
  const champion = same ? challenger : model(kinds[1])
  const set: DataSet = {
    ...common(seed, 'regression', random),
    traits: [kind, ...kinds, ...(same ? ['identical models'] : [])],
    positive: null,
    threshold: null,
  }
  return write(folder, random, set, labels, { challenger, champion })
}

const counts = { binary: 200, multiclass: 130, regression: 110 } as const
const makers = { binary, multiclass, regression } as const

/** Writes every data set below `folder`, or only those of one seed. The same seed always gives the same files. */
export const writeDataSets = (folder: string, only: number | null): DataSet[] => {
  const sets: DataSet[] = []
  let seed = 0
  for (const task of ['binary', 'multiclass', 'regression'] as const)
    for (let index = 0; index < counts[task]; index++) {
      seed++
      if (only === null || only === seed) sets.push(makers[task](seed, folder))
    }
  return sets
}
