import { expect } from 'vitest'
import { register } from '../../../src/actions/register/handler.ts'
import { keepRun } from '../fixtures.ts'
import { type Bench, benchIn, predictionsOf } from '../judging.ts'

/** Gates on a binary model with predictions. */
export const configuration = `models:
  churn:
    task: binary
    train: { command: "true", output: model.bin }
    predictions: { file: predictions.csv, threshold: 0.5 }
    primary: roc_auc
    gates:
      roc_auc: { min: 0.70, max_drop: 0.02 }
      recall: { min: 0.50 }
`
/** Of both judging actions. */
export const request = { model: undefined, config: 'refline.yml', run: undefined, comment: 'auto' } as const
/** Of register. */
export const registering = { ...request, when: 'promote', alias: undefined, allowRef: undefined } as const
/** Name of the run of a digit. */
export const name = (digit: string) => `churn-${digit.repeat(12)}`

/** Keeps a run with these predictions where the actions look for it. */
export const withRun = (bench: Bench, predictions: string, digit: string, change = {}) =>
  keepRun(bench.ports.runs, { 'model/model.bin': `model ${digit}`, 'predictions.csv': predictions }, { run: name(digit), ...change })

/** A repository whose champion is v1 with these predictions. */
export const withChampion = async (
  folder: string,
  predictions = predictionsOf(1200, 0.35),
  change = {},
  forge: Parameters<typeof benchIn>[3] = null,
) => {
  const first = await benchIn(folder, configuration, {}, forge)
  await withRun(first, predictions, '1')
  expect((await register(registering, first.ports)).outputs).toMatchObject({ version: 1, outcome: 'created' })
  return first.nextJob('200', change)
}
