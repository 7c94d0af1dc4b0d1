import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { digestFile } from '../../adapters/files/digest.ts'
import { packModel } from '../../adapters/files/model-package.ts'
import { storedPredictions } from '../../core/evaluation/stored-predictions.ts'
import type { Upload } from '../../ports/model-store.ts'
import type { RunFolders } from '../../ports/run-folders.ts'
import type { Judged } from '../judge/gather.ts'

/** Packs the model files of a judged run: one file as it is, several as one deterministic tar. */
export const packRun = async (judged: Judged, runs: RunFolders) => {
  const { folder, record } = judged.run
  return packModel(join(folder, 'files', 'model'), record.model_files, await runs.scratch(`pack-${record.run}`))
}

/** run.json, result.json and, as far as `keep` allows, the predictions: what a version is judged against later and what its verdict can be replayed from. */
export const evidenceOf = async (judged: Judged, runs: RunFolders): Promise<readonly Upload[]> => {
  const { folder, record } = judged.run
  const uploads: Upload[] = []
  for (const name of ['run.json', 'result.json'])
    uploads.push({ path: name, from: join(folder, name), ...(await digestFile(join(folder, name))) })
  const stored = judged.predictions === null ? null : storedPredictions(judged.predictions, judged.rules.model)
  if (stored === null) return uploads
  const from = join(await runs.scratch(`evidence-${record.run}`), 'predictions.csv')
  await pipeline(Readable.from(stored), createWriteStream(from))
  uploads.push({ path: 'predictions.csv', from, ...(await digestFile(from)) })
  return uploads
}
