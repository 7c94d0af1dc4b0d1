import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { UserError } from '../../src/core/errors.ts'
import { type Predictions, textAt } from '../../src/core/evaluation/predictions.ts'
import { rulesOf } from '../core/evaluation/fixtures.ts'
import { type Bytes, type CorpusCase, checkMessage, predictionsFile } from './corpus.ts'

export const gated = (gates: Record<string, object>, section: Record<string, unknown> = {}) => rulesOf({ gates, ...section })
export const rules = gated({ roc_auc: { min: 0.5 } })
const regression = gated({ rmse: { max: 1 } }, { task: 'regression', primary: 'rmse' })
const multiclass = gated({ accuracy: { min: 0.1 } }, { task: 'multiclass', primary: 'accuracy' })

const rows = (count: number): string =>
  Array.from({ length: count }, (_, row) => `c${row},${row % 2},${row % 2 === 0 ? 0.2 : 0.8}\n`).join('')
export const csv = (extra = '', count = 20): string => `id,label,score\n${rows(count)}${extra}`

export const refuses = (
  name: string,
  content: Bytes | (() => Bytes),
  refused: RegExp,
  line?: number,
  used = rules,
  as = 'predictions.csv',
): CorpusCase => ({
  name,
  run: predictionsFile(used, content, as),
  refused,
  ...(line === undefined ? {} : { file: as, line }),
})
export const fails = (name: string, content: Bytes, failed: RegExp, used = rules, as = 'predictions.csv'): CorpusCase => ({
  name,
  run: predictionsFile(used, content, as),
  failed,
})
/** Ids, labels and scores that must have been read. */
export const reads = (
  name: string,
  content: Bytes,
  accepted: readonly (readonly [string, number, number])[],
  as = 'predictions.csv',
): CorpusCase => ({
  name,
  run: async folder => {
    const { value, assessment } = await predictionsFile(rules, content, as)(folder)
    const { ids, labels, scores, rows: count } = value as Predictions
    return { value: Array.from({ length: count }, (_, row) => [textAt(ids, row), labels[row], scores?.[row]]), assessment }
  },
  accepted,
})
export const two = [
  ['a', 0, 0.25],
  ['b', 1, 0.75],
] as const

