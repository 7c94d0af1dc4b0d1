import { writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { danfo, dataFrameOf } from '../../../src/adapters/checks/data-frame.ts'
import { readPredictions } from '../../../src/adapters/files/predictions.ts'
import { parseConfiguration } from '../../../src/core/configuration/parse.ts'
import type { ModelConfiguration } from '../../../src/core/configuration/schema.ts'
import type { Predictions } from '../../../src/core/evaluation/predictions.ts'
import { temporaryFolder } from '../../support/temporary.ts'

const read = async (text: string, task: string, more = ''): Promise<Predictions> => {
  await using folder = await temporaryFolder()
  await writeFile(folder.join('p.csv'), text)
  const model = `    task: ${task}\n    predictions: { file: p.csv }\n    primary: ${task === 'regression' ? 'rmse' : 'accuracy'}\n    gates: {}\n${more}`
  return readPredictions(folder.join('p.csv'), parseConfiguration(`models:\n  m:\n${model}`, 'refline.yml').models.m as ModelConfiguration)
}

describe('predictions as a data frame', () => {
  it('have the columns by their roles, exact cells, and text where text stood', async () => {
    const rows = await read(
      'id,label,score,region\n007,1,0.1,EU\n9007199254740993,0,0.30000000000000004,007\n',
      'binary',
      '    slices: { region: {} }\n',
    )
    const frame = dataFrameOf(rows)
    expect(frame.columns).toEqual(['id', 'label', 'score', 'region'])
    expect(frame.dtypes).toEqual(['string', 'float32', 'float32', 'string'])
    expect(frame.values).toEqual([
      ['007', 1, 0.1, 'EU'],
      ['9007199254740993', 0, 0.30000000000000004, '007'],
    ])
  })
  it('have classes of words as text and a column for the probability of each', async () => {
    const frame = dataFrameOf(await read('id,label,prediction,score_cat,score_dog\na,cat,dog,0.4,0.6\nb,dog,dog,0.1,0.9\n', 'multiclass'))
    expect(frame.columns).toEqual(['id', 'label', 'prediction', 'probability_cat', 'probability_dog'])
    expect(frame.values[0]).toEqual(['a', 'cat', 'dog', 0.4, 0.6])
  })
  it('have numbers for regression', async () => {
    expect(dataFrameOf(await read('id,label,prediction\na,1.5,2.5\nb,-1,0\n', 'regression')).values).toEqual([
      ['a', 1.5, 2.5],
      ['b', -1, 0],
    ])
  })
  it('have weights, the numbers of clusters, and another name for a slice whose own is taken', async () => {
    const rows = await read('id,label,score\na,1,0.5\nb,0,0.25\n', 'binary')
    const frame = dataFrameOf({
      ...rows,
      weights: Float64Array.of(2, 1),
      clusters: Uint32Array.of(0, 1),
      slices: new Map([['score', { codes: Uint16Array.of(1, 0), values: ['low', 'high'] }]]),
    })
    expect(frame.columns).toEqual(['id', 'label', 'score', 'weight', 'cluster', 'slice_score'])
    expect(frame.values[0]).toEqual(['a', 1, 0.5, 2, 0, 'high'])
  })
})

describe('danfojs-node without what is not in the registry', () => {
  const frame = new danfo.DataFrame({ a: [1, 2, 4], b: [4, 5, 7] })
  const other = new danfo.DataFrame({ a: [2, 2, 2], b: [4, 4, 4] })
  it.each(['add', 'sub', 'mul', 'div', 'pow', 'mod'] as const)('calculates with whole frames: %s', operation => {
    const by = { add: (x: number, y: number) => x + y, sub: (x: number, y: number) => x - y, mul: (x: number, y: number) => x * y }
    const more = { div: (x: number, y: number) => x / y, pow: (x: number, y: number) => x ** y, mod: (x: number, y: number) => x % y }
    const expected = (frame.values as number[][]).map((row, index) =>
      row.map((cell, column) => ({ ...by, ...more })[operation](cell, (other.values as number[][])[index]?.[column] as number)),
    )
    expect(frame[operation](other).values).toEqual(expected.map(row => row.map(Math.fround)))
  })
  it.each(['gt', 'lt', 'ge', 'le', 'eq', 'ne'] as const)('compares whole frames: %s', operation => {
    const truth = { gt: [0, 0, 1], lt: [1, 0, 0], ge: [0, 1, 1], le: [1, 1, 0], eq: [0, 1, 0], ne: [1, 0, 1] }[operation]
    expect((frame[operation](other).values as unknown as number[][]).map(row => Number(row[0]))).toEqual(truth)
  })
  it('finds the greatest and the least, and describes', () => {
    expect(frame.a.argMax()).toBe(2)
    expect(frame.a.argMin()).toBe(0)
    expect(frame.a.std()).toBeCloseTo(Math.sqrt(7 / 3), 12)
    expect(frame.describe().shape).toEqual([7, 2])
    expect(frame.T.shape).toEqual([2, 3])
  })
  it('refuses Excel files and addresses in words', async () => {
    expect(() => danfo.toExcel(frame, { filePath: 'x.xlsx' })).toThrow('reads and writes no Excel files here')
    await expect(danfo.readCSV('https://example.org/a.csv')).rejects.toThrow('reads no addresses here')
  })
  it('is 32-bit in frames and 64-bit in series, as the documentation of train says', () => {
    const large = new danfo.DataFrame({ a: [16777217] })
    expect(large.add(new danfo.DataFrame({ a: [0] })).values).toEqual([[16777216]])
    expect(large.a.add(0).values).toEqual([16777217])
  })
})
