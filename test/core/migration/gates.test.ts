import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { parseConfiguration } from '../../../src/core/configuration/parse.ts'
import type { Task } from '../../../src/core/evaluation/predictions.ts'
import { type Carried, carryOver } from '../../../src/core/migration/gates.ts'
import { taskOf } from '../../../src/core/migration/mlflow-metrics.ts'
import type { Threshold } from '../../../src/core/migration/thresholds.ts'
import { mergedGates, writtenGates } from '../../../src/core/migration/written.ts'

const threshold = (name: string, more: Partial<Threshold>): Threshold => ({
  name,
  line: null,
  threshold: null,
  absolute: null,
  relative: null,
  greaterIsBetter: true,
  ...more,
})
const carry = (thresholds: readonly Threshold[], task: Task = 'binary'): Carried => carryOver({ thresholds, lost: [] }, task)
const gatesOf = (carried: Carried) => Object.fromEntries([...carried.gates].map(([metric, { gate }]) => [metric, gate]))
const whyOf = (carried: Carried) => carried.lost.map(({ what, why }) => `${what}: ${why}`).join('\n')

describe('what a threshold becomes', () => {
  test.each([
    ['a bound below', threshold('accuracy_score', { threshold: 0.8 }), { accuracy: { min: 0.8 } }],
    ['a bound above', threshold('log_loss', { threshold: 0.4, greaterIsBetter: false }), { log_loss: { max: 0.4 } }],
    ['an absolute change', threshold('recall_score', { absolute: 0.01 }), { recall: { min_gain: 0.01 } }],
    ['a relative change', threshold('f1_score', { relative: 0.07 }), { f1: { min_gain: '7%' } }],
    ['a tiny relative change', threshold('f1_score', { relative: 1e-9 }), { f1: { min_gain: '0.0000001%' } }],
    ['all of it', threshold('roc_auc', { relative: 1 }), { roc_auc: { min_gain: '100%' } }],
    ['not worse', threshold('precision_recall_auc', { relative: 0 }), { average_precision: { min_gain: 0 } }],
    [
      'a figure of somebody’s own',
      threshold('toxicity/v1/mean', { threshold: 0.1, greaterIsBetter: false }),
      { 'toxicity/v1/mean': { max: 0.1, direction: 'lower' } },
    ],
  ])('%s', (_what, given, expected) => {
    const carried = carry([given])
    expect(gatesOf(carried)).toEqual(expected)
    expect(carried.lost).toEqual([])
    expect(parse(writtenGates(carried, 'binary', 'thresholds.py'))).toEqual({ primary: Object.keys(expected)[0], gates: expected })
  })

  test.each([
    ['mean_absolute_error', 'mae'],
    ['root_mean_squared_error', 'rmse'],
    ['mean_absolute_percentage_error', 'mape'],
  ])('%s of a regression', (name, metric) => {
    expect(gatesOf(carry([threshold(name, { threshold: 3, greaterIsBetter: false })], 'regression'))).toEqual({ [metric]: { max: 3 } })
    expect(taskOf([name, 'my_own'])).toBe('regression')
  })

  test.each([
    ['precision_score', 'precision_weighted'],
    ['recall_score', 'recall_weighted'],
    ['f1_score', 'f1_weighted'],
    ['roc_auc', 'roc_auc_ovr_weighted'],
    ['accuracy_score', 'accuracy'],
  ])('%s over several classes is weighted by their rows, as MLflow does it by default', (name, metric) => {
    const carried = carry([threshold(name, { threshold: 0.7 })], 'multiclass')
    expect(gatesOf(carried)).toEqual({ [metric]: { min: 0.7 } })
    expect(carried.notes.length).toBe(metric === 'accuracy' ? 0 : 1)
  })

  test('the mean squared error is one here too', () => {
    expect(gatesOf(carry([threshold('mean_squared_error', { threshold: 9, greaterIsBetter: false })], 'regression'))).toEqual({
      mse: { max: 9 },
    })
  })

  test('both changes where the absolute one always asks for more: nothing is lost', () => {
    const carried = carry([threshold('accuracy_score', { absolute: 0.05, relative: 0.05 })])
    expect(gatesOf(carried)).toEqual({ accuracy: { min_gain: 0.05 } })
    expect(carried.lost).toEqual([])
  })

  test.each([
    ['a share that may ask for more', threshold('accuracy_score', { absolute: 0.01, relative: 0.05 })],
    ['a metric without an upper end', threshold('log_loss', { absolute: 0.05, relative: 0.05, greaterIsBetter: false })],
  ])('both changes, %s: the absolute one is carried, the other is listed', (_what, given) => {
    const carried = carry([given])
    expect([...carried.gates.values()][0]?.gate).toEqual({ min_gain: given.absolute })
    expect(whyOf(carried)).toMatch(/min_relative_change 0.05: MLflow asks for both/)
  })

  test('a direction that is not the metric’s: the bound is carried, the change is not', () => {
    const carried = carry([threshold('accuracy_score', { threshold: 0.99, absolute: 0.1, greaterIsBetter: false })])
    expect(gatesOf(carried)).toEqual({ accuracy: { max: 0.99 } })
    expect(whyOf(carried)).toMatch(/higher is better for accuracy/)
  })

  test.each([
    ['true_positives', 'binary', /grows with the holdout/],
    ['example_count', 'binary', /no quality of a model/],
    ['mean_on_target', 'regression', /the same for every model/],
    ['r2_score', 'binary', /no metric of a binary model/],
  ] as const)('%s of a %s model is not carried over', (name, task, why) => {
    const carried = carry([threshold(name, { threshold: 1 })], task)
    expect(carried.gates.size).toBe(0)
    expect(whyOf(carried)).toMatch(why)
  })

  test('two names of one metric give the stricter of each bound', () => {
    const carried = carry([
      threshold('score', { threshold: 0.7, absolute: 0.02 }),
      threshold('accuracy_score', { threshold: 0.8, absolute: 0.01 }),
    ])
    expect(gatesOf(carried)).toEqual({ accuracy: { min: 0.8, min_gain: 0.02 } })
  })

  test('a baseline below 0 is told of where there can be one', () => {
    expect(carry([threshold('r2_score', { relative: 0.1 })], 'regression').notes.join('\n')).toMatch(/r2: for a baseline below 0/)
    expect(carry([threshold('accuracy_score', { relative: 0.1 })]).notes).toEqual([])
  })

  test('bounds that no model could meet are refused by our own schema', () => {
    const carried = carry([threshold('score', { threshold: 0.9 }), threshold('accuracy_score', { threshold: 0.5, greaterIsBetter: false })])
    expect(() => writtenGates(carried, 'binary', 'thresholds.py')).toThrow(/min is greater than max/)
  })
})

