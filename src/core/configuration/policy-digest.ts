import { canonicalJson, digest } from '../lineage/canonical.ts'
import type { ModelConfiguration } from './schema.ts'

/** Digest of the rules a model is judged by: its configuration without what only says how it is made, packed or described. */
export const policyDigest = (model: ModelConfiguration): string => {
  const { train: _train, image: _image, card: _card, path: _path, shared: _shared, ...rules } = model
  return digest(canonicalJson(rules))
}
