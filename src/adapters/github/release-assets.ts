import { stat } from 'node:fs/promises'
import { atMost } from '../../core/at-most.ts'
import { UserError } from '../../core/errors.ts'
import { requireAssetName } from '../../core/lineage/release.ts'
import type { DigestedFile } from '../../core/lineage/run.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Upload } from '../../ports/model-store.ts'
import { assetDownloads, atOnce, transferMilliseconds } from './asset-download.ts'
import type { Client, Repository } from './client.ts'
import { GitHubError } from './errors.ts'
import { fileUpload } from './file-upload.ts'
import { allPages } from './pages.ts'

/** An asset as GitHub describes it. */
export interface Asset {
  readonly id: number
  readonly name: string
  readonly state: string
  readonly size: number
  /** `sha256:<hex>`; null or absent on old servers. */
  readonly digest?: string | null
}

/** Moments of filling a draft: around each upload, and around the last look at what GitHub says of all of them. */
export type AssetBoundary = 'asset' | 'assets-proven'

export interface AssetTools {
  /** All assets of a release, on all pages. */
  list(release: number): Promise<readonly Asset[]>
  /** Hexadecimal SHA-256, by GitHub's word or, where it has none, by downloading. */
  sha256(asset: Asset): Promise<string>
  /** What is wrong with the assets of a release, or null. */
  problem(release: number, wanted: readonly DigestedFile[]): Promise<string | null>
  /** Makes the assets of a draft exactly these: what is there and right stays, all else is deleted and done again. */
  complete(
    draft: { readonly id: number; readonly upload_url: string },
    uploads: readonly Upload[],
    onBoundary: (boundary: AssetBoundary, moment: 'before' | 'after') => void,
  ): Promise<void>
  /** Downloads assets of a release into `folder` under their names, checking their digests on the way. */
  download(release: { readonly id: number; readonly tag: string }, wanted: readonly DigestedFile[], folder: string): Promise<void>
}

const tries = 4

/** GitHub's word for the digest of an asset, hexadecimal; null where it has none or not this one. */
export const knownDigest = (asset: Pick<Asset, 'digest'>): string | null =>
  /^sha256:([0-9a-f]{64})$/i.exec(asset.digest ?? '')?.[1]?.toLowerCase() ?? null

