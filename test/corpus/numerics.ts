import { writeFile } from 'node:fs/promises'
import { readPredictions } from '../../src/adapters/files/predictions.ts'
import { rulesOf, runOf } from '../core/evaluation/fixtures.ts'
import { type CorpusCase, judged, predictionsFile } from './corpus.ts'

type Row = readonly [label: number | string, score: number | string]
const csv = (rows: readonly Row[]): string => `id,label,score\n${rows.map(([label, score], n) => `c${n},${label},${score}\n`).join('')}`
const many = (count: number, row: (n: number) => Row): Row[] => Array.from({ length: count }, (_, n) => row(n))
const binary = (gates: Record<string, object>) => rulesOf({ gates, predictions: { file: 'predictions.csv', threshold: 0.5 } })
const regression = (gates: Record<string, object>) => rulesOf({ gates, task: 'regression', primary: Object.keys(gates)[0] ?? 'rmse' })

const fails = (name: string, gates: Record<string, object>, rows: readonly Row[], failed: RegExp): CorpusCase => ({
  name,
  run: predictionsFile(binary(gates), csv(rows)),
  failed,
})
const regressionFails = (name: string, gates: Record<string, object>, rows: readonly Row[], failed: RegExp): CorpusCase => ({
  name: `regression: ${name}`,
  run: predictionsFile(regression(gates), csv(rows)),
  failed,
})
/** The value of the first gated metric, rounded to 12 digits, and the verdict. */
const gives = (
  name: string,
  rules: ReturnType<typeof rulesOf>,
  rows: readonly Row[],
  metric: string,
  accepted: readonly [number | null, string],
): CorpusCase => ({
  name,
  run: async folder => {
    const { assessment } = await predictionsFile(rules, csv(rows))(folder)
    const value = assessment.rows.find(row => row.metric === metric)?.challenger.value ?? null
    return { value: [value === null ? null : Number(value.toPrecision(12)), assessment.verdict] }
  },
  accepted,
})

const auc = { roc_auc: { min: 0.1 } }
const alternating = (count: number, score: (n: number) => number | string): Row[] => many(count, n => [n % 2, score(n)])

const few: readonly CorpusCase[] = [
  fails('no rows', auc, [], /has no rows|never passes/),
  fails('one row', auc, [[1, 0.9]], /roc_auc: undefined never passes/),
  fails(
    'only one class',
    auc,
    many(50, n => [1, n / 50]),
    /roc_auc: undefined never passes/,
  ),
  fails(
    'only the other class',
    auc,
    many(50, n => [0, n / 50]),
    /undefined never passes/,
  ),
  fails(
    'recall without positives',
    { recall: { min: 0 } },
    many(50, n => [0, n / 50]),
    /recall: undefined never passes/,
  ),
  fails(
    'precision without positive predictions',
    { precision: { min: 0 } },
    alternating(50, () => 0.1),
    /precision: undefined never passes/,
  ),
  fails(
    'F1 without positives anywhere',
    { f1: { min: 0 } },
    many(50, () => [0, 0.1]),
    /f1: undefined never passes/,
  ),
  fails(
    'log loss of one class',
    { log_loss: { max: 100 } },
    many(50, () => [1, 0.9]),
    /log_loss: undefined never passes/,
  ),
  fails(
    'average precision without positives',
    { average_precision: { min: 0 } },
    many(50, n => [0, n / 50]),
    /never passes/,
  ),
  fails(
    'MCC without negatives',
    { mcc: { min: -1 } },
    many(50, n => [1, n / 50]),
    /never passes/,
  ),
  regressionFails(
    'R2 of equal labels',
    { r2: { min: -1e9 } },
    many(50, n => [3, n]),
    /r2: undefined never passes/,
  ),
  regressionFails('R2 of one row', { r2: { min: -1e9 } }, [[1, 1]], /r2: undefined never passes/),
  regressionFails('no rows', { rmse: { max: 1e9 } }, [], /has no rows|never passes/),
]

