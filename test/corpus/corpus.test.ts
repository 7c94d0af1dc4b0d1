import { afterAll, describe, expect, test } from 'vitest'
import { type TemporaryFolder, temporaryFolder } from '../support/temporary.ts'
import { configurationCases, modelNameCases } from './configuration.ts'
import { type CorpusCase, check } from './corpus.ts'
import { metricsCases } from './metrics.ts'
import { nameCases } from './names.ts'
import { numericCases } from './numerics.ts'
import { packedCases } from './packed.ts'
import { predictionsCases } from './predictions.ts'
import { trackedCases } from './tracked.ts'
import { weightsCases } from './weights.ts'

const classes: Readonly<Record<string, readonly CorpusCase[]>> = {
  'metrics files': metricsCases,
  'metrics of libraries': trackedCases,
  predictions: predictionsCases,
  'packed predictions': packedCases,
  'weights and clusters': weightsCases,
  configurations: configurationCases,
  names: [...modelNameCases, ...nameCases],
  numerics: numericCases,
}

let folder: TemporaryFolder | null = null
const held = new Map<string, number>()

for (const [name, cases] of Object.entries(classes)) {
  describe(name, () => {
    test.each(cases.map(one => [one.name, one] as const))('%s', async (_, one) => {
      folder ??= await temporaryFolder('refline-corpus-')
      await check(one, folder.path)
      held.set(name, (held.get(name) ?? 0) + 1)
    })
    test('no case stands twice', () => {
      expect(new Set(cases.map(one => one.name)).size).toBe(cases.length)
    })
  })
}

afterAll(async () => {
  const total = [...held.values()].reduce((sum, count) => sum + count, 0)
  console.log(`corpus: ${[...held].map(([name, count]) => `${count} ${name}`).join(', ')}; ${total} in all`)
  await folder?.[Symbol.asyncDispose]()
})
