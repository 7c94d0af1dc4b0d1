import type { EventOf } from '../../src/core/lineage/events.ts'
import type { GitHub, HeldRelease } from './github.ts'
import { packedOf } from './runs.ts'

const problemOf = (
  release: HeldRelease,
  file: { readonly path: string; readonly bytes: number; readonly sha256: string },
): string | null => {
  const asset = release.assets.get(file.path)
  if (asset === undefined) return `lacks ${file.path}`
  if (asset.state !== 'uploaded') return `has ${file.path} in state ${asset.state}`
  return asset.size === file.bytes && asset.digest === `sha256:${file.sha256}` ? null : `has other bytes in ${file.path}`
}

/** I10 and A1: a release that is published, and so can never be changed again, has all the files of its digest, complete. */
export const publishedWhole = (release: HeldRelease): string | null => {
  for (const asset of release.assets.values())
    if (asset.state !== 'uploaded') return `I10: the release ${release.tag_name} was published with ${asset.name} in state ${asset.state}`
  const packed = packedOf(release.tag_name)
  if (packed === null) return `A1: the release ${release.tag_name} was published, which is no model's tag`
  if (!release.assets.has('result.json')) return `A1: the release ${release.tag_name} was published without result.json`
  for (const upload of packed) {
    const problem = problemOf(release, upload)
    if (problem !== null) return `A1: the release ${release.tag_name} was published and ${problem}`
  }
  return null
}

/** A1: a registered version points at a published release with exactly the digests that are recorded. */
export const registeredIsPublished = (github: GitHub, { version }: EventOf<'register'>): string | null => {
  const release = github.published(version.tag)
  if (release === null) return `A1: v${version.version} is registered and no release stands behind ${version.tag}`
  const recorded = new Set(version.assets.map(asset => asset.path))
  for (const file of [...version.assets, ...(packedOf(version.tag) ?? [])]) {
    const problem = problemOf(release, file)
    if (problem !== null) return `A1: v${version.version} is registered and its release ${problem}`
    if (!recorded.has(file.path)) return `A1: v${version.version} is registered without ${file.path}`
  }
  return null
}
