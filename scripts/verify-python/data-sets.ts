import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Task } from '../../src/core/evaluation/predictions.ts'
import { drawNormal, type Uniform, uniform } from '../../src/core/statistics/random.ts'
import {
  type Cell,
  type Columns,
  type Design,
  designColumns,
  designTraits,
  type Fairness,
  fairnessOf,
  pick,
  plainDesign,
  shuffled,
  singleColumns,
  sizeOf,
  times,
} from './design.ts'

/** One holdout with the predictions of two models, as two CSV files that both sides read; the champion's rows stand in another order. */
export interface DataSet extends Design {
  readonly name: string
  readonly seed: number
  readonly task: Task
  /** What is special about it, for the tally. */
  readonly traits: readonly string[]
  readonly confidence: number
  readonly positive: string | null
  readonly threshold: number | null
  readonly slice: string | null
  /** Is fairness between the regions judged, and how? */
  readonly fairness: Fairness | null
}

const sigmoid = (value: number): number => 1 / (1 + Math.exp(-value))

const write = (
  folder: string,
  random: Uniform,
  set: DataSet,
  labels: readonly Cell[],
  models: { readonly challenger: Columns; readonly champion: Columns },
): DataSet => {
  mkdirSync(join(folder, set.name), { recursive: true })
  const groups = labels.map(() => pick(random, ['EU', 'EU', 'EU', 'US', 'US', 'Zürich']))
  const design = designColumns(set, labels.length)
  for (const [model, exact] of Object.entries(models)) {
    const columns = set.single ? singleColumns(exact) : exact
    const order = model === 'champion' ? shuffled(random, labels.length) : times(labels.length, index => index)
    const lines = order.map(row =>
      [`r${row}`, labels[row], groups[row], ...Object.values({ ...columns, ...design }).map(column => column[row])].join(','),
    )
    const header = ['id', 'label', 'region', ...Object.keys({ ...columns, ...design })].join(',')
    writeFileSync(join(folder, set.name, `${model}.csv`), `${[header, ...lines].join('\n')}\n`)
  }
  return labels.length > 20 ? set : { ...set, traits: [...set.traits, 'at most 20 rows'] }
}

const common = (seed: number, task: Task, random: Uniform, design: Design) => ({
  name: `${task}-${seed}`,
  seed,
  task,
  ...design,
  fairness: fairnessOf(seed, task, design),
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

const binary = (seed: number, folder: string, design: Design): DataSet => {
  const random = uniform(seed)
  const rows = sizeOf(random, design)
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
    ...common(seed, 'binary', random, design),
    traits: [...designTraits({ seed, ...design }), prevalence, ...kinds, ...(same ? ['identical models'] : [])],
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

const multiclass = (seed: number, folder: string, design: Design): DataSet => {
  const random = uniform(seed)
  const rows = sizeOf(random, design)
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
    ...common(seed, 'multiclass', random, design),
    traits: [
      ...designTraits({ seed, ...design }),
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

const regression = (seed: number, folder: string, design: Design): DataSet => {
  const random = uniform(seed)
  const rows = sizeOf(random, design)
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
    ...common(seed, 'regression', random, design),
    traits: [...designTraits({ seed, ...design }), kind, ...kinds, ...(same ? ['identical models'] : [])],
    positive: null,
    threshold: null,
  }
  return write(folder, random, set, labels, { challenger, champion })
}

const makers = { binary, multiclass, regression } as const
const weighted: Design = { ...plainDesign, weighted: true }
const clustered: Design = { ...plainDesign, clustered: true }
const single: Design = { ...plainDesign, single: true }

/** How many sets of each task and design, in the order of their seeds: what is new is appended. */
const plan: readonly (readonly [Task, number, Design])[] = [
  ['binary', 200, plainDesign],
  ['multiclass', 130, plainDesign],
  ['regression', 110, plainDesign],
  ['binary', 60, weighted],
  ['multiclass', 36, weighted],
  ['regression', 36, weighted],
  ...[clustered, { ...clustered, weighted: true }, { ...clustered, robust: true }, { ...clustered, weighted: true, robust: true }].flatMap(
    design =>
      [
        ['binary', 9, design],
        ['multiclass', 6, design],
        ['regression', 6, design],
      ] as const,
  ),
  ['binary', 12, single],
  ['multiclass', 8, single],
]

/** Which sets: only that of one seed, or every so many. */
export interface Selection {
  readonly seed: number | null
  readonly every: number
}

/** Writes the selected data sets below `folder`. The same seed always gives the same files. */
export const writeDataSets = (folder: string, { seed: only, every }: Selection): DataSet[] => {
  const sets: DataSet[] = []
  let seed = 0
  for (const [task, count, design] of plan)
    for (let index = 0; index < count; index++) {
      seed++
      if (only === null ? seed % every === 0 : only === seed) sets.push(makers[task](seed, folder, design))
    }
  return sets
}