const layout: readonly CorpusCase[] = [
  reads('CRLF', 'id,label,score\r\na,0,0.25\r\nb,1,0.75\r\n', two),
  reads('CR alone', 'id,label,score\ra,0,0.25\rb,1,0.75\r', two),
  reads('a byte order mark', '\ufeffid,label,score\na,0,0.25\nb,1,0.75\n', two),
  reads('no last line end', 'id,label,score\na,0,0.25\nb,1,0.75', two),
  reads('blank lines', '\n\nid,label,score\n\na,0,0.25\n\nb,1,0.75\n\n', two),
  reads('quotes everywhere', '"id","label","score"\n"a","0","0.25"\n"b","1","0.75"\n', two),
  reads('quotes, commas and line ends in an id', 'id,label,score\n"a,""\r\n",0,0.25\nb,1,0.75\n', [['a,"\r\n', 0, 0.25], two[1]]),
  reads('a quote inside an unquoted field', 'id,label,score\na"b,0,0.25\nb,1,0.75\n', [['a"b', 0, 0.25], two[1]]),
  reads('blanks around a number', 'id,label,score\na,0, 0.25 \nb,1,\t0.75\n', two),
  reads('exponents and no leading zero', 'id,label,score\na,0,2.5e-1\nb,1,.75\n', two),
  reads('0 and 1 as 0.0 and 1.0', 'id,label,score\na,0.0,0.25\nb,1.0,0.75\n', two),
  reads('columns in another order', 'score,x,label,id\n0.25,,0,a\n0.75,,1,b\n', two),
  reads('a header in quotes over two lines', '"id","label","score","no\nte"\na,0,0.25,x\nb,1,0.75,y\n', two),
  refuses('a quote that is never closed', `${csv()}"c,1,0.5\n`, /line 22 opens a quote that is never closed/, 22),
  refuses('a quote opened in the header', `"id,label,score\n${rows(5)}`, /line 1 opens a quote that is never closed/, 1),
  refuses('text after a closing quote', csv('"c"x,1,0.5\n'), /line 22 has text after a closing quote/, 22),
  refuses('quotes escaped by a backslash', csv('"c\\"x",1,0.5\n'), /line 22 has text after a closing quote/, 22),
  refuses('a field too few', csv('c,1\n'), /line 22 has 2 fields, the header 3/, 22),
  refuses('a field too many', csv('c,1,0.5,\n'), /line 22 has 4 fields, the header 3/, 22),
  refuses('a decimal comma', csv('c,1,0,5\n'), /line 22 has 4 fields/, 22),
  refuses('25 bad lines, of which 20 are shown', csv('c\n'.repeat(25)), /25 bad fields: .* and 5 more/, 22),
  refuses('semicolons', 'id;label;score\na;0;0.25\n', /no column "id".*it has: id;label;score/, 1),
  refuses('tabs', 'id\tlabel\tscore\na\t0\t0.25\n', /no column "id"/, 1),
  refuses('a preamble', `# made by us\n${csv()}`, /no column "id"/, 1),
  refuses('no header', rows(5), /no column "id"/, 1),
  refuses('a header in capitals', csv().replace('id,label,score', 'ID,LABEL,SCORE'), /no column "id"; did you mean "ID"/, 1),
  refuses('a column twice', 'id,label,score,score\na,0,0.1,0.9\n', /"score" stands twice/, 1),
  refuses('a column twice, once with blanks', 'id,label,score, score \na,0,0.1,0.9\n', /"score" stands twice/, 1),
  refuses('no score', 'id,label\na,0\n', /no column "score"/, 1),
  refuses('no label', 'id,score\na,0.2\n', /no column "label"/, 1),
  refuses(
    'no slice column',
    csv(),
    /no column "region".*slices.region/,
    1,
    gated({ roc_auc: { min: 0.5 } }, { slices: { region: { recall: { min: 0.1 } } } }),
  ),
  refuses('an empty file', '', /is empty/),
  refuses('only line ends', '\n\r\n\n', /is empty/),
  fails('a header alone', 'id,label,score\n', /has no rows|positive/),
  refuses('1,000,000 columns', () => `id,label,score${',x'.repeat(1_000_000)}\n`, /more than 10000 columns/, 1),
  refuses('a line of 40 MB', () => `id,label,score\n${'x'.repeat(40_000_000)}`, /longer than 16777216 bytes|longer than/, 2),
  refuses('40 MB in quotes', () => `id,label,score\n"${'x\n'.repeat(20_000_000)}`, /line 2 is longer than/, 2),
  refuses('an id of 100,000 characters', csv(`${'x'.repeat(100_000)},1,0.5\n`), /line 22, column id is longer than 65536 bytes/, 22),
  refuses('a column name of 5 MB', () => `id,label,${'s'.repeat(5_000_000)}\na,0,0.5\n`, /no column "score"/, 1),
]

const encodings: readonly CorpusCase[] = [
  refuses('UTF-16', Buffer.from(`\ufeff${csv()}`, 'utf16le'), /UTF-16/),
  refuses('UTF-16, other order', Buffer.from(`\ufeff${csv()}`, 'utf16le').swap16(), /UTF-16/),
  refuses('UTF-16 without a mark', Buffer.from(csv(), 'utf16le'), /zero bytes/),
  refuses('latin-1 in an id', Buffer.from(csv('caf\u00e9,1,0.5\n'), 'latin1'), /not UTF-8/),
  refuses('latin-1 after 3 MB', () => Buffer.from(csv('caf\u00e9,1,0.5\n', 200_000), 'latin1'), /not UTF-8 text, somewhere from line/),
  refuses('overlong UTF-8', Buffer.concat([Buffer.from(csv()), Buffer.from([0xc0, 0xaf]), Buffer.from(',1,0.5\n')]), /not UTF-8/),
  refuses('a character cut at the end', Buffer.concat([Buffer.from(csv('c,1,0.5,')), Buffer.from([0xe2, 0x82])]), /not UTF-8|4 fields/),
  refuses('NUL', 'id,label,score\na\u0000,0,0.5\n', /zero bytes/),
  refuses('gzip', gzipSync(csv()), /compressed with gzip/),
  refuses('Parquet called CSV', readFileSync(join(import.meta.dirname, '../fixtures/predictions/snappy.parquet')), /zero bytes|not UTF-8/),
  refuses(
    'binary junk',
    Uint8Array.from({ length: 50_000 }, (_, n) => 1 + ((n * 7919) % 255)),
    /not UTF-8|no column|closing quote|columns|quote/,
  ),
  refuses('a picture', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), /zero bytes|not UTF-8/),
]

