import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { unpackModel } from '../adapters/files/model-package.ts'
import { UserError } from '../core/errors.ts'
import type { VersionRecord } from '../core/lineage/events.ts'
import type { ModelStore } from '../ports/model-store.ts'
import { modelPathOf } from './train/collect.ts'

const isEvidence = (name: string): boolean =>
  name === 'run.json' || name === 'result.json' || name === 'card.md' || name.startsWith('predictions.')

/**
 * Puts the model files of a version into `folder`, each checked by digest, and returns the path that a `score` command knows: the file itself where the model is one file
 * of the name in `output`, else the folder.
 */
export const fetchVersion = async (
  store: Pick<ModelStore, 'fetch'>,
  version: VersionRecord,
  folder: string,
  output: string,
): Promise<string> => {
  const assets = `${folder}.assets`
  await mkdir(assets, { recursive: true })
  await mkdir(dirname(folder), { recursive: true })
  await store.fetch(
    version.tag,
    version.assets.filter(asset => !isEvidence(asset.path)),
    assets,
  )
  const manifest = version.assets.find(asset => asset.path === 'manifest.json')
  if (manifest?.sha256 !== version.digest)
    throw new UserError(`v${version.version} has the digest ${version.digest}, its manifest another one: the ledger's record is damaged`)
  const { files } = await unpackModel(assets, folder)
  return modelPathOf(folder, files, output)
}