describe('hostile names', () => {
  const names = ['a\nmodels:\n  evil: 1', '# x', '"; - ', '\u2028b', '{', '__proto__', 'x'.repeat(500)]
  test.each(names)('%j stays one key, and no comment ends early', name => {
    const carried = carryOver({ thresholds: [threshold(name, { threshold: 1 })], lost: [{ what: name, line: 3, why: name }] }, 'binary')
    let text: string
    try {
      text = writtenGates(carried, 'binary', name)
    } catch (error) {
      expect(String(error)).toMatch(/no plain text/)
      return
    }
    const read = parse(text) as { gates: Record<string, unknown> }
    expect(Object.keys(read)).toEqual(['primary', 'gates'])
    expect(Object.keys(read.gates)).toEqual([name])
  })
})

describe('merged into refline.yml', () => {
  const configuration = `# ours
models:
  churn: # the one
    task: binary
    primary: roc_auc
    # why 0.9
    gates: { roc_auc: { min: 0.9 } } # base
  price:
    task: regression
    primary: mae
    gates: { mae: { max: 3 } }
`
  const carried = carry([
    threshold('roc_auc', { threshold: 0.9, line: 4 }),
    threshold('recall_score', { threshold: 0.7, relative: 0.02, line: 5 }),
  ])

  test('gates are added, comments stay, and what is there already is left alone', () => {
    const { text, added } = mergedGates(configuration, 'refline.yml', 'churn', carried)
    expect(added).toEqual(['recall'])
    for (const comment of ['# ours', '# the one', '# why 0.9', '# base', '# MLflow: recall_score, line 5']) expect(text).toContain(comment)
    const { models } = parseConfiguration(text, 'refline.yml')
    expect(models.churn?.gates).toMatchObject({ roc_auc: { min: 0.9 }, recall: { min: 0.7, min_gain: { value: 0.02, relative: true } } })
    expect(models.price?.gates).toMatchObject({ mae: { max: 3 } })
    expect(mergedGates(text, 'refline.yml', 'churn', carried)).toEqual({ text, added: [] })
  })

  test.each([
    ['of the model', configuration.replace('min: 0.9', 'min: 0.95')],
    ['of the defaults', `defaults: { gates: { recall: { min: 0.9 } } }\n${configuration}`],
  ])('another gate %s is never written over', (_where, text) => {
    expect(() => mergedGates(text, 'refline.yml', 'churn', carried)).toThrow(
      /has other gates on (roc_auc|recall) for churn: nothing was written/,
    )
  })

  test('line ends of Windows stay', () => {
    const { text } = mergedGates(configuration.replaceAll('\n', '\r\n'), 'refline.yml', 'churn', carried)
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
  })
})
