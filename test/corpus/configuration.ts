import { symlink, writeFile } from 'node:fs/promises'
import { readText } from '../../src/adapters/files/text.ts'
import { parseConfiguration, selectEnvironment, selectModel } from '../../src/core/configuration/parse.ts'
import { judgeSettingsOf } from '../../src/core/rollout/settings.ts'
import { stepPlanOf } from '../../src/core/rollout/steps.ts'
import { type Bytes, type CorpusCase, judged } from './corpus.ts'

const file = 'refline.yml'
const model = (change: Readonly<Record<string, string>> = {}, gate = '{ min: 0.5 }'): string => {
  const keys: Record<string, string> = {
    task: 'binary',
    predictions: 'predictions.csv',
    primary: 'roc_auc',
    gates: `{ roc_auc: ${gate} }`,
    ...change,
  }
  return `models:\n  churn:\n${Object.entries(keys)
    .filter(([, value]) => value !== '')
    .map(([key, value]) => `    ${key}: ${value}\n`)
    .join('')}`
}
const environment = (change: Readonly<Record<string, string>> = {}): string => {
  const keys: Record<string, string> = {
    target: '{ kind: command, deploy: ./t, read: ./t, set: ./t }',
    signals: "{ errors: { kind: http, url: 'http://127.0.0.1/' } }",
    ...change,
  }
  return `${model()}environments:\n  production:\n${Object.entries(keys)
    .map(([key, value]) => `    ${key}: ${value}\n`)
    .join('')}`
}

/** As an action reads it: the file, the one model in it, and, for a first version, its rules. */
const configurationFile = (content: Bytes | (() => Bytes)) => async (folder: string) => {
  const path = `${folder}/${file}`
  await writeFile(path, typeof content === 'function' ? content() : content)
  const configuration = parseConfiguration((await readText(path, file, { links: false })) ?? '', file)
  const { name, model: rules } = selectModel(configuration, undefined)
  if (configuration.environments !== undefined) {
    const { name: where, environment } = selectEnvironment(configuration, name, undefined)
    judgeSettingsOf(where, environment)
    stepPlanOf(where, environment.steps)
  }
  return { value: { name, gates: rules.gates }, assessment: judged(rules, { problem: 'this case has no rows' }) }
}

const refuses = (name: string, content: Bytes | (() => Bytes), refused: RegExp, line?: number): CorpusCase => ({
  name,
  run: configurationFile(content),
  refused,
  ...(line === undefined ? {} : { file, line }),
})
/** `gates` as they are written; what the schema fills in is added. */
const accepts = (name: string, content: Bytes, gates: Readonly<Record<string, object>>, model = 'churn'): CorpusCase => ({
  name,
  run: configurationFile(content),
  accepted: {
    name: model,
    gates: Object.fromEntries(Object.entries(gates).map(([metric, gate]) => [metric, { ...gate, severity: 'error' }])),
  },
})

const structure: readonly CorpusCase[] = [
  refuses('an unknown key', model({ treshold: '0.5' }), /unknown key/, 7),
  refuses('an unknown key in a gate', model({}, '{ min: 0.5, min_drop: 1 }'), /unknown key/, 6),
  refuses('an unknown key at the top', `${model()}version: 2\n`, /version: unknown key/, 7),
  refuses('models as a list', 'models:\n  - churn', /expected record|expected object/, 1),
  refuses('a model that is null', 'models:\n  churn:\n', /models.churn: expected object, found null/, 2),
  refuses('a task that is a list', model({ task: '[binary]' }), /task: /, 3),
  refuses('gates as a list', model({ gates: '[roc_auc]' }), /gates: expected/, 6),
  refuses('a bound without a metric', model({ gates: '{ min: 0.9 }' }), /gates.min: expected object/, 6),
  refuses('a metric without a bound', model({}, ''), /gates.roc_auc: expected object, found null/, 6),
  refuses('a bound as text', model({}, '{ min: "0.5" }'), /gates.roc_auc.min: expected number, found string/, 6),
  refuses('a bound as a date', model({}, '{ min: 2026-01-01 }'), /min: expected number/, 6),
  refuses('no models at all', 'models: {}', /has no model/, 1),
  refuses('only an environment', 'environments: {}', /models: is missing/, 1),
  refuses(
    'two models and no input',
    `${model()}  fraud:\n    task: binary\n    primary: f1\n    gates: { f1: { min: 0.1 } }\n`,
    /2 models; name one/,
  ),
  refuses('a text instead of a mapping', 'models', /expected keys/, 1),
  refuses('JSON with a trailing brace', '{"models": {}}}', /not readable as YAML/),
  refuses('empty', '', /the file is empty/),
  refuses('only blanks and comments', '\n # x \n\n', /the file is empty/),
  refuses('a merge conflict', `<<<<<<< HEAD\n${model()}=======\n>>>>>>> branch\n`, /not readable as YAML|expected/),
]