/** Handles the assets of one repository's releases. */
export const assetTools = (client: Client, repository: Repository, clock: Clock, thread: string | URL | null): AssetTools => {
  const at = { owner: repository.owner, repo: repository.name }
  const downloads = assetDownloads(client, repository, clock, thread)
  /** By id: what stands behind an id never changes, so that nothing without a digest is downloaded twice to learn it. */
  const learnt = new Map<number, string>()

  const list = (release: number): Promise<readonly Asset[]> =>
    allPages(
      client.paginate.iterator(client.repos.listReleaseAssets, { ...at, release_id: release, per_page: 100 }),
      'assets of one release',
    )

  const sha256 = async (asset: Asset): Promise<string> => {
    const known = knownDigest(asset) ?? learnt.get(asset.id)
    if (known !== undefined) return known
    const digest = await downloads.digest(asset)
    learnt.set(asset.id, digest)
    return digest
  }

  const isRight = async (asset: Asset, wanted: DigestedFile): Promise<boolean> =>
    asset.state === 'uploaded' && asset.size === wanted.bytes && (await sha256(asset)) === wanted.sha256

  const remove = async (asset: Asset): Promise<void> => {
    try {
      await client.repos.deleteReleaseAsset({ ...at, asset_id: asset.id })
    } catch (error) {
      if (!(error instanceof GitHubError) || error.status !== 404) throw error
    }
  }

  const send = async (uploadUrl: string, upload: Upload): Promise<void> => {
    const { size } = await stat(upload.from)
    const start = upload.start ?? 0
    if (upload.start === undefined ? size !== upload.bytes : size < start + upload.bytes)
      throw new UserError(
        `${upload.from} has ${size} bytes now, not what it had when ${upload.path} was packed. Nothing may write to it meanwhile.`,
      )
    const { data } = await client.request({
      method: 'POST',
      url: uploadUrl,
      name: upload.path,
      headers: { 'content-type': 'application/octet-stream' },
      request: { timeLimit: transferMilliseconds(upload.bytes), fetch: fileUpload(upload.from, start, upload.bytes) },
    })
    const name: unknown = typeof data === 'object' && data !== null ? (data as Record<string, unknown>).name : undefined
    if (typeof name === 'string' && name !== upload.path)
      throw new UserError(
        `GitHub keeps ${upload.path} as ${JSON.stringify(name.slice(0, 200))}, under which nobody would look for it. Rename the file and run again.`,
      )
  }

  /** Removes what is not wanted or not right and returns what is missing. */
  const clear = async (draft: number, uploads: readonly Upload[]): Promise<readonly Upload[]> => {
    const wanted = new Map(uploads.map(upload => [upload.path, upload]))
    const right = new Set<string>()
    for (const asset of await list(draft)) {
      const upload = wanted.get(asset.name)
      if (upload !== undefined && !right.has(asset.name) && (await isRight(asset, upload))) right.add(asset.name)
      else await remove(asset)
    }
    return uploads.filter(upload => !right.has(upload.path))
  }

  const complete: AssetTools['complete'] = async (draft, uploads, onBoundary) => {
    let last: unknown
    for (let attempt = 1; attempt <= tries; attempt += 1) {
      if (attempt > 1) {
        onBoundary('assets-proven', 'before')
        if (last !== undefined) await clock.sleep(2 ** attempt * 100)
      }
      const missing = await clear(draft.id, uploads)
      if (missing.length === 0) {
        onBoundary('assets-proven', 'after')
        return
      }
      if (attempt === tries) break
      try {
        await atMost(atOnce, missing, async upload => {
          onBoundary('asset', 'before')
          await send(draft.upload_url, upload)
          onBoundary('asset', 'after')
        })
        last = undefined
      } catch (error) {
        // What an unanswered upload left behind is looked at before it is done again; another refusal will not change.
        if (!(error instanceof GitHubError) || !(error.uncertain || error.status === 422)) throw error
        last = error
      }
    }
    throw new UserError(
      `The files of the release could not be uploaded intact in ${tries - 1} tries${last instanceof Error ? `: ${last.message}` : ''}. Run this job again: what is there already is kept.`,
      { cause: last },
    )
  }

  /** The asset that is to be a recorded file, as far as can be told before it is downloaded. */
  const assetFor = (listed: ReadonlyMap<string, Asset>, file: DigestedFile, tag: string): Asset => {
    requireAssetName(file.path, 'nothing is downloaded under it')
    const asset = listed.get(file.path)
    if (asset === undefined) throw new UserError(`${file.path} is missing in the release ${tag}, which the ledger records with it.`)
    if (asset.state !== 'uploaded') throw new UserError(`${file.path} of ${tag} was never uploaded completely.`)
    if (asset.size !== file.bytes)
      throw new UserError(`${file.path} of ${tag} has ${asset.size} bytes, recorded were ${file.bytes}: it was replaced.`)
    const known = knownDigest(asset) ?? file.sha256
    if (known !== file.sha256)
      throw new UserError(`${file.path} of ${tag} has sha256:${known}, recorded was sha256:${file.sha256}: it was replaced.`)
    return asset
  }

  return {
    list,
    sha256,
    complete,
    async problem(release, wanted) {
      const found = new Map((await list(release)).map(asset => [asset.name, asset]))
      for (const file of wanted) {
        const asset = found.get(file.path)
        if (asset === undefined) return `${file.path} is missing`
        if (asset.state !== 'uploaded') return `${file.path} was never uploaded completely`
        if (asset.size !== file.bytes) return `${file.path} has ${asset.size} bytes, recorded were ${file.bytes}`
        const digest = await sha256(asset)
        if (digest !== file.sha256) return `${file.path} has SHA-256 ${digest}, recorded was ${file.sha256}`
      }
      return null
    },
    async download({ id, tag }, wanted, folder) {
      const listed = new Map((await list(id)).map(asset => [asset.name, asset]))
      // All are looked at before the first byte is downloaded.
      await downloads.download(
        wanted.map(expected => ({ expected, asset: assetFor(listed, expected, tag) })),
        folder,
      )
    },
  }
}
