import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readSource } from '../../../src/core/configuration/source.ts'
import { jsonOf } from '../../../src/core/evaluation/reported-metrics.ts'
import { metricsNamedBy } from '../../../src/core/reported/dvc.ts'
import { metricsOfResults, metricsOfTrainerState } from '../../../src/core/reported/huggingface.ts'

const fixture = (name: string): string => readFileSync(join(import.meta.dirname, '../../fixtures/reported', name), 'utf8')

describe('a trainer_state.json', () => {
  it('that transformers 5.23.0 wrote gives its last evaluation, float32 and NaN as they are', () => {
    expect(metricsOfTrainerState(jsonOf(fixture('trainer_state-5.23.0.json'), 'trainer_state.json'), 'trainer_state.json')).toEqual({
      eval_accuracy: 0.6000000238418579,
      eval_loss: 'NaN',
      eval_runtime: 0.3,
    })
  })
  it('with several evaluation sets gives all of the last step', () => {
    const history = [
      { eval_a_loss: 1, eval_old: 1, step: 10 },
      { eval_a_loss: 2, step: 20, epoch: 2 },
      { loss: 0.1, step: 20 },
      { eval_b_loss: 3, step: 20, epoch: 2 },
      { train_loss: 0.5, step: 20 },
    ]
    expect(metricsOfTrainerState({ log_history: history }, 'f')).toEqual({ eval_a_loss: 2, eval_b_loss: 3 })
  })
  it('without a step is the one entry, and without an evaluation nothing', () => {
    expect(metricsOfTrainerState({ log_history: [{ eval_a: 1 }, { eval_b: 2 }] }, 'f')).toEqual({ eval_b: 2 })
    expect(metricsOfTrainerState({ log_history: [null, [], 'eval_', { loss: 1 }] }, 'f')).toEqual({})
  })
  it.each([[null], [[]], [{}], [{ log_history: {} }], ['text']])('%j is none', value => {
    expect(() => metricsOfTrainerState(value, 'f')).toThrow('f has no list `log_history`')
  })
})

describe('a <split>_results.json', () => {
  it('is one of transformers where a name starts with the split', () => {
    expect(metricsOfResults({ eval_loss: null, eval_f1: 0.5, epoch: 3, total_flos: 9 }, 'out/eval_results.json')).toEqual({
      eval_loss: 'NaN',
      eval_f1: 0.5,
      total_flos: 9,
    })
    expect(metricsOfResults({ train_loss: 1, test_f1: 0.5 }, 'all_results.json')).toEqual({ train_loss: 1, test_f1: 0.5 })
  })
  it.each([
    ['search_results.json', { best: 0.9 }],
    ['eval_results.json', { accuracy: 0.9 }],
    ['eval_results.json', [{ eval_loss: 1 }]],
    ['eval_results.json', null],
    ['all_results.json', { accuracy: 0.9 }],
  ])("%s with %j is somebody else's", (file, value) => {
    expect(metricsOfResults(value, file)).toBeNull()
  })
})

describe('a dvc.yaml', () => {
  it('that dvclive 3.49.1 wrote names its metrics', () => {
    expect(metricsNamedBy(readSource(fixture('dvc.yaml'), 'dvc.yaml').value)).toEqual({ paths: ['dvclive/metrics.json'], templates: [] })
  })
  it('names those of stages below their folder, with and without settings', () => {
    const text = `
metrics: [top.json, top.json]
stages:
  train: { cmd: x, wdir: model, metrics: [a.json, { b.yaml: { cache: false } }] }
  each: { foreach: [1, 2], do: { cmd: x, metrics: ['m/\${item}.json', fixed.json] } }
  plain: { cmd: x, metrics: one.toml }
  none: { cmd: x }
`
    expect(metricsNamedBy(readSource(text, 'dvc.yaml').value)).toEqual({
      paths: ['top.json', 'model/a.json', 'model/b.yaml', 'fixed.json', 'one.toml'],
      templates: ['m/${item}.json'],
    })
  })
  it.each([
    [null],
    [[]],
    ['x'],
    [{ metrics: 5, stages: [1] }],
    [{ stages: { a: null, b: 'x', c: { metrics: { a: 1 } } } }],
  ])('of the shape %j names nothing', value => {
    expect(metricsNamedBy(value)).toEqual({ paths: [], templates: [] })
  })
})