const values: readonly CorpusCase[] = [
  ...(
    [
      '0x1F',
      '1_000',
      '0.5f',
      '1e',
      '--1',
      '1.2.3',
      '٠.٥',
      '½',
      'high',
      '0.5%',
      '$1',
      '1 000',
      '"1,000"',
      '1d0',
      '(1)',
      '\u22120.5',
      '[0.5]',
      'e5',
    ] as const
  ).map(text => refuses(`the score ${text}`, csv(`c,1,${text}\n`), /line 22, column score is no number/, 22)),
  ...['', 'nan', 'NaN', 'NA', 'null', 'None', '<NA>'].map(text =>
    fails(`the missing score "${text}"`, csv(`c,1,${text}\n`), /1 of 21 scores is NaN, first at predictions.csv line 22, column score/),
  ),
  ...['inf', '-inf', 'Infinity', '1e999', '-1e400'].map(text =>
    fails(`the score ${text}`, csv(`c,1,${text}\n`), /1 of 21 scores is infinite, first at predictions.csv line 22/),
  ),
  ...['', 'NaN', ' nan '].map(text => refuses(`the label "${text}"`, csv(`c,${text},0.5\n`), /line 22, column label is (empty|NaN)/, 22)),
  refuses('a third label', csv('c,2,0.5\n'), /name the positive one|3 values/),
  refuses(
    'a third label beside a named positive one',
    csv('c,maybe,0.5\n'),
    /the task is binary.*3 values/,
    undefined,
    gated({ roc_auc: { min: 0.5 } }, { predictions: { file: 'predictions.csv', positive: 1 } }),
  ),
  refuses('labels in two spellings', csv('c,yes,0.5\n'), /labels are 0, 1, yes/),
  refuses('labels that nobody named', 'id,label,score\na,good,0.1\nb,bad,0.9\n', /labels are bad, good: name the positive one/),
  refuses(
    '1,001 classes',
    `id,label,prediction\n${Array.from({ length: 1001 }, (_, n) => `${n},k${n},k${n}\n`).join('')}`,
    /line 1002, column label has more than 1000 different values/,
    1002,
    multiclass,
  ),
  refuses('an id twice', csv('c3,1,0.9\n'), /id "c3" stands in lines 5 and 22/, 22),
  refuses('every id the same', 'id,label,score\nx,0,0.1\nx,1,0.9\n', /id "x" stands in lines 2 and 3/, 3),
  refuses('an empty id', csv(',1,0.5\n'), /line 22, column id is empty/, 22),
  refuses('an empty id in quotes', csv('"",1,0.5\n'), /line 22, column id is empty/, 22),
  refuses(
    '201 values of a slice',
    `id,label,score,region\n${Array.from({ length: 201 }, (_, n) => `${n},${n % 2},0.5,r${n}\n`).join('')}`,
    /column region has more than 200/,
    202,
    gated({ roc_auc: { min: 0.1 } }, { slices: { region: { recall: { min: 0.1 } } } }),
  ),
  fails(
    'a score above 1 for log loss',
    csv('c,1,1.0000001\n'),
    /log_loss: undefined never passes: scores are outside \[0, 1\]/,
    gated({ log_loss: { max: 10 } }),
  ),
  fails('a negative score for Brier', csv('c,1,-0.1\n'), /brier: undefined never passes: scores are outside/, gated({ brier: { max: 1 } })),
  fails(
    'percent for log loss',
    csv().replaceAll('0.8', '80').replaceAll('0.2', '20'),
    /outside \[0, 1\]/,
    gated({ log_loss: { max: 100 } }),
  ),
  fails('no predictions where recall is asked for', csv(), /recall: undefined never passes/, gated({ recall: { min: 0.1 } })),
  fails('infinite regression labels', 'id,label,prediction\na,inf,1\nb,1,1\n', /1 of 2 labels is infinite/, regression),
  fails('missing regression predictions', 'id,label,prediction\na,1,\nb,1,1\n', /1 of 2 predictions is NaN/, regression),
  refuses('a text as regression label', 'id,label,prediction\na,one,1\nb,1,1\n', /line 2, column label is no number/, 2, regression),
  fails(
    'probabilities that do not sum to 1',
    'id,label,p_x,p_y\na,x,0.9,0.9\nb,y,0.1,0.9\n',
    /sum to 1.8/,
    gated({ log_loss: { max: 9 } }, { task: 'multiclass', primary: 'log_loss' }),
  ),
  fails(
    'a class without a probability',
    'id,label,p_x,p_y\na,x,0.9,0.1\nb,z,0.1,0.9\n',
    /log_loss: undefined never passes/,
    gated({ log_loss: { max: 9 } }, { task: 'multiclass', primary: 'log_loss' }),
  ),
  fails('a NaN probability', 'id,label,prediction,p_x,p_y\na,x,x,NaN,0.1\nb,y,y,0.1,0.9\n', /scores is NaN/, multiclass),
]

