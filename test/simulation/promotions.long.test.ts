import { afterAll, describe, expect, it } from 'vitest'
import { uniform } from '../../src/core/statistics/random.ts'
import { clusterCount, clusteredWorlds, tooSure, worlds } from './latent-scores.ts'
import { type CellResult, compare, runCell } from './promotions.ts'

// `npm run test:long`. Every trial draws a holdout of n rows, compares two models on it by the default rule (superior on the primary metric at 95 %) and counts whether
// the challenger would go live.
const trials = 4000
const pilot = { rounds: 3, trials: 1500 }
const results: CellResult[] = []

const percent = (count: number): string => `${((100 * count) / trials).toFixed(2)} %`

afterAll(() => {
  const lines = results.map(({ name, n, equal, better, truth }) =>
    [
      name.padEnd(38),
      n.toLocaleString('en').padStart(6),
      percent(equal.promoted).padStart(9),
      percent(better.promoted).padStart(9),
      truth.toFixed(5).padStart(10),
      better.detectable.toFixed(5).padStart(10),
    ].join('  '),
  )
  const head = ['metric'.padEnd(38), '     n', '    equal', '   better', '  ahead by', '   printed'].join('  ')
  console.log(
    `Promotions in ${trials.toLocaleString('en')} trials: of equal models (at most 4 %), and of one that is ahead by the minimum detectable difference (77-83 %)\n${[head, ...lines].join('\n')}`,
  )
})

describe.each([200, 2000, 20_000])('%i rows', n => {
  it.each(Object.entries({ ...worlds, ...tooSure }))('%s', (name, world) => {
    const found = runCell(name, world, n, trials, pilot)
    results.push(found)
    expect(found.equal.promoted / trials, 'equal models').toBeLessThanOrEqual(0.04)
    expect(found.better.promoted / trials, 'ahead by the detectable difference').toBeGreaterThanOrEqual(0.77)
    expect(found.better.promoted / trials, 'ahead by the detectable difference').toBeLessThanOrEqual(0.83)
    // What they were ahead by is what was printed, or the rate would say nothing of it.
    expect(Math.abs(found.better.detectable / found.truth - 1), 'printed, to true difference').toBeLessThan(0.03)
  })
})

describe('equal models on 400 rows in clusters', () => {
  const lines: string[] = []
  afterAll(() => {
    console.log(
      `Promotions of equal models, 400 rows in ${clusterCount} clusters: by the clusters (at most 4 %), and if the rows were taken for independent\n${lines.join('\n')}`,
    )
  })
  it.each(Object.entries(clusteredWorlds))('%s', (name, { metric, draw }) => {
    const random = uniform(23)
    let [clustered, naive] = [0, 0]
    for (let trial = 0; trial < trials; trial++) {
      const [challenger, champion] = draw(random, 400, 0)
      if (compare(metric, challenger, champion).promoted) clustered++
      if (compare(metric, { ...challenger, clusters: null }, { ...champion, clusters: null }).promoted) naive++
    }
    lines.push([name.padEnd(38), percent(clustered).padStart(9), percent(naive).padStart(9)].join('  '))
    expect(clustered / trials).toBeLessThanOrEqual(0.04)
    expect(naive / trials, 'rows that are taken for independent').toBeGreaterThan(0.04)
  })
})
