import { writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { digestHoldout } from '../../../src/adapters/files/holdout-digest.ts'
import { readPredictions } from '../../../src/adapters/files/predictions.ts'
import { pair } from '../../../src/core/comparison/pair.ts'
import type { ModelConfiguration } from '../../../src/core/configuration/schema.ts'
import { UserError } from '../../../src/core/errors.ts'
import { holdoutDigest } from '../../../src/core/evaluation/holdout.ts'
import type { Predictions } from '../../../src/core/evaluation/predictions.ts'
import { rulesForStored, storedPredictions } from '../../../src/core/evaluation/stored-predictions.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { rulesOf } from './fixtures.ts'

const gates = { roc_auc: { min: 0.5 } }
const slices = { region: { recall: { min: 0.1 } } }
const plain = rulesOf({ gates, slices })
const weighted = rulesOf({ gates, slices, predictions: { file: 'p.csv', columns: { weight: 'w' } } })
const clustered = rulesOf({ gates, slices, predictions: { file: 'p.csv', cluster: 'user' } })
const both = rulesOf({ gates, slices, predictions: { file: 'p.csv', columns: { weight: 'w' }, cluster: 'user' } })

const text = `id,label,score,region,w,user
b,1,0.75,EU,1,ann
a,0,0.25,US,0.5,bob
d,1,0.5,EU,2,ann
c,0,0.125,,1e-3,cy
`
const read = async (content: string, rules: ModelConfiguration, name = 'p.csv'): Promise<Predictions> => {
  await using folder = await temporaryFolder()
  await writeFile(folder.join(name), content)
  return await readPredictions(folder.join(name), rules)
}

describe('the identity of a holdout', () => {
  it('is the same number as ever where neither weights nor clusters are named', async () => {
    // Computed by the first version of Refline: versions in ledgers stand on it.
    expect(holdoutDigest(await read(text, plain))).toBe('41a1f3a2c93759e997c7afbe1fd8b99e44e34ff2e7f6dfe7e20e2eb9a391da2c')
  })
  it('is the same by the portable and by the fast hash', async () => {
    for (const rules of [plain, weighted, clustered, both])
      expect(digestHoldout(await read(text, rules))).toBe(holdoutDigest(await read(text, rules)))
  })
  it('has weights and clusters in it where they are named', async () => {
    const digests = await Promise.all([plain, weighted, clustered, both].map(async rules => holdoutDigest(await read(text, rules))))
    expect(new Set(digests).size).toBe(4)
    const changed = async (rules: ModelConfiguration, from: string, to: string) => holdoutDigest(await read(text.replace(from, to), rules))
    expect(await changed(weighted, 'US,0.5', 'US,0.25')).not.toBe(digests[1])
    expect(await changed(clustered, 'US,0.5', 'US,0.25')).toBe(digests[2])
    expect(await changed(clustered, 'bob', 'ann')).not.toBe(digests[2])
    expect(await changed(clustered, 'bob', 'someone else')).toBe(digests[2])
    expect(await changed(plain, 'bob', 'ann')).toBe(digests[0])
  })
  it('does not know the order of the rows', async () => {
    const [header, ...lines] = text.trim().split('\n')
    const turned = `${[header, ...lines.toReversed()].join('\n')}\n`
    for (const rules of [plain, both]) expect(holdoutDigest(await read(turned, rules))).toBe(holdoutDigest(await read(text, rules)))
  })
})

describe('weights and clusters', () => {
  it('are read by the names that refline.yml gives them', async () => {
    const found = await read(text, both)
    expect([...(found.weights ?? [])]).toEqual([1, 0.5, 2, 0.001])
    expect([...(found.clusters ?? [])]).toEqual([0, 1, 0, 2])
    const none = await read(text.replace('region,w,user', 'region,weight,cluster'), plain)
    expect([none.weights, none.clusters]).toEqual([null, null])
  })
  it('are stored beside a version and read again', async () => {
    const before = await read(text, both)
    const stored = [...(storedPredictions(before, both) ?? [])].join('')
    expect(stored.split('\n')[0]).toBe('id,label,score,row_weight,row_cluster,region')
    expect(stored).not.toMatch(/ann|bob/)
    const after = await read(stored, rulesForStored(both))
    expect(holdoutDigest(after)).toBe(holdoutDigest(before))
    expect(after.weights).toEqual(before.weights)
    expect(after.clusters).toEqual(before.clusters)
  })
  it('must be named by `keep`', async () => {
    const rules = rulesOf({
      gates,
      predictions: { file: 'p.csv', columns: { weight: 'w' }, cluster: 'user', keep: ['id', 'label', 'score', 'w'] },
    })
    const found = await read(text, rules)
    expect(() => storedPredictions(found, rules)).toThrow(/must name .*weights and clusters \(w, user\)/)
  })
  it('of 100,000 clusters keep apart what is different', async () => {
    const many = Array.from({ length: 200_000 }, (_, row) => `r${row},${row % 2},0.5,u${(row * 7919) % 100_000}`)
    const { clusters } = await read(
      `id,label,score,user\n${many.join('\n')}\n`,
      rulesOf({ gates, predictions: { file: 'p.csv', cluster: 'user' } }),
    )
    expect(clusters?.length).toBe(200_000)
    for (let row = 0; row < 200_000; row++) expect(clusters?.[row]).toBe(row % 100_000)
  })
  it('that differ between the models are an error that names the id', async () => {
    const ours = await read(text, both)
    const shuffled = text.replace('b,1,0.75,EU,1,ann\na,0,0.25,US,0.5,bob', 'a,0,0.25,US,0.5,x2\nb,1,0.75,EU,1,ann')
    expect(pair(ours, await read(shuffled, both))).toMatchObject({ paired: true })
    for (const [from, to, message] of [
      ['US,0.5', 'US,0.25', /the weight of id "a" differs from the champion's predictions \(p\.csv line 2\)/],
      ['0.5,x2', '0.5,ann', /the cluster of id "a" differs/],
      ['2,ann', '2,x9', /the cluster of id "d" differs/],
    ] as const) {
      const theirs = await read(shuffled.replace(from, to), both)
      expect(() => pair(ours, theirs)).toThrow(UserError)
      expect(() => pair(ours, theirs)).toThrow(message)
    }
    expect(pair(ours, await read(text, clustered))).toMatchObject({
      paired: false,
      reason: 'its predictions have no weights, those of this run have',
    })
  })
})
