import { describe, expect, it } from 'vitest'
import { loosened } from '../../../src/core/comparison/loosened.ts'
import { rulesOf } from '../evaluation/fixtures.ts'

const base = {
  primary: 'roc_auc',
  confidence: 0.95,
  on_inconclusive: 'fail',
  promote: { changed: 'superior', retrained: 'superior' },
  predictions: { file: 'predictions.csv', threshold: 0.2, positive: 1, score: 'python score.py' },
  gates: { roc_auc: { min: 0.9, max_drop: 0.005 }, brier: { max: 0.09, max_rise: '2%' } },
  slices: { region: { min_support: 60, recall: { min: 0.75 } } },
}
/** With everything else that can be weakened. */
const full = {
  ...base,
  checks: 'checks.ts',
  promote: { ...base.promote, changed: { superior_by: 0.002 } },
  predictions: { ...base.predictions, columns: { weight: 'cost' }, cluster: 'user_id' },
  gates: { ...base.gates, roc_auc: { min: 0.9, max_drop: 0.005, min_gain: 0.002 }, cost: { max: 3, direction: 'lower' } },
  slices: { region: { min_support: 60, recall: { min: 0.75, max_drop: '2%' } } },
  fairness: { sex: { demographic_parity_ratio: { min: 0.8 }, equalized_odds_difference: { max: 0.1 } } },
}
const loosenedBy = (part: Record<string, unknown>) => loosened(rulesOf(base), rulesOf({ ...base, ...part }))