const line = (change: Record<string, unknown> = {}, n = 0): string =>
  `${JSON.stringify({ id: `c${n}`, label: n % 2, score: 0.5, ...change })}\n`
export const jsonl = (extra: string): string => line({}, 0) + line({}, 1) + extra
const inLines = (name: string, content: Bytes | (() => Bytes), refused: RegExp, at?: number): CorpusCase =>
  refuses(`JSONL: ${name}`, content, refused, at, rules, 'predictions.jsonl')

const jsonLines: readonly CorpusCase[] = [
  reads(
    'JSONL: a byte order mark, CRLF and blank lines',
    '\ufeff{"id":"a","label":0,"score":0.25}\r\n\r\n{"id":"b","label":1,"score":0.75}',
    two,
    'predictions.jsonl',
  ),
  inLines('a cut line', jsonl('{"id": "c", "label": 1, "sco'), /the line is not JSON/, 3),
  inLines('a list', jsonl('["c", 1, 0.5]\n'), /not an object/, 3),
  inLines('a number', jsonl('1\n'), /not an object/, 3),
  inLines('a trailing comma', jsonl('{"id": "c", "label": 1, "score": 0.5,}\n'), /the line is not JSON \(expected a key/, 3),
  inLines('one list over several lines', `[\n${line()}]\n`, /the line is not JSON/, 1),
  inLines('a NaN hidden by a second score', jsonl('{"id": "c", "label": 1, "score": NaN, "score": 0.9}\n'), /"score" stands twice/, 3),
  inLines('a score twice', jsonl('{"id": "c", "label": 1, "score": 0.1, "score" : 0.9}\n'), /"score" stands twice/, 3),
  inLines('an object as score', jsonl(line({ score: { value: 1 } }, 2)), /line 3, column score is no number/, 3),
  inLines('a list as id', jsonl(line({ id: ['c'] }, 2)), /line 3, column id is neither/, 3),
  inLines('no id', jsonl(line({ id: undefined }, 2)), /line 3, column id is empty/, 3),
  inLines('null as label', jsonl(line({ label: null }, 2)), /line 3, column label is empty/, 3),
  inLines('only an inherited id', jsonl('{"__proto__": {"id": "c"}, "label": 1, "score": 0.5}\n'), /column id is empty/, 3),
  inLines('an empty file', '', /is empty/),
  inLines('CSV called JSONL', csv(), /the line is not JSON/, 1),
  inLines('latin-1', Buffer.from(jsonl(line({ id: '\u00e9' }, 2)), 'latin1'), /not UTF-8/),
  inLines('UTF-16', Buffer.from(`\ufeff${jsonl('')}`, 'utf16le'), /not UTF-8/),
  inLines('a line of 20 MB', () => jsonl(`{"id": "${'x'.repeat(20_000_000)}"`), /longer than/, 3),
  inLines('100,000 deep', jsonl(`{"id": "c", "x": ${'['.repeat(100_000)}}\n`), /the line is not JSON \(it is nested/, 3),
  fails(
    'JSONL: a bare NaN',
    jsonl('{"id": "c", "label": 1, "score": NaN}\n'),
    /1 of 3 scores is NaN, first at predictions.jsonl line 3/,
    rules,
    'predictions.jsonl',
  ),
  fails(
    'JSONL: a bare -Infinity',
    jsonl('{"id": "c", "label": 1, "score": -Infinity}\n'),
    /1 of 3 scores is infinite/,
    rules,
    'predictions.jsonl',
  ),
  fails('JSONL: no score', jsonl('{"id": "c", "label": 1}\n'), /1 of 3 scores is NaN/, rules, 'predictions.jsonl'),
  reads(
    'JSONL: NaN inside a text stays what it is',
    '{"id":"a","label":0,"score":0.25}\n{"id":", NaN, \\"x\\": 1","label":1,"score":NaN}\n',
    [two[0], [', NaN, "x": 1', 1, Number.NaN]],
    'predictions.jsonl',
  ),
]

const parquet = (name: string): Buffer => readFileSync(join(import.meta.dirname, `../fixtures/predictions/${name}.parquet`))
const inParquet = (name: string, content: Bytes | (() => Bytes), refused: RegExp): CorpusCase =>
  refuses(`Parquet: ${name}`, content, refused, undefined, rules, 'predictions.parquet')
const edited = (name: string, edit: (bytes: Buffer) => void): Buffer => {
  const bytes = Buffer.from(parquet(name))
  edit(bytes)
  return bytes
}
const unreadable = /cannot be read as Parquet|no column|bad field|values for/

const columnar: readonly CorpusCase[] = [
  ...[0, 4, 8, 12, 100, 300].map(length => inParquet(`cut after ${length} bytes`, parquet('snappy').subarray(0, length), unreadable)),
  inParquet('without its last byte', parquet('snappy').subarray(0, -1), unreadable),
  inParquet('without its first half', parquet('snappy').subarray(400), unreadable),
  inParquet('CSV called Parquet', csv(), unreadable),
  inParquet('gzip', gzipSync(csv()), unreadable),
  inParquet(
    'a metadata length of 2^32 - 1',
    edited('snappy', bytes => bytes.writeUInt32LE(0xffffffff, bytes.length - 8)),
    unreadable,
  ),
  inParquet(
    'a metadata length of 0',
    edited('snappy', bytes => bytes.writeUInt32LE(0, bytes.length - 8)),
    unreadable,
  ),
  inParquet(
    'metadata of zeros',
    edited('snappy', bytes => bytes.fill(0, bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8), bytes.length - 8)),
    unreadable,
  ),
  inParquet(
    'metadata of 0xff',
    edited('snappy', bytes => bytes.fill(0xff, bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8), bytes.length - 8)),
    unreadable,
  ),
  inParquet('two magics and nothing else', 'PAR1\u0000\u0000\u0000\u0000PAR1', unreadable),
  inParquet(
    'pages of zeros',
    edited('snappy', bytes => bytes.fill(0, 4, 200)),
    unreadable,
  ),
  inParquet(
    'encrypted',
    edited('snappy', bytes => bytes.write('PARE', bytes.length - 4)),
    unreadable,
  ),
  ...['snappy', 'gzip', 'zstd'].map(
    (codec): CorpusCase => ({
      name: `Parquet: 80 damaged bytes of the ${codec} file, one at a time, end in words`,
      run: async folder => {
        const whole = parquet(codec)
        for (let n = 0; n < 80; n++) {
          const at = (n * 7919 + 17) % whole.length
          const damaged = edited(codec, bytes => bytes.writeUInt8((bytes[at] as number) ^ (1 + (n % 255)), at))
          await predictionsFile(
            rules,
            damaged,
            'predictions.parquet',
          )(folder).catch((error: unknown) => {
            if (!(error instanceof UserError)) throw new Error(`byte ${at} of ${codec}`, { cause: error })
            checkMessage(error.message)
          })
        }
        return { value: 'all in words' }
      },
      accepted: 'all in words',
    }),
  ),
]

const named: readonly CorpusCase[] = [
  refuses('no extension', csv(), /must end in \.csv, \.jsonl .* or \.parquet/, undefined, rules, 'predictions'),
  refuses('.parquet.gz', gzipSync(csv()), /must end in/, undefined, rules, 'predictions.parquet.gz'),
  refuses('.gz alone', gzipSync(csv()), /must end in/, undefined, rules, 'predictions.gz'),
  refuses('.xlsx', csv(), /must end in/, undefined, rules, 'predictions.xlsx'),
  refuses('a pickle', 'cos\nsystem\n', /must end in/, undefined, rules, 'predictions.pkl'),
  { name: 'a folder', run: async folder => predictionsFolder(folder), refused: /there is no predictions file/ },
]

const predictionsFolder = async (folder: string) => {
  const { mkdir } = await import('node:fs/promises')
  const { readPredictions } = await import('../../src/adapters/files/predictions.ts')
  await mkdir(`${folder}/folder.csv`, { recursive: true })
  return { value: await readPredictions(`${folder}/folder.csv`, rules) }
}

export const predictionsCases = [...layout, ...encodings, ...values, ...jsonLines, ...columnar, ...named]
