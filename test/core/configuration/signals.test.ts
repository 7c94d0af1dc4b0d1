import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { parseConfiguration, selectEnvironment } from '../../../src/core/configuration/parse.ts'

const schema = JSON.parse(readFileSync(join(import.meta.dirname, '../../../refline.schema.json'), 'utf8')) as object
const valid = new Ajv2020({ strict: false, validateFormats: false }).compile(schema)

const fileOf = (signals: string, sources = ''): string => `models:
  fraud: { task: binary, primary: roc_auc, gates: {} }
  churn: { task: binary, primary: roc_auc, gates: {} }
${sources}
environments:
  production:
    target: { kind: command, deploy: d, read: r, set: s }
    signals:
${signals.replace(/^/gm, '      ')}
`
const signalsOf = (signals: string, sources?: string, model = 'fraud') =>
  selectEnvironment(parseConfiguration(fileOf(signals, sources), 'refline.yml'), model, undefined).environment.signals

const sources = `sources:
  prom: { kind: prometheus, url: "https://prom.acme.internal", token_env: PROMETHEUS_TOKEN }
  answers: { kind: prediction-log, url: "https://logs.acme.internal/\${model}?since=\${since}", format: jsonl, columns: { id: request_id, arm: model_version, prediction: decision, label: chargeback, time: ts }, labels_within: 48h }`
const bySource = `errors: { source: prom, total: 'requests_total{slot="\${slot}"}', bad: 'requests_total{slot="\${slot}",code=~"5.."}', tolerate: 1.5, acceptable: 0.5% }
slow: { source: prom, lag: 30s, histogram: 'seconds{slot="\${slot}"}', over: 250ms }
precision: { source: answers, models: [fraud], of: predicted_positive, bad: wrong, columns: { label: disputed }, required: false }`

describe('signals in refline.yml', () => {
  it('take the keys of their source, key by key, and what they say themselves wins', () => {
    const { errors, slow, precision } = signalsOf(bySource, sources)
    expect(errors).toMatchObject({
      kind: 'prometheus',
      url: 'https://prom.acme.internal',
      token_env: 'PROMETHEUS_TOKEN',
      lag: '15s',
      tolerate: 1.5,
      acceptable: 0.005,
    })
    expect(slow).toMatchObject({ kind: 'prometheus', lag: '30s', over: '250ms' })
    expect(precision).toMatchObject({
      kind: 'prediction-log',
      format: 'jsonl',
      labels_within: '48h',
      of: 'predicted_positive',
      columns: { id: 'request_id', label: 'disputed' },
    })
    expect(Object.hasOwn(errors ?? {}, 'source')).toBe(false)
  })

  it('are those of the model that is asked for', () => {
    expect(Object.keys(signalsOf(bySource, sources, 'churn'))).toEqual(['errors', 'slow'])
  })

  it.each([
    [
      'a source that is not there',
      'errors: { source: pron, total: \'a{slot="${slot}"}\', bad: b }',
      'environments.production.signals.errors.source: there is no source `pron`; did you mean `prom`?',
    ],
    ['a source that is no name', 'errors: { source: [prom] }', 'errors.source: expected the name of a source'],
    [
      'another kind than the source',
      'errors: { source: prom, kind: http }',
      'errors.kind: is http, but the source prom is of kind prometheus; leave it out',
    ],
    ['no selectors', 'errors: { source: prom }', 'errors.total: is missing; write `total` and `bad`, or `histogram` and `over`'],
    ['a total without a bad', 'errors: { source: prom, total: a }', 'errors.bad: is missing'],
    [
      'a histogram without its edge',
      'errors: { source: prom, histogram: a }',
      'errors.over: is missing: from which bucket edge on is a request bad? Such as 250ms',
    ],
    [
      'a histogram beside a total',
      'errors: { source: prom, histogram: a, over: 1s, total: b }',
      'errors.total: is there beside `histogram`',
    ],
    [
      'an edge without its unit',
      'errors: { source: prom, histogram: a, over: "0.25" }',
      'errors.over: expected a response time such as 250ms or 1.5s',
    ],
    [
      'two ways to say who asks',
      'errors: { source: prom, basic_auth_env: LOGIN, total: a, bad: b }',
      'errors.basic_auth_env: is there beside token_env',
    ],
    ['a log that is nowhere', 'precision: { kind: prediction-log }', 'precision.file: write either `file` or `url`'],
    ['a log in two places', 'precision: { source: answers, file: x.csv }', 'precision.file: write either `file` or `url`'],
    [
      'a model that is not there',
      'errors: { kind: http, url: "http://x/${slot}", models: [fruad] }',
      'errors.models[0]: there is no model `fruad`; did you mean `fraud`?',
    ],
    ['a key that is not known', 'errors: { source: prom, totla: a, total: a, bad: b }', 'errors.totla: unknown key; did you mean `total`?'],
  ])('refuse %s, where it stands', (_, signals, message) => {
    expect(() => signalsOf(signals, sources)).toThrow(message)
    expect(() => signalsOf(signals, sources)).toThrow('refline.yml:11')
  })

  it('are what editors are told that they are', () => {
    expect(valid(parse(fileOf(bySource, sources))), JSON.stringify(valid.errors)).toBe(true)
    expect(valid(parse(fileOf('errors: { source: prom, totla: a }', sources)))).toBe(false)
    expect(valid(parse(fileOf('errors: { total: a, bad: b }', sources)))).toBe(false)
    expect(valid(parse(fileOf('errors: { kind: http, url: ["http://a/${slot}", "http://b/${slot}"], over: 250ms }')))).toBe(true)
  })
})

/** The examples of docs/signals.md, each completed to a whole configuration. */
const examples = [...readFileSync(join(import.meta.dirname, '../../../docs/signals.md'), 'utf8').matchAll(/```yaml\n([\s\S]*?)```/g)].map(
  ([, text = '']) => text,
)

it.each(examples)('docs/signals.md shows what can be written: %s', text => {
  const [sources = '', signals = ''] = text.startsWith('sources:')
    ? text.split(/environments:\n {2}production:\n {4}signals:\n/)
    : ['', text]
  const file = fileOf(signals.replace(/^ {6}/gm, ''), sources)
  expect(Object.keys(parseConfiguration(file, 'refline.yml').environments?.production?.signals ?? {}).length).toBeGreaterThan(1)
  expect(valid(parse(file)), JSON.stringify(valid.errors)).toBe(true)
})