describe('what a change loosens', () => {
  it.each([
    [{ gates: { roc_auc: { min: 0.9, max_drop: 0.005 } } }, 'the gate on brier is removed'],
    [{ gates: { ...base.gates, roc_auc: { min: 0.85, max_drop: 0.005 } } }, 'roc_auc: min is lowered from 0.9 to 0.85'],
    [{ gates: { ...base.gates, roc_auc: { min: 0.9 } } }, 'roc_auc: max_drop 0.005 is removed'],
    [{ gates: { ...base.gates, roc_auc: { min: 0.9, max_drop: '5%' } } }, 'roc_auc: max_drop goes from 0.005 to 5%'],
    [{ gates: { ...base.gates, brier: { max: 0.1, max_rise: '2%' } } }, 'brier: max is raised from 0.09 to 0.1'],
    [{ gates: { ...base.gates, brier: { max: 0.09, max_rise: '3%' } } }, 'brier: max_rise is raised from 2% to 3%'],
    [{ slices: {} }, 'slices.region is removed'],
    [{ slices: { region: { min_support: 60 } } }, 'slices.region.recall: min 0.75 is removed'],
    [
      { slices: { region: { min_support: 90, recall: { min: 0.75 } } } },
      'slices.region: min_support is raised from 60 to 90, so fewer slices are judged',
    ],
    [{ promote: { changed: 'non_inferior', retrained: 'superior' } }, 'promote.changed is weakened from superior to non_inferior'],
    [{ primary: 'recall' }, 'primary goes from roc_auc to recall'],
    [{ confidence: 0.8 }, 'confidence is lowered from 0.95 to 0.8'],
    [{ on_inconclusive: 'point' }, 'on_inconclusive is weakened from fail to point'],
    [{ predictions: { ...base.predictions, threshold: 0.1 } }, 'predictions.threshold goes from 0.2 to 0.1'],
    [{ predictions: { ...base.predictions, positive: undefined } }, 'predictions.positive goes from 1 to nothing'],
    [{ predictions: { ...base.predictions, score: undefined } }, 'predictions.score goes from python score.py to nothing'],
    [
      { predictions: { ...base.predictions, file: 'train_predictions.csv' } },
      'predictions.file goes from predictions.csv to train_predictions.csv',
    ],
    [{ path: 'churn' }, 'path goes from nothing to churn'],
    [{ train: { command: 'a', output: 'm', code: ['nothing.py', 'x'] } }, 'train.code goes from nothing to nothing.py, x'],
    [{ train: { command: 'a', output: 'm', metrics: 'best.json' } }, 'train.metrics goes from nothing to best.json'],
    [{ path: undefined, shared: ['lib'] }, 'shared goes from nothing to lib'],
    [{ predictions: { ...base.predictions, score: ['cp', 'a', 'b'] } }, 'predictions.score goes from python score.py to ["cp","a","b"]'],
  ])('%j', (part, sentence) => {
    expect(loosenedBy(part)).toEqual([sentence])
  })
  it('names predictions that are taken away, after which metrics are the script’s own word', () => {
    const plain = { ...base, predictions: 'predictions.csv' }
    expect(loosened(rulesOf(plain), rulesOf({ ...plain, predictions: undefined }))).toEqual([
      'predictions.file goes from predictions.csv to nothing',
    ])
  })
  const { region } = full.slices
  const { sex } = full.fairness
  const gated = (gate: object) => ({ gates: { ...full.gates, roc_auc: { ...full.gates.roc_auc, ...gate } } })
  it.each([
    [gated({ severity: 'warn' }), 'roc_auc: severity is lowered from error to warn'],
    [gated({ severity: 'info' }), 'roc_auc: severity is lowered from error to info'],
    [gated({ min_gain: 0.001 }), 'roc_auc: min_gain is lowered from 0.002 to 0.001'],
    [gated({ min_gain: undefined }), 'roc_auc: min_gain 0.002 is removed'],
    [gated({ min_gain: '1%' }), 'roc_auc: min_gain goes from 0.002 to 1%'],
    [gated({ source: 'metrics.json' }), 'roc_auc: source goes from nothing to metrics.json'],
    [{ gates: { ...full.gates, cost: { max: 3, direction: 'higher' } } }, 'cost: direction goes from lower to higher'],
    [{ slices: { region: { ...region, severity: 'warn' } } }, 'slices.region.recall: severity is lowered from error to warn'],
    [
      { slices: { region: { ...region, recall: { ...region.recall, severity: 'info' } } } },
      'slices.region.recall: severity is lowered from error to info',
    ],
    [
      { slices: { region: { ...region, recall: { min: 0.75, max_drop: '4%' } } } },
      'slices.region.recall: max_drop is raised from 2% to 4%',
    ],
    [{ fairness: {} }, 'fairness.sex is removed'],
    [
      { fairness: { sex: { ...sex, demographic_parity_ratio: { min: 0.7 } } } },
      'fairness.sex.demographic_parity_ratio: min is lowered from 0.8 to 0.7',
    ],
    [
      { fairness: { sex: { demographic_parity_ratio: { min: 0.8 }, accuracy_difference: { max: 0.1 } } } },
      'fairness.sex.equalized_odds_difference: max 0.1 is removed',
    ],
    [{ fairness: { sex: { ...sex, min_support: 200 } } }, 'fairness.sex: min_support is raised from 30 to 200, so fewer groups are judged'],
    [{ fairness: { sex: { ...sex, reference: 'female' } } }, 'fairness.sex: reference goes from nothing to female'],
    [
      { fairness: { sex: { ...sex, severity: 'warn', demographic_parity_ratio: { min: 0.8, severity: 'error' } } } },
      'fairness.sex.equalized_odds_difference: severity is lowered from error to warn',
    ],
    [{ promote: { ...base.promote, changed: { superior_by: 0.001 } } }, 'promote.changed: superior_by is lowered from 0.002 to 0.001'],
    [{ promote: { ...base.promote, changed: 'superior' } }, 'promote.changed is weakened from superior_by to superior'],
    [{ promote: { ...full.promote, retrained: 'equivalent' } }, 'promote.retrained is weakened from superior to equivalent'],
    [{ predictions: { ...full.predictions, columns: {} } }, 'predictions.columns.weight goes from cost to nothing'],
    [{ predictions: { ...full.predictions, cluster: undefined } }, 'predictions.cluster goes from user_id to nothing'],
    [{ predictions: { ...full.predictions, paired: false } }, 'predictions.paired goes from true to false'],
    [{ checks: undefined }, 'checks goes from checks.ts to nothing'],
    [{ checks: 'other.ts' }, 'checks goes from checks.ts to other.ts'],
  ])('%j', (part, sentence) => {
    expect(loosened(rulesOf(full), rulesOf({ ...full, ...part }))).toEqual([sentence])
  })
  it('a margin for what had none, and equivalence left for something else', () => {
    const without = { ...full, promote: { changed: 'non_inferior', retrained: 'equivalent' }, gates: { roc_auc: { min: 0.9 } } }
    const wider = {
      ...without,
      promote: { changed: 'non_inferior', retrained: 'superior' },
      gates: { roc_auc: { min: 0.9, max_drop: 0.2 } },
    }
    expect(loosened(rulesOf(without), rulesOf(wider))).toEqual([
      'promote.changed: the margin of non_inferior is raised from 0 to 0.2',
      'promote.retrained goes from equivalent to superior',
    ])
  })
  it.each([
    [gated({ min_gain: 0.003 })],
    [{ slices: { region: { ...region, recall: { ...region.recall, max_drop: '1%', severity: 'error' } } } }],
    [{ fairness: { sex: { ...sex, min_support: 20, demographic_parity_ratio: { min: 0.9 } }, age: sex } }],
    [{ promote: { ...base.promote, changed: { superior_by: 0.01 }, retrained: { superior_by: 0 } } }],
  ])('nothing by %j', part => {
    expect(loosened(rulesOf(full), rulesOf({ ...full, ...part }))).toEqual([])
  })
  it.each([
    [{}],
    [{ gates: { ...base.gates, recall: { min: 0.1 }, roc_auc: { min: 0.95, max_drop: 0.001 } } }],
    [{ confidence: 0.99, slices: { region: { min_support: 30, recall: { min: 0.8 } } } }],
  ])('nothing by %j', part => {
    expect(loosenedBy(part)).toEqual([])
  })
})
