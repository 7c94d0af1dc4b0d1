import { describe, expect, it } from 'vitest'
import { codePaths } from '../../../src/actions/train/code-paths.ts'
import { parseConfiguration } from '../../../src/core/configuration/parse.ts'
import type { ModelConfiguration } from '../../../src/core/configuration/schema.ts'

const modelOf = (lines: string): ModelConfiguration =>
  parseConfiguration(
    `models:\n  churn:\n    task: binary\n    primary: roc_auc\n    gates: { roc_auc: { min: 0.5 } }\n${lines}`,
    'refline.yml',
  ).models.churn as ModelConfiguration

describe('what counts as code', () => {
  it('is the repository without prose, workflows, configuration and data', () => {
    expect(codePaths(modelOf('    train: { command: x, output: m, data: [data/train.csv] }\n'), 'refline.yml')).toEqual({
      include: [],
      exclude: ['**/*.md', '.github', 'refline.yml', 'data/train.csv'],
    })
  })
  it('is the folder of a model and what it shares, in a repository of several', () => {
    const model = modelOf(
      '    path: models/churn\n    shared: [libs/features]\n    train: { command: x, output: m, data: [data/, ../../common/a.csv] }\n',
    )
    expect(codePaths(model, 'refline.yml')).toEqual({
      include: ['models/churn', 'libs/features'],
      exclude: ['**/*.md', '.github', 'refline.yml', 'models/churn/data', 'common/a.csv'],
    })
  })
  it('is what the model says', () => {
    expect(codePaths(modelOf('    train: { command: x, output: m, code: [src, train.py], data: [src/data] }\n'), 'refline.yml')).toEqual({
      include: ['src', 'train.py'],
      exclude: ['src/data'],
    })
  })
})