const yaml: readonly CorpusCase[] = [
  refuses(
    'aliases that unfold to 10^9',
    [
      'a: &a [x, x, x, x, x, x, x, x, x, x]',
      ...Array.from(
        { length: 8 },
        (_, n) =>
          `b${n}: &b${n} [${Array(10)
            .fill(n === 0 ? '*a' : `*b${n - 1}`)
            .join(', ')}]`,
      ),
    ].join('\n'),
    /alias/i,
  ),
  refuses('an alias that contains itself', 'models: &m { churn: *m }', /contains itself/, 1),
  refuses('a tag', model({ task: '!!python/name:os.system binary' }), /tag/i, 3),
  refuses('a binary tag', model({ task: '!!binary YmluYXJ5' }), /task: expected one of/, 3),
  refuses('a merge key', `defaults: &d { task: binary }\n${model()}    <<: *d\n`, /<<: unknown key/, 8),
  refuses('a model twice', `${model()}  churn: {}\n`, /must be unique/, 7),
  refuses('a gate twice', model({ gates: '{ roc_auc: { min: 0.9 }, roc_auc: { min: 0.1 } }' }), /must be unique/, 6),
  refuses('a bound twice', model({}, '{ min: 0.9, min: 0.1 }'), /must be unique/, 6),
  refuses('a number and a text as the same key', 'models: { 1: {}, "1": {} }', /must be unique/, 1),
  refuses('__proto__ as a model', 'models: { __proto__: {} }', /no plain text/, 1),
  refuses('two documents', `${model()}---\n${model()}`, /multiple documents/, 7),
  refuses('tabs', 'models:\n\tchurn: {}', /not readable as YAML/),
  refuses('100,000 lists deep', '['.repeat(100_000), /nested too deeply/),
  refuses('5,000 maps deep', '{a: '.repeat(5000), /nested too deeply|not readable/),
  refuses(
    '1,200 levels by indentation',
    () => Array.from({ length: 1200 }, (_, n) => `${' '.repeat(n)}a:`).join('\n'),
    /nested too deeply|problems|expected|unknown key/,
  ),
  refuses('more than a million characters', () => `${model()}#${'x'.repeat(1_000_000)}`, /at most 1000000/),
  refuses('an unclosed quote', model({ task: '"binary' }), /not readable as YAML/),
  refuses('%YAML of another version', `%YAML 3.0\n---\n${model()}`, /not readable as YAML/),
]

const encodings: readonly CorpusCase[] = [
  accepts('a byte order mark', `\ufeff${model()}`, { roc_auc: { min: 0.5 } }),
  accepts('CRLF', model().replaceAll('\n', '\r\n'), { roc_auc: { min: 0.5 } }),
  refuses('UTF-16', Buffer.from(`\ufeff${model()}`, 'utf16le'), /UTF-16/),
  refuses('latin-1', Buffer.from(model({ card: '{ limits: "caf\u00e9" }' }), 'latin1'), /not UTF-8/, 7),
  refuses('overlong UTF-8', Buffer.concat([Buffer.from(model()), Buffer.from([0x23, 0xc0, 0xaf])]), /not UTF-8/, 7),
  refuses(
    'binary junk',
    Uint8Array.from({ length: 3000 }, (_, n) => (n * 7919) % 251),
    /UTF-16 or is binary|not UTF-8/,
  ),
  refuses('NUL', `${model()}a\u0000b: 1\n`, /not readable as YAML|unknown key/),
  {
    name: 'a symbolic link',
    run: async folder => {
      await writeFile(`${folder}/elsewhere.yml`, model())
      await symlink(`${folder}/elsewhere.yml`, `${folder}/linked.yml`)
      return { value: await readText(`${folder}/linked.yml`, file, { links: false }) }
    },
    refused: /refline.yml is a symbolic link/,
    file,
  },
  {
    name: 'a folder',
    run: async folder => ({ value: await readText(folder, file, { links: false }) }),
    refused: /is not a regular file/,
    file,
  },
  {
    name: 'a device',
    run: async () => ({ value: await readText('/dev/zero', file, { links: false }) }),
    refused: /is not a regular file/,
    file,
  },
]

