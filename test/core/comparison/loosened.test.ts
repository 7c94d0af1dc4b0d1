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
    [{ predictions: { ...base.predictions, score: ['cp', 'a', 'b'] } }, 'predictions.score goes from python score.py to ["cp","a","b"]'],
  ])('%j', (part, sentence) => {
    expect(loosenedBy(part)).toEqual([sentence])
  })
  it.each([
    [{}],
    [{ gates: { ...base.gates, recall: { min: 0.1 }, roc_auc: { min: 0.95, max_drop: 0.001 } } }],
    [{ confidence: 0.99, slices: { region: { min_support: 30, recall: { min: 0.8 } } } }],
  ])('nothing by %j', part => {
    expect(loosenedBy(part)).toEqual([])
  })
})