const magnitudes: readonly CorpusCase[] = [
  regressionFails(
    'squares beyond the largest double',
    { rmse: { max: 1e300 } },
    many(50, n => [n % 2 === 0 ? 1e308 : -1e308, n % 2 === 0 ? -1e308 : 1e308]),
    /rmse/,
  ),
  regressionFails(
    'differences beyond the largest double',
    { mae: { max: 1e300 } },
    many(50, n => [n % 2 === 0 ? 1.7e308 : -1.7e308, n % 2 === 0 ? -1.7e308 : 1.7e308]),
    /mae/,
  ),
  regressionFails(
    'R2 of labels whose squares overflow',
    { r2: { min: -1e300 } },
    many(50, n => [n * 1e200, 0]),
    /r2/,
  ),
  gives(
    'regression: subnormal errors',
    regression({ mae: { max: 1 } }),
    many(50, () => ['5e-324', 0]),
    'mae',
    [5e-324, 'pass'],
  ),
  gives(
    'regression: cancellation at 1e15',
    regression({ mae: { max: 1 } }),
    many(50, () => ['1000000000000001', '1000000000000000.5']),
    'mae',
    [0.5, 'pass'],
  ),
  gives(
    'all scores equal',
    binary({ roc_auc: { min: 0.6 } }),
    alternating(400, () => 0.5),
    'roc_auc',
    [0.5, 'fail'],
  ),
  gives(
    'subnormal scores keep their order',
    binary({ roc_auc: { min: 0.9 } }),
    alternating(400, n => (n % 2 === 0 ? '0' : '5e-324')),
    'roc_auc',
    [1, 'pass'],
  ),
  gives(
    'scores that differ in the last bit keep their order',
    binary({ roc_auc: { min: 0.9 } }),
    alternating(400, n => (n % 2 === 0 ? '0.1' : '0.10000000000000002')),
    'roc_auc',
    [1, 'pass'],
  ),
  gives(
    '-0 and 0 are tied',
    binary({ roc_auc: { min: 0.9 } }),
    alternating(400, n => (n % 2 === 0 ? '-0' : '0')),
    'roc_auc',
    [0.5, 'fail'],
  ),
  gives(
    'scores of 1e308',
    binary({ roc_auc: { min: 0.9 } }),
    alternating(400, n => (n % 2 === 0 ? '-1e308' : '1e308')),
    'roc_auc',
    [1, 'pass'],
  ),
  gives(
    'log loss of certain and wrong is finite',
    binary({ log_loss: { max: 1 } }),
    alternating(400, n => 1 - (n % 2)),
    'log_loss',
    [36.0436533891, 'fail'],
  ),
  gives(
    'everything right',
    binary({ accuracy: { min: 0.9 } }),
    alternating(400, n => n % 2),
    'accuracy',
    [1, 'pass'],
  ),
  gives(
    'everything wrong',
    binary({ accuracy: { min: 0.1 } }),
    alternating(400, n => 1 - (n % 2)),
    'accuracy',
    [0, 'fail'],
  ),
  gives(
    'one positive among 10,000',
    binary({ recall: { min: 0.99 } }),
    many(10_000, n => [n === 0 ? 1 : 0, n === 0 ? 0.4 : 0.1]),
    'recall',
    [0, 'fail'],
  ),
]

const champions = (
  name: string,
  champion: readonly Row[] | null,
  wanted: readonly string[],
  gates: Record<string, object> = { roc_auc: { min: 0.1, max_drop: 0.02 } },
): CorpusCase => ({
  name: `champion: ${name}`,
  run: async folder => {
    const rules = binary(gates)
    const read = async (rows: readonly Row[]) => {
      await writeFile(`${folder}/predictions.csv`, csv(rows))
      return readPredictions(`${folder}/predictions.csv`, rules)
    }
    const challenger = await read(alternating(400, n => ((n * 37) % 100) / 100))
    const found = judged(rules, {
      challenger,
      champion: champion === null ? null : await read(champion),
      opponent: { kind: 'champion', version: 4 },
      change: 'changed',
    })
    return { value: [found.verdict === 'pass' || found.decision === 'promote' ? 'let through' : 'stopped', found.opponent.kind] }
  },
  accepted: wanted,
})

const scores = (n: number): number => ((n * 37) % 100) / 100
const against: readonly CorpusCase[] = [
  champions('absent', null, ['stopped', 'unreachable']),
  champions('of fewer rows', alternating(399, scores), ['stopped', 'unreachable']),
  champions('of more rows', alternating(401, scores), ['stopped', 'unreachable']),
  champions('of no rows', [], ['stopped', 'unreachable']),
  champions(
    'with a NaN',
    alternating(400, n => (n === 7 ? 'nan' : scores(n))),
    ['stopped', 'unreachable'],
  ),
  champions(
    'with an infinity',
    alternating(400, n => (n === 7 ? 'inf' : scores(n))),
    ['stopped', 'unreachable'],
  ),
  {
    ...champions(
      'with other labels',
      many(400, n => [(n + 1) % 2, scores(n)]),
      [],
    ),
    accepted: undefined,
    refused: /the label of id "c0" differs/,
  },
  {
    name: 'champion: a relative margin of a value of 0',
    run: async folder => {
      const rules = binary({ accuracy: { min: 0, max_drop: '2%' } })
      await writeFile(`${folder}/predictions.csv`, csv(alternating(40, n => n % 2)))
      const challenger = await readPredictions(`${folder}/predictions.csv`, rules)
      await writeFile(`${folder}/predictions.csv`, csv(alternating(40, n => 1 - (n % 2))))
      const champion = await readPredictions(`${folder}/predictions.csv`, rules)
      return { assessment: judged(rules, { challenger, champion, opponent: { kind: 'champion', version: 4 }, change: 'changed' }) }
    },
    refused: /relative, but the champion's value is 0/,
  },
  {
    name: 'champion: reported figures without a champion of that name',
    run: () => {
      const rules = rulesOf({ primary: 'auc', predictions: undefined, gates: { auc: { min: 0.1, max_drop: 0.1 } } })
      return {
        assessment: judged(rules, { run: runOf({ auc: 0.9 }, false), opponent: { kind: 'champion', version: 4 }, change: 'changed' }),
      }
    },
    failed: /auc: undefined never passes/,
  },
]

export const numericCases: readonly CorpusCase[] = [...few, ...magnitudes, ...against]
