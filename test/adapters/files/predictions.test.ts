import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readPredictions } from '../../../src/adapters/files/predictions.ts'
import { UserError } from '../../../src/core/errors.ts'
import { textAt } from '../../../src/core/evaluation/predictions.ts'
import { rulesOf } from '../../core/evaluation/fixtures.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'refline-predictions-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const gates = { roc_auc: { min: 0.5 } }
const read = async (content: string | Uint8Array, section: Record<string, unknown> = {}, name = 'predictions.csv') => {
  await writeFile(join(folder, name), content)
  return readPredictions(join(folder, name), rulesOf({ gates, predictions: { file: name }, ...section }))
}
const sliced = { slices: { region: { recall: { min: 0.5 } } } }
const failure = async (promise: Promise<unknown>): Promise<UserError> => {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(UserError)
  return error as UserError
}

describe('CSV', () => {
  it('becomes typed columns', async () => {
    const found = await read('id,label,score,region\nc1,0,0.25,EU\nc2,1,.75,US\nc3,1,1e-3,\n', {
      ...sliced,
      predictions: { file: 'predictions.csv', threshold: 0.5 },
    })
    expect(found).toMatchObject({ rows: 3, classes: ['0', '1'], threshold: 0.5, problem: null })
    expect([...found.labels]).toEqual([0, 1, 1])
    expect([...(found.scores ?? [])]).toEqual([0.25, 0.75, 0.001])
    expect([...(found.predicted ?? [])]).toEqual([0, 1, 0])
    expect([0, 1, 2].map(row => textAt(found.ids, row))).toEqual(['c1', 'c2', 'c3'])
    expect(found.slices.get('region')?.values).toEqual(['EU', 'US', '__missing__'])
  })
  it('takes quotes, line breaks in them, CRLF, a byte order mark, blank lines and no last line end', async () => {
    const text = '\ufeffid,label,score,region\r\n"a,""b""\né",1,"0.5","E""U"\r\n\r\nc2,0,-1.5e3,"é"'
    const found = await read(text, sliced)
    expect(found.rows).toBe(2)
    expect(textAt(found.ids, 0)).toBe('a,"b"\né')
    expect(found.slices.get('region')?.values).toEqual(['E"U', 'é'])
    expect([...(found.scores ?? [])]).toEqual([0.5, -1500])
  })
  it('keeps NaN scores and says where they are', async () => {
    const found = await read('id,label,score\na,0,0.1\nb,1,NaN\n\nc,1,\nd,0,0.2\n')
    expect(found.rows).toBe(4)
    expect(found.problem).toBe('2 of 4 scores are NaN, first at predictions.csv line 3, column score')
    expect([...(found.source.lines ?? [])]).toEqual([2, 3, 5, 6])
    expect((await read('id,label,score\na,0,inf\n')).problem).toMatch(/1 of 1 scores is infinite/)
  })
  it('a file without rows is a problem, one without a header an error', async () => {
    expect((await read('id,label,score\n')).problem).toBe('predictions.csv has no rows')
    expect((await failure(read(''))).message).toMatch(/is empty/)
  })
  it('reads labels as they are written', async () => {
    const found = await read('id,label,score\na,False,0.1\nb,True,0.9\n')
    expect(found.classes).toEqual(['false', 'true'])
    expect([...found.labels]).toEqual([0, 1])
    expect([...(await read('id,label,score\na,0.0,0.1\nb,1.0,0.9\n')).labels]).toEqual([0, 1])
    const named = await read('id,label,score\na,yes,0.1\nb,no,0.9\n', { predictions: { file: 'predictions.csv', positive: 'yes' } })
    expect(named.classes).toEqual(['no', 'yes'])
    expect([...named.labels]).toEqual([1, 0])
  })
  it('multiclass: the union of classes, the likeliest where there is no prediction', async () => {
    const task = { task: 'multiclass', primary: 'accuracy' }
    const found = await read('id,label,p_b,p_a\n1,a,0.9,0.1\n2,b,0.8,0.2\n', task)
    expect(found.classes).toEqual(['a', 'b'])
    expect([...(found.predicted ?? [])]).toEqual([1, 1])
    expect(found.probabilities?.map(column => [...column])).toEqual([
      [0.1, 0.2],
      [0.9, 0.8],
    ])
    expect((await read('id,label,prediction\n1,a,c\n2,b,b\n', task)).classes).toEqual(['a', 'b', 'c'])
  })
  it('regression: numbers for labels and predictions', async () => {
    const found = await read('id,label,prediction\n1,10.5,11\n2,-3,-2.25\n', { task: 'regression', primary: 'mae' })
    expect([...found.labels]).toEqual([10.5, -3])
    expect([...(found.predicted ?? [])]).toEqual([11, -2.25])
  })
})

