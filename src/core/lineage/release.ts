import { UserError } from '../errors.ts'
import { assetName, manifestName, parseManifest } from './manifest.ts'
import { type DigestedFile, modelName, sha256 } from './run.ts'

/** GitHub's limit of assets per release; the other stores keep to it, so that a model can move. */
export const mostAssets = 1000

/** Tags that bytes may get: the digest's own, and `-2` to `-9` where something else stands under it. */
const suffixes = 9

const tagPattern = /^refline\/([a-z0-9-]{1,40})\/[0-9a-f]{12}(-[2-9])?$/

/** The tags that a version of this digest is published under, in the order in which they are tried. */
export const tagsOf = (model: string, digest: string): readonly string[] => {
  const base = `refline/${model}/${digest.slice(0, 12)}`
  return Array.from({ length: suffixes }, (_, index) => (index === 0 ? base : `${base}-${index + 1}`))
}

/** Throws a UserError where a text is not the tag of a version: it could lead anywhere as a path or a ref. */
export const requireTag = (tag: string): void => {
  if (!tagPattern.test(tag))
    throw new UserError(`${JSON.stringify(tag)} is no tag of a version: expected refline/<model>/<12 hexadecimal digits>.`)
}

/** Throws a UserError where a text is no model's name: it becomes a part of tags and paths. */
export const requireModel = (model: string): void => {
  if (!modelName.safeParse(model).success) throw new UserError(`${JSON.stringify(model)} is no model name.`)
}

/** Throws a UserError where a name could lead out of a folder, or would be changed by GitHub. `doing` ends the sentence. */
export const requireAssetName = (name: string, doing: string): void => {
  if (!assetName.safeParse(name).success) throw new UserError(`${JSON.stringify(name)} is no name of an asset; ${doing}.`)
}

/** Refuses what no store can publish, before anything is written: names, empty and doubled files, too many of them. Throws a UserError. */
export const requirePublishable = (request: {
  readonly model: string
  readonly digest: string
  readonly owner: string
  readonly uploads: readonly DigestedFile[]
}): void => {
  const { model, digest, owner, uploads } = request
  if (!modelName.safeParse(model).success || !sha256.safeParse(digest).success)
    throw new UserError(`${JSON.stringify(model)} ${JSON.stringify(digest)} is no model and digest.`)
  if (!assetName.safeParse(owner).success) throw new UserError(`${JSON.stringify(owner)} is no name of a run.`)
  if (uploads.length > mostAssets)
    throw new UserError(
      `There are ${uploads.length} files to publish, and a release takes ${mostAssets}. Let \`train.output\` name a folder, which is kept as one file, or split the model.`,
    )
  const names = new Set<string>()
  for (const upload of uploads) {
    if (!assetName.safeParse(upload.path).success || names.size === names.add(upload.path).size)
      throw new UserError(
        `${JSON.stringify(upload.path)} cannot be the name of an asset, or comes twice; use letters, digits, ".", "_" and "-".`,
      )
    if (upload.bytes === 0) throw new UserError(`${upload.path} is empty, and GitHub keeps no empty files. Leave it out.`)
  }
  if (!names.has(manifestName)) throw new UserError(`There is no ${manifestName} among the files to publish; pack the model first.`)
}

/**
 * Of the files to publish those that make the model: the manifest, whose text is given, and what it lists. The others are evidence of one run and may differ between
 * runs of the same bytes.
 */
export const modelFilesOf = <T extends DigestedFile>(uploads: readonly T[], manifest: string): readonly T[] => {
  const parts = new Set(parseManifest(manifest, manifestName).packing.parts.map(part => part.path))
  return uploads.filter(upload => upload.path === manifestName || parts.has(upload.path))
}
