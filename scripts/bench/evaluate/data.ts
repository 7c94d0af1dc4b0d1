import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { drawNormal, uniform } from '../../../src/core/statistics/random.ts'

const regions = ['APAC', 'EU', 'LATAM', 'US']
const channels = ['app', 'store', 'web']
const seed = 20240601

/** The two models' files of one holdout. */
export interface Files {
  readonly challenger: string
  readonly champion: string
}

const sigmoid = (value: number): number => 1 / (1 + Math.exp(-value))

/**
 * Writes predictions of two models on the same `rows` seeded rows, in the same order, which is not that of their ids: a third is positive, the challenger is a little
 * better, its scores are probabilities. Scores have all the digits that Python writes. `both` false writes the challenger's alone.
 */
export const writeHoldout = async (folder: string, rows: number, both = true): Promise<Files> => {
  const files = { challenger: join(folder, `challenger-${rows}.csv`), champion: join(folder, `champion-${rows}.csv`) }
  const outputs = [files.challenger, ...(both ? [files.champion] : [])].map(path => createWriteStream(path))
  const random = uniform(seed)
  const pick = (names: readonly string[]): string => names[Math.floor(random() * names.length)] as string
  let texts = outputs.map(() => 'id,label,score,region,channel\n')
  for (let row = 0; row < rows; row++) {
    const id = `c${String((row * 7919 + 104_729) % rows).padStart(8, '0')}`
    const truth = 1.6 * drawNormal(random) - 0.9
    const label = random() < sigmoid(truth) ? 1 : 0
    const rest = `${pick(regions)},${pick(channels)}\n`
    const scores = [sigmoid(0.93 * truth - 0.05 + 0.35 * drawNormal(random)), sigmoid(0.85 * truth - 0.1 + 0.55 * drawNormal(random))]
    for (let model = 0; model < texts.length; model++) texts[model] += `${id},${label},${scores[model]},${rest}`
    if ((texts[0] as string).length < 1 << 20 && row + 1 < rows) continue
    for (const [model, output] of outputs.entries()) if (!output.write(texts[model])) await once(output, 'drain')
    texts = outputs.map(() => '')
  }
  for (const output of outputs) output.end()
  await Promise.all(outputs.map(output => finished(output)))
  return files
}
