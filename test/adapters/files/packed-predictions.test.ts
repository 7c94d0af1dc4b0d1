import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readPredictions } from '../../../src/adapters/files/predictions.ts'
import { UserError } from '../../../src/core/errors.ts'
import { endingOf, formatOf } from '../../../src/core/evaluation/file-formats.ts'
import { NumberBuilder } from '../../../src/core/evaluation/number-column.ts'
import { textAt } from '../../../src/core/evaluation/predictions.ts'
import { rulesForStored, storedPredictions } from '../../../src/core/evaluation/stored-predictions.ts'
import { rulesOf } from '../../core/evaluation/fixtures.ts'
import { temporaryFolder } from '../../support/temporary.ts'

const gates = { roc_auc: { min: 0.5 } }
const read = async (content: string | Uint8Array, name: string, section: Record<string, unknown> = {}) => {
  await using folder = await temporaryFolder()
  await writeFile(folder.join(name), content)
  return await readPredictions(folder.join(name), rulesOf({ gates, predictions: { file: name }, ...section }))
}

const rows = 60_000
/** Numbers that nobody would call random and no packing makes much shorter. */
const score = (row: number): number => createHash('sha256').update(`${row}`).digest().readUInt32BE() / 2 ** 32
const csv = `id,label,score,"no, ""te"""\n${Array.from({ length: rows }, (_, row) =>
  row % 5000 === 7 ? `"c,${row}",1,${score(row)},"two\nlines ""é"""\r\n` : `c${row},${row % 2},${score(row)},x${'y'.repeat(row % 40)}\n`,
).join('')}`
const jsonl = Array.from({ length: 3000 }, (_, row) => `${JSON.stringify({ id: `c${row}`, label: row % 2, score: score(row) })}\n`).join('')