const numbers: readonly CorpusCase[] = [
  ...['.nan', '.NaN', '.inf', '-.inf', '1e999', '0.9.1', '50%', '1_000', '0,9', 'yes', 'NO', '~', '[0.5]', '1:30', '!!float 0.5 x'].map(
    text => refuses(`min: ${text}`, model({}, `{ min: ${text} }`), /min|not readable/, 6),
  ),
  ...['.nan', '.inf', '-0.01', '-2%', '1e2%', '%', '2 %%', '0x1%', `${'9'.repeat(400)}%`, 'nan%', '"0.01"'].map(text =>
    refuses(`max_drop: ${text.slice(0, 20)}`, model({}, `{ min: 0.5, max_drop: ${text} }`), /max_drop|not readable/, 6),
  ),
  refuses('max_rise below 0', model({ gates: '{ log_loss: { max: 1, max_rise: -0.1 } }' }), /max_rise/, 6),
  accepts('a bound in exponents', model({}, '{ min: 5e-1 }'), { roc_auc: { min: 0.5 } }),
  accepts('a bound in octal is the number of YAML 1.2', model({}, '{ min: 0o1 }'), { roc_auc: { min: 1 } }),
  accepts('a relative margin of 0', model({}, '{ min: 0.5, max_drop: 0% }'), {
    roc_auc: { min: 0.5, max_drop: { value: 0, relative: true } },
  }),
  accepts('a bound of -0', model({}, '{ min: -0 }'), { roc_auc: { min: -0 } }),
  refuses('confidence 95', model({ confidence: '95' }), /confidence/, 7),
  refuses('confidence NaN', model({ confidence: '.nan' }), /confidence/, 7),
  refuses('confidence 1', model({ confidence: '1' }), /confidence/, 7),
  refuses('confidence as text', model({ confidence: '95%' }), /confidence/, 7),
  refuses('threshold .inf', model({ predictions: '{ file: p.csv, threshold: .inf }' }), /threshold/),
  refuses('a support of 0', model({ slices: '{ region: { min_support: 0, recall: { min: 0.5 } } }' }), /min_support/, 7),
  refuses('a support of 1.5', model({ slices: '{ region: { min_support: 1.5, recall: { min: 0.5 } } }' }), /min_support/, 7),
]

const contradictions: readonly CorpusCase[] = [
  refuses('min above max', model({}, '{ min: 0.9, max: 0.1 }'), /min is greater than max/, 6),
  refuses('min above max in a slice', model({ slices: '{ region: { recall: { min: 0.9, max: 0.1 } } }' }), /min is greater than max/, 7),
  refuses('a gate that says nothing', model({}, '{}'), /at least one of/, 6),
  refuses('a gate of a slice that says nothing', model({ slices: '{ region: { recall: {} } }' }), /a slice gate needs at least one of/, 7),
  refuses('max_drop and max_rise', model({}, '{ min: 0.5, max_drop: 0.1, max_rise: 0.1 }'), /max_drop or max_rise/, 6),
  refuses('max_drop where lower is better', model({ gates: '{ log_loss: { max: 1, max_drop: 0.1 } }' }), /lower is better for log_loss/),
  refuses('max_rise where higher is better', model({}, '{ min: 0.5, max_rise: 0.1 }'), /higher is better for roc_auc/),
  refuses(
    'a direction that the registry contradicts',
    model({}, '{ min: 0.5, direction: lower }'),
    /higher is better for roc_auc, not lower/,
  ),
  refuses(
    'max_rise in a slice where higher is better',
    model({ slices: '{ region: { recall: { max_rise: 0.1 } } }' }),
    /slices.region.recall.max_rise/,
  ),
  refuses(
    'min_gain of a figure without a direction',
    model({ gates: '{ roc_auc: { min: 0.5 }, cost: { min_gain: 1 } }' }),
    /gates.cost.direction/,
  ),
  refuses('a primary without a direction', model({ primary: 'cost', gates: '{ cost: { max: 5 } }' }), /gates.cost.direction is missing/),
  refuses('a primary that is misspelt', model({ primary: 'roc_acu' }), /did you mean primary: roc_auc/),
  refuses(
    'only rules that warn or inform',
    model({ gates: '{ roc_auc: { min: 0.5, severity: warn }, f1: { min: 0.5, severity: info } }' }),
    /no rule is of severity error/,
  ),
  refuses(
    'a first version with an absolute rule that only warns',
    model({ gates: '{ roc_auc: { min: 0.5, severity: warn }, f1: { max_drop: 0.1 } }' }),
    /at least one absolute rule of severity error/,
  ),
  refuses('equivalent without a margin', model({ promote: '{ changed: equivalent }' }), /promote.changed: equivalent needs a margin/),
  refuses(
    'equivalent with a margin of 0',
    model({ promote: '{ retrained: equivalent }' }, '{ min: 0.5, max_drop: 0 }'),
    /promote.retrained: equivalent needs/,
  ),
  refuses('a source that is not there', model({}, '{ min: 0.5, source: checks }'), /no module is named under models.churn.checks/),
  refuses('no rule at all', model({ gates: '{}' }), /neither gates nor slices/),
  refuses('only a comparison for a first version', model({}, '{ max_drop: 0.1 }'), /at least one absolute rule/),
  accepts('max_drop in a slice', model({ slices: '{ region: { recall: { max_drop: 0.1 } } }' }), { roc_auc: { min: 0.5 } }),
  refuses('min_gain in a slice', model({ slices: '{ region: { recall: { min_gain: 0.1 } } }' }), /min_gain: unknown key/, 7),
  refuses(
    'max_drop and max_rise in a slice',
    model({ slices: '{ region: { recall: { max_drop: 0.1, max_rise: 0.1 } } }' }),
    /max_drop or max_rise/,
    7,
  ),
  refuses('a metric without a name', model({ gates: '{ "": { min: 0.5 } }' }), /cannot be used/, 6),
  refuses(
    '10,000 unknown keys',
    () => model() + Array.from({ length: 10_000 }, (_, n) => `    key${n}: 1\n`).join(''),
    /has more than \d+ problems|has \d+ problems/,
  ),
  refuses(
    '10,000 broken gates',
    () => model({ gates: `{ ${Array.from({ length: 10_000 }, (_, n) => `m${n}: { min: x }`).join(', ')} }` }),
    /problems/,
  ),
  refuses('40,000 keys', () => `models:\n${Array.from({ length: 40_000 }, (_, n) => `  k${n}: 1\n`).join('')}`, /problems/),
  {
    name: '10,000 gates on metrics that are not there',
    run: configurationFile(() => model({ gates: `{ ${Array.from({ length: 10_000 }, (_, n) => `m${n}: { min: 1 }`).join(', ')} }` })),
    failed: /m9999: undefined never passes/,
  },
]