describe('what is wrong is named', () => {
  it.each([
    ['id,label,scores\n1,1,0.5\n', /no column "score"; did you mean "scores"\? \(it has: id, label, scores\)/],
    ['label,score\n1,0.5\n', /no column "id"/],
    ['id,label,score,id\n1,1,0.5,1\n', /"id" stands twice/],
    ['id,label,score\n1,1,0.5\n2,1,high\n3,,0.5\n', /2 bad fields: line 3, column score is no number; line 4, column label is empty/],
    ['id,label,score\n1,1,0.5\n2,nan,0.5\n3,NaN,0.5\n', /2 bad fields: line 3, column label is NaN; line 4, column label is NaN/],
    ['id,label,prediction\n1,1,1\n2,0,nan\n', /line 3, column prediction is NaN/],
    ['id,label,score\n1,1\n', /line 2 has 2 fields, the header 3/],
    ['id,label,score\n,1,0.5\n', /line 2, column id is empty/],
    ['id,label,score\n"a,1,0.5\n', /line 2 opens a quote that is never closed/],
    ['id,label,score\n"a"b,1,0.5\n', /text after a closing quote/],
    ['id,label,score\na,yes,0.5\nb,no,0.5\n', /labels are no, yes: name the positive one/],
    ['id,label,score\na,0,0.5\nb,1,0.5\nc,2,0.5\n', /name the positive one/],
    [Buffer.from('id,label,score\nM\xfcller,1,0.5\n', 'latin1'), /not UTF-8/],
    [Buffer.from('\ufeffid,label,score\n', 'utf16le'), /UTF-16/],
  ])('%j', async (content, message) => {
    const error = await failure(read(content as string))
    expect(error.message).toMatch(message)
    expect(error.place?.file).toBe('predictions.csv')
  })
  it('at most 20 bad rows are shown, all are counted', async () => {
    const rows = Array.from({ length: 1234 }, (_, row) => `r${row},1,bad`).join('\n')
    const { message } = await failure(read(`id,label,score\n${rows}`))
    expect(message).toMatch(/^1,234 bad fields: /)
    expect(message).toMatch(/ and 1,214 more$/)
  })
  it('a missing file, an ending nobody knows', async () => {
    expect((await failure(readPredictions(join(folder, 'nothing.csv'), rulesOf({ gates })))).message).toMatch(
      /no predictions file nothing.csv/,
    )
    expect((await failure(read('x', {}, 'predictions.txt'))).message).toMatch(/must end in/)
  })
})

describe('JSON Lines', () => {
  it('takes the bare NaN that Python writes', async () => {
    const good = await read('{"id": 1, "label": 0, "score": 0.25}\n\n{"label": 1, "id": "b", "score": NaN}\n', {}, 'p.jsonl')
    expect(good.problem).toBe('1 of 2 scores is NaN, first at p.jsonl line 3, column score')
    expect([0, 1].map(row => textAt(good.ids, row))).toEqual(['1', 'b'])
  })
  it('names the line that is no object', async () => {
    const late = '{"id":1,"label":1,"score":1}\n{"id":2,"label":0,"score":0,"prediction":1}\n'
    expect((await failure(read(late, {}, 'p.jsonl'))).message).toMatch(/line 2.*prediction.*is missing in the first row/)
    expect((await failure(read('{"id":1,"label":1,"score":1}\n[1]\n', {}, 'p.jsonl'))).place).toEqual({ file: 'p.jsonl', line: 2 })
    expect((await failure(read('{"id":1,"label":1,"score":1}\n{"id":\n', {}, 'p.jsonl'))).message).toMatch(/not JSON/)
  })
  it('takes names of the prototype as columns like any other', async () => {
    const found = await read('{"id":1,"label":1,"score":1,"__proto__":{"polluted":true}}\n{"id":2,"label":0,"score":0}\n', {}, 'p.jsonl')
    expect(found.rows).toBe(2)
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })
})

describe('Parquet', () => {
  // Written by pyarrow: int64 ids, int32 labels, a score and a region that are null in the last of two row groups.
  it.each(['snappy', 'zstd', 'gzip'])('%s', async codec => {
    const bytes = await readFile(new URL(`../../fixtures/predictions/${codec}.parquet`, import.meta.url))
    const found = await read(bytes, sliced, 'p.parquet')
    expect(found.rows).toBe(3)
    expect([0, 1, 2].map(row => textAt(found.ids, row))).toEqual(['1', '2', '3'])
    expect([...found.labels]).toEqual([0, 1, 1])
    expect([...(found.scores ?? [])]).toEqual([0.1, 0.75, Number.NaN])
    expect(found.slices.get('region')?.values).toEqual(['EU', 'US', '__missing__'])
    expect(found.problem).toBe('1 of 3 scores is NaN, first at p.parquet line 3, column score')
  })
  it('is refused where it is none', async () => {
    expect((await failure(read('id,label,score\n', {}, 'p.parquet'))).message).toMatch(/cannot be read as Parquet/)
  })
})

describe('properties', () => {
  it('whatever text and numbers are written come back, across chunk borders and quoting', async () => {
    const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }).filter(value => value.isWellFormed() && !value.includes('\0'))
    const number = fc.double({ noNaN: true, noDefaultInfinity: true })
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ id: text, label: fc.constantFrom(0, 1), score: number }), { minLength: 1, maxLength: 30 }),
        fc.constantFrom('\n', '\r\n'),
        async (rows, end) => {
          const quoted = (value: string): string => `"${value.replaceAll('"', '""')}"`
          const lines = rows.map(({ id, label, score }) => [quoted(id), label, score].join(','))
          const found = await read(['id,label,score', ...lines, ''].join(end))
          expect(rows.map((_, row) => textAt(found.ids, row))).toEqual(rows.map(({ id }) => id))
          expect([...(found.scores ?? [])]).toEqual(rows.map(({ score }) => score))
        },
      ),
      { numRuns: 100, seed: 1 },
    )
  })
  it('a file of several chunks', async () => {
    const rows = Array.from({ length: 120_000 }, (_, row) => `"row ""${row}""",${row % 2},${row / 7}`)
    const found = await read(['id,label,score', ...rows].join('\n'))
    expect(found.rows).toBe(rows.length)
    expect(textAt(found.ids, 99_999)).toBe('row "99999"')
    expect(found.scores?.every((score, row) => score === row / 7)).toBe(true)
  })
})
