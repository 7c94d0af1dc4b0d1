import type { CorpusCase } from './corpus.ts'
import { csv, fails, gated, refuses } from './predictions.ts'

const weighted = gated({ roc_auc: { min: 0.5 } }, { predictions: { file: 'predictions.csv', columns: { weight: 'w' } } })
const clustered = gated({ roc_auc: { min: 0.5 } }, { predictions: { file: 'predictions.csv', cluster: 'user' } })
const withColumn = (name: string, of: (row: number) => string): string =>
  `id,label,score,${name}\n${Array.from({ length: 20 }, (_, row) => `c${row},${row % 2},${row % 2 === 0 ? 0.2 : 0.8},${of(row)}\n`).join('')}`

export const weightsCases: readonly CorpusCase[] = [
  refuses('no weight column', csv(), /no column "w".*predictions\.columns\.weight/, 1, weighted),
  refuses('no cluster column', csv(), /no column "user".*predictions\.cluster/, 1, clustered),
  ...(
    [
      ['NaN', 'NaN', /1 of 20 weights is NaN, first at predictions\.csv line 7, column w/],
      ['nothing', '', /1 of 20 weights is NaN, first at predictions\.csv line 7, column w/],
      ['infinite', 'inf', /1 of 20 weights is infinite, first at predictions\.csv line 7, column w/],
      ['1e999', '1e999', /1 of 20 weights is infinite/],
      ['negative', '-0.5', /1 of 20 weights is negative, first at predictions\.csv line 7, column w/],
    ] as const
  ).map(([what, text, failed]) =>
    fails(
      `a weight that is ${what}`,
      withColumn('w', row => (row === 5 ? text : '1')),
      failed,
      weighted,
    ),
  ),
  fails(
    'weights that are all 0',
    withColumn('w', () => '0'),
    /20 of 20 weights are 0, so no row counts/,
    weighted,
  ),
  refuses(
    'a weight in words',
    withColumn('w', row => (row === 5 ? 'heavy' : '1')),
    /line 7, column w is no number/,
    7,
    weighted,
  ),
  ...['', 'NaN', '""'].map(text =>
    refuses(
      `the cluster ${JSON.stringify(text)}`,
      withColumn('user', row => (row === 5 ? text : 'u')),
      /line 7, column user is (empty|NaN)/,
      7,
      clustered,
    ),
  ),
  refuses(
    'a cluster of 2,000 characters',
    withColumn('user', row => (row === 5 ? 'x'.repeat(2000) : 'u')),
    /line 7, column user is longer than 1,024 bytes/,
    7,
    clustered,
  ),
]