const environments: readonly CorpusCase[] = [
  refuses('a model that is not there', environment({ models: '[chrun]' }), /no model `chrun`/, 11),
  refuses('steps that fall', environment({ steps: '[50, 10]' }), /steps is/),
  refuses('a step twice', environment({ steps: '[10, 10]' }), /steps is/),
  refuses('no signal', environment({ signals: '{}' }), /nothing could ever prove/),
  refuses('a step of 0', environment({ steps: '[0, 10]' }), /steps/, 11),
  refuses('a step of NaN', environment({ steps: '[.nan]' }), /steps/, 11),
  refuses('a step above 100', environment({ steps: '[10, 250]' }), /steps/, 11),
  refuses('a target of no kind', environment({ target: '{ deploy: ./t }' }), /target/, 9),
  refuses('a duration without a unit', environment({ judge: '{ max_duration: 60 }' }), /max_duration/, 11),
  refuses('an error level of 0', environment({ judge: '{ alpha: 0 }' }), /alpha/, 11),
  refuses('a name of an environment as a path', environment().replace('production:', '../production:'), /cannot be used/, 8),
]

const names: readonly CorpusCase[] = [
  ...[
    '../churn',
    '/churn',
    'a/b',
    'a.lock',
    'Churn',
    'chu rn',
    'churn\\n',
    'churn\\u2028',
    'churn%0A',
    '::error::x',
    '##[error]x',
    'a..b',
    'a@{b',
    '-',
    '\\u202echurn',
    'caf\\u00e9',
    'x'.repeat(41),
    '',
  ].map((name, n) =>
    name === '-'
      ? accepts(`model name ${n}: -`, model().replace('churn:', '"-":'), { roc_auc: { min: 0.5 } }, '-')
      : refuses(
          `model name ${n}: ${name.slice(0, 20)}`,
          model().replace('churn:', `"${name}":`),
          /this name cannot be used: it must match/,
          2,
        ),
  ),
  accepts('a model named constructor', model().replace('churn:', 'constructor:'), { roc_auc: { min: 0.5 } }, 'constructor'),
  {
    name: 'a model asked for by the name of an inherited property',
    run: () => ({ value: selectModel(parseConfiguration(model(), file), 'toString') }),
    refused: /no model `toString`/,
  },
]

export const configurationCases = [...structure, ...yaml, ...encodings, ...numbers, ...contradictions, ...environments]
export const modelNameCases = names