describe('packed predictions', () => {
  it.each([
    ['p.csv', csv],
    ['p.csv.gz', gzipSync(csv)],
    ['P.CSV.GZ', gzipSync(csv, { level: 1 })],
    ['p.csv.zst', zstdCompressSync(csv)],
  ])('%s says the same over many pieces', async (name, content) => {
    const found = await read(content, name)
    expect(found.rows).toBe(rows)
    for (const row of [0, 1, 6, 7, 8, 5006, 5007, 5008, 31_234, rows - 1]) {
      expect(textAt(found.ids, row)).toBe(row % 5000 === 7 ? `c,${row}` : `c${row}`)
      expect(found.scores?.[row]).toBe(score(row))
      expect(found.labels[row]).toBe(row % 5000 === 7 ? 1 : row % 2)
    }
    const before = Math.floor((rows - 1 - 7) / 5000) + 1
    expect(found.source.lines?.[rows - 1]).toBe(rows + 1 + before)
  })
  it.each([
    ['p.jsonl.gz', gzipSync(jsonl)],
    ['p.ndjson.gz', gzipSync(jsonl)],
    ['p.jsonl.zst', zstdCompressSync(jsonl)],
  ])('%s', async (name, content) => {
    const found = await read(content, name)
    expect([found.rows, textAt(found.ids, 2999), found.scores?.[2999]]).toEqual([3000, 'c2999', score(2999)])
  })
  it('name their line and column where a field is wrong', async () => {
    const error = await read(gzipSync(csv.replace(`c40000,0,${score(40_000)}`, 'c40000,0,high')), 'p.csv.gz').catch(
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(UserError)
    expect((error as UserError).message).toBe('1 bad field: line 40010, column score is no number')
    expect((error as UserError).place).toEqual({ file: 'p.csv.gz', line: 40_010 })
  })
  it('keep their whole ending where they are kept', () => {
    expect(['out/p.CSV.gz', 'p.csv', 'a.b/p.jsonl.zst', 'p.parquet', 'p.ndjson.gz', 'p.txt', 'a.b/p'].map(endingOf)).toEqual([
      '.csv.gz',
      '.csv',
      '.jsonl.zst',
      '.parquet',
      '.ndjson.gz',
      '.txt',
      '',
    ])
    expect(formatOf('p.ndjson.gz')).toEqual({ ending: '.ndjson.gz', format: 'jsonl', packing: 'gz' })
    expect(['p.gz', 'p.csv.bz2', 'p.parquet.gz', 'p.csv.gz.zst', 'csv'].map(formatOf)).toEqual([null, null, null, null, null])
  })
})

describe('bad fields', () => {
  it('are shown in the order of the file, whatever their column', async () => {
    const text = 'id,label,score\na,1,x\n,1,0.5\nb,1\nc,,y\nd,1,0.5\n'
    const error = (await read(text, 'p.csv').catch((thrown: unknown) => thrown)) as UserError
    expect(error.message).toBe(
      '5 bad fields: line 2, column score is no number; line 3, column id is empty; line 4 has 2 fields, the header 3; line 5, column label is empty; line 5, column score is no number',
    )
  })
  it('of which there are many are counted in all columns and batches', async () => {
    const text = `id,label,score\n${'a,,x\nb,1\n'.repeat(30_000)}`
    const { message, place } = (await read(text, 'p.csv').catch((thrown: unknown) => thrown)) as UserError
    expect(message).toMatch(/^90,000 bad fields: line 2, column label is empty; line 2, column score is no number; line 3 has 2 fields/)
    expect(message).toMatch(/ and 89,980 more$/)
    expect(place?.line).toBe(2)
  })
})

describe('numbers', () => {
  const parsed = (texts: readonly string[]): Float64Array => {
    const builder = new NumberBuilder()
    const bytes = new TextEncoder().encode(texts.join(''))
    const ends = Int32Array.from(texts)
    let at = 0
    for (const [index, text] of texts.entries()) {
      at += text.length
      ends[index] = at
    }
    const starts = Int32Array.from(texts, (text, index) => (ends[index] as number) - text.length)
    builder.addFields({ bytes, starts, ends, width: 1, rows: texts.length }, 0, (row, what) => {
      throw new Error(`${texts[row]} ${what}`)
    })
    return builder.build()
  }
  const digits = fc.stringMatching(/^[0-9]{1,22}$/)
  const written = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    fc.double({ min: 0, max: 1, noNaN: true }).map(value => value.toPrecision(17)),
    // Half way between two neighbours, or next to it: what rounding is hardest for.
    fc.double({ min: 1e-6, max: 1e6, noNaN: true }).map(value => {
      const next = new Float64Array([value])
      const bits = new BigUint64Array(next.buffer)
      bits[0] = (bits[0] as bigint) + 1n
      return ((value + (next[0] as number)) / 2).toPrecision(18)
    }),
    fc.tuple(digits, digits).map(([whole, part]) => `${whole}.${part}`),
    fc.tuple(digits, fc.integer({ min: -30, max: 30 })).map(([whole, exponent]) => `-${whole}e${exponent}`),
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 62n }).map(String),
  )
  it('are rounded as `Number` rounds, to the last bit', () => {
    fc.assert(
      fc.property(fc.array(written, { minLength: 1, maxLength: 50 }), texts => {
        const found = parsed(texts)
        for (const [index, text] of texts.entries()) expect([text, found[index]]).toEqual([text, Number(text)])
      }),
      { numRuns: 2000, seed: 20240601 },
    )
  })
  it.each([
    ['9007199254740993', 9007199254740992],
    ['9007199254740993.00000', 9007199254740992],
    ['0.1000000000000000055511151231257827', 0.1],
    ['123456789012345678', 123456789012345680],
    ['-0', -0],
    ['-0.00', -0],
    ['.5', 0.5],
    ['5.', 5],
    ['1E-05', 0.00001],
    ['+1.5', 1.5],
    ['0.30000000000000004', 0.30000000000000004],
    ['2.2250738585072011e-308', 2.225073858507201e-308],
  ])('%s', (text, value) => {
    expect(Object.is(parsed([text])[0], value)).toBe(true)
  })
})

describe('Parquet with 32-bit scores', () => {
  const fixture = (name: string) => readFile(new URL(`../../fixtures/predictions/${name}.parquet`, import.meta.url))
  it('says so, and still does when it was stored beside a version', async () => {
    const section = { predictions: { file: 'p.parquet', columns: { weight: 'w' } } }
    const found = await read(await fixture('float-brotli'), 'p.parquet', section)
    expect(found.singlePrecision).toBe(true)
    expect([...(found.scores ?? [])]).toEqual([Math.fround(0.1), 1, Math.fround(0.7)])
    expect([...(found.weights ?? [])]).toEqual([1, 0.5, 2])
    const rules = rulesOf({ gates, ...section })
    const stored = [...(storedPredictions(found, rules) ?? [])].join('')
    const { predictions } = rulesForStored(rules)
    const again = await read(stored, 'p.csv', { predictions: { ...(predictions as object), file: 'p.csv' } })
    expect([again.singlePrecision, again.scores, again.weights]).toEqual([true, found.scores, found.weights])
    expect((await read('id,label,score\na,0,0.5\nb,1,0.5\n', 'p.csv')).singlePrecision).toBe(false)
  })
  it('in a packing that is not read is refused by its name', async () => {
    const error = await read(await fixture('float-lz4'), 'p.parquet').catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(UserError)
    expect((error as UserError).message).toMatch(/cannot be read as Parquet.*LZ4/)
  })
})
