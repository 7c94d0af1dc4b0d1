import { writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { readPredictions } from '../../../src/adapters/files/predictions.ts'
import { parseConfiguration } from '../../../src/core/configuration/parse.ts'
import { configuration, type ModelConfiguration } from '../../../src/core/configuration/schema.ts'
import { holdoutDigest } from '../../../src/core/evaluation/holdout.ts'
import { compareReproduction } from '../../../src/core/evaluation/reproduction.ts'
import { rulesForStored, storedPredictions } from '../../../src/core/evaluation/stored-predictions.ts'
import { temporaryFolder } from '../../support/temporary.ts'

const rulesOf = (task: string, predictions: string, primary: string): ModelConfiguration =>
  parseConfiguration(
    `models:
  churn:
    task: ${task}
    predictions: ${predictions}
    primary: ${primary}
    gates: { ${primary}: { max_drop: 0.01 } }
    slices: { "sales region": { min_support: 1 } }
`,
    'refline.yml',
  ).models.churn as ModelConfiguration

const cases: [string, ModelConfiguration, string][] = [
  [
    'binary, with other names for its columns and ids that need quoting',
    rulesOf('binary', '{ file: p.csv, columns: { id: customer, label: churned, score: p_churn }, threshold: 0.2 }', 'roc_auc'),
    'customer,churned,p_churn,sales region,note\n"a,1",1,0.9,"EU ""north""",x\n b,0,1e-7,US,y\nc,1,0.30000000000000004,,z\n',
  ],
  [
    'multiclass, with a probability for each class',
    rulesOf('multiclass', '{ file: p.csv }', 'accuracy'),
    'id,label,p_cat,p_dog,p_eel,sales region\n1,cat,0.7,0.2,0.1,EU\n2,dog,0.1,0.8,0.1,US\n3,eel,0.3,0.3,0.4,EU\n',
  ],
  ['regression', rulesOf('regression', '{ file: p.csv }', 'mae'), 'id,label,prediction,sales region\n1,10.25,9.75,EU\n2,-3e-9,1,US\n'],
]

describe('predictions stored beside a version', () => {
  it.each(cases)('say the same when they are read again: %s', async (_what, rules, text) => {
    await using folder = await temporaryFolder()
    await writeFile(folder.join('p.csv'), text)
    const before = await readPredictions(folder.join('p.csv'), rules)
    const stored = storedPredictions(before, rules)
    await writeFile(folder.join('predictions.csv'), [...(stored ?? [])].join(''))
    const after = await readPredictions(folder.join('predictions.csv'), rulesForStored(rules))
    expect(holdoutDigest(after)).toBe(holdoutDigest(before))
    expect(compareReproduction(before, after)).toMatchObject({ reproduced: true })
    expect(after.classes).toEqual(before.classes)
    expect(after.probabilities?.length).toBe(before.probabilities?.length)
    expect([...after.slices.keys()]).toEqual([...before.slices.keys()])
  })
  it.each([
    ['its label', 'id,label,score', '{ file: p.csv }', ['label']],
    ['a column called label', 'id,churned,score,label', '{ file: p.csv, columns: { label: churned } }', ['label']],
    ['a column called score', 'id,label,p,score', '{ file: p.csv, columns: { score: p } }', ['score']],
    [
      'columns called row_weight and row_cluster',
      'id,label,score,row_weight,row_cluster,w',
      '{ file: p.csv, columns: { weight: w }, cluster: w }',
      ['row_cluster', 'row_weight'],
    ],
  ])('say the same of slices by %s', async (_what, header, predictions, names) => {
    await using folder = await temporaryFolder()
    const rules = configuration.parse({
      models: {
        churn: {
          task: 'binary',
          primary: 'roc_auc',
          predictions: parse(predictions),
          gates: { roc_auc: { min: 0.5 } },
          slices: Object.fromEntries(names.map(name => [name, { accuracy: { min: 0.1 } }])),
        },
      },
    }).models.churn as ModelConfiguration
    const width = header.split(',').length
    const rows = [
      [1, 0, 0.25, 1, 2, 3],
      [2, 1, 0.75, 0, 3, 4],
      [3, 1, 0.5, 1, 2, 5],
    ].map(row => row.slice(0, width).join(','))
    await writeFile(folder.join('p.csv'), `${header}\n${rows.join('\n')}\n`)
    const before = await readPredictions(folder.join('p.csv'), rules)
    await writeFile(folder.join('predictions.csv'), [...(storedPredictions(before, rules) ?? [])].join(''))
    const after = await readPredictions(folder.join('predictions.csv'), rulesForStored(rules))
    expect(holdoutDigest(after)).toBe(holdoutDigest(before))
    expect(after.slices).toEqual(before.slices)
    expect(compareReproduction(before, after)).toMatchObject({ reproduced: true })
  })
  it('are read without taking a slice or a weight for the probability of a class', async () => {
    await using folder = await temporaryFolder()
    const rules = configuration.parse({
      models: {
        churn: {
          task: 'multiclass',
          primary: 'accuracy',
          predictions: { file: 'p.csv', columns: { weight: 'p_sampled' } },
          gates: { accuracy: { min: 0.5 } },
          slices: { p_region: { accuracy: { min: 0.1 } } },
        },
      },
    }).models.churn as ModelConfiguration
    await writeFile(folder.join('p.csv'), 'id,label,p_cat,p_dog,p_region,p_sampled\n1,cat,0.7,0.3,EU,2\n2,dog,0.2,0.8,US,1\n')
    const read = await readPredictions(folder.join('p.csv'), rules)
    expect(read.classes).toEqual(['cat', 'dog'])
    expect(read.probabilities?.length).toBe(2)
  })
  it('leave out columns that nobody needs', async () => {
    await using folder = await temporaryFolder()
    const [, rules, text] = cases[0] as (typeof cases)[number]
    await writeFile(folder.join('p.csv'), text)
    const [header] = [...(storedPredictions(await readPredictions(folder.join('p.csv'), rules), rules) ?? [])].join('').split('\n')
    expect(header).toBe('id,label,score,sales region')
  })
})
