import { rulesOf, runOf } from '../core/evaluation/fixtures.ts'
import { type CorpusCase, judged, metricsFile, predictionsFile } from './corpus.ts'

/** Names that are hostile wherever they are shown: to logs, outputs, Markdown, HTML, refs and paths. */
export const hostileNames: readonly string[] = [
  'x\r\n::error::forged',
  'x\n::set-output name=verdict::pass',
  '::stop-commands::token',
  '  ::add-mask::a',
  '\u2028::error::forged',
  '\u0085::error::forged',
  '\u000b::error::forged',
  '\u000c::warning::forged',
  '\u001b[2K\u001b[1A::error::forged',
  '\ufeff::error::forged',
  '\u200b::error::forged',
  '##[error]forged',
  '%0A::error::forged',
  '%0D%0A::error::forged',
  'x=1\nNODE_OPTIONS=--require=/tmp/x\ny',
  'verdict<<EOF\npass\nEOF',
  '\u202egnp.lacitirc',
  '\u2066a\u2069',
  'zero\u200bwidth',
  'soft\u00adhyphen',
  '\u{e0041}tag',
  '<img src=x onerror=alert(1)>',
  '<script>alert(1)</script>',
  '</code></summary></details><h1>x</h1>',
  '<!-- refline:churn -->',
  '[x](javascript:alert(1))',
  '![x](https://example.test/beacon.png)',
  '@acme/admins please merge',
  'fixes #1',
  'https://example.test/x',
  'www.example.test',
  'a | b | c',
  '`` ` ``',
  '```\ncode\n```',
  '$$\\frac{1}{0}$$',
  '~~gone~~ **bold** _it_',
  '# heading',
  '- [ ] task',
  '| --- |',
  '../../etc/passwd',
  '/etc/passwd',
  'C:\\windows\\system32',
  '\\\\server\\share',
  'CON',
  'a..b@{c}~^:?*[d',
  '-rf',
  '${{ github.token }}',
  '$(id)',
  '`id`',
  '; rm -rf .',
  "' OR 1=1 --",
  '\ud800',
  '\ufffe',
  '\u{1f469}\u200d\u{1f4bb}'.repeat(40),
  'e\u0301',
  '\u0000',
  '   ',
  '__proto__',
  'constructor',
]

const shown = (name: string): string => JSON.stringify(name).slice(0, 40)

/** A metric of this name passes all the way: reported, gated, judged, shown. */
const asMetric = (name: string): CorpusCase => {
  const rules = rulesOf({ primary: name, predictions: undefined, gates: Object.fromEntries([[name, { min: 0.5, direction: 'higher' }]]) })
  return {
    name: `as a metric: ${shown(name)}`,
    run: metricsFile(rules, JSON.stringify(Object.fromEntries([[name, null]]))),
    // refline.yml with such a key is refused before; here nothing is left to judge by.
    ...(name === '__proto__' ? { refused: /neither gates nor slices/ } : { failed: /reports .*as NaN/s }),
  }
}

const quoted = (text: string): string => `"${text.toWellFormed().replaceAll('"', '""')}"`

/** A slice value, an id and a column beside it with this name; the slice fails its gate and is shown. */
const asSlice = (name: string): CorpusCase => ({
  name: `as a slice value and an id: ${shown(name)}`,
  run: predictionsFile(
    rulesOf({
      predictions: { file: 'predictions.csv', threshold: 0.5 },
      gates: { roc_auc: { min: 0.5 } },
      slices: { region: { min_support: 1, recall: { min: 0.9 } } },
    }),
    `id,label,score,region\n${Array.from({ length: 40 }, (_, row) => `${quoted(`${name}${row}`)},${row % 2},0.${row % 2}1,${quoted(name)}\n`).join('')}`,
  ),
  ...(name.includes('\u0000') ? { refused: /zero bytes/ } : { failed: /recall where region is/s }),
})

const asFile: readonly CorpusCase[] = hostileNames.slice(0, 24).map(name => ({
  name: `as the file of predictions: ${shown(name)}`,
  run: () => {
    const rules = rulesOf({ predictions: { file: `${name}.csv` }, gates: { roc_auc: { min: 0.5 } } })
    return { assessment: judged(rules, { problem: `the predictions cannot be read: there is no predictions file ${name}.csv` }) }
  },
  failed: /there is no predictions file/,
}))

const asOverride: readonly CorpusCase[] = hostileNames.slice(0, 40).map(name => ({
  name: `as a reason, an actor and where rules come from: ${shown(name)}`,
  run: () => ({
    value: judged(rulesOf({ primary: 'auc', predictions: undefined, gates: { auc: { min: 0.5, direction: 'higher' } } }), {
      run: runOf({ auc: 0.4 }, false),
      override: { reason: name, actor: name },
      policy: { from: name, digest: '0'.repeat(64), loosened: [name] },
      opponent: { kind: 'unreachable', version: 3, reason: name },
    }).verdict,
  }),
  accepted: 'fail',
}))

export const nameCases: readonly CorpusCase[] = [...hostileNames.map(asMetric), ...hostileNames.map(asSlice), ...asFile, ...asOverride]
