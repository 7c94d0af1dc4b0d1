import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { UserError } from '../../core/errors.ts'
import type { DigestedFile } from '../../core/lineage/run.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Upload } from '../../ports/model-store.ts'
import type { Client, Repository } from './client.ts'
import { GitHubError } from './errors.ts'
import { fileUpload } from './file-upload.ts'

/** An asset as GitHub describes it. */
export interface Asset {
  readonly id: number
  readonly name: string
  readonly state: string
  readonly size: number
  /** `sha256:<hex>`; null or absent on old servers. */
  readonly digest?: string | null
}

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
    onUpload: (moment: 'before' | 'after') => void,
  ): Promise<void>
  /** Downloads an asset into `folder` under its name, checking its digest on the way. */
  download(asset: Asset, expected: DigestedFile, folder: string): Promise<void>
}

const tries = 4
/** A transfer may take a minute and what it needs at this many bytes a second. */
const slowest = 256 * 1024
const timeLimit = (bytes: number): AbortSignal => AbortSignal.timeout(60_000 + Math.ceil((bytes / slowest) * 1000))

/** Handles the assets of one repository's releases. */
export const assetTools = (client: Client, repository: Repository, clock: Clock): AssetTools => {
  const at = { owner: repository.owner, repo: repository.name }

  const list = (release: number): Promise<readonly Asset[]> =>
    client.paginate(client.repos.listReleaseAssets, { ...at, release_id: release, per_page: 100 })

  /** The bytes of an asset: GitHub answers with them or sends us to its storage, which must not see our token. */
  const open = async (asset: Asset): Promise<AsyncIterable<Uint8Array>> => {
    const signal = timeLimit(asset.size)
    const answer = await client.request('GET /repos/{owner}/{repo}/releases/assets/{asset_id}', {
      ...at,
      asset_id: asset.id,
      headers: { accept: 'application/octet-stream' },
      request: { redirect: 'manual', parseSuccessResponseBody: false, signal },
    })
    const status: number = answer.status
    if (status === 200) return stream(answer.data)
    const location = answer.headers.location
    if (status < 300 || status >= 400 || location === undefined || !URL.canParse(location)) {
      throw new Error(`GitHub answered the download of ${asset.name} with ${status}`)
    }
    await cancel(answer.data)
    const secure = new URL(client.request.endpoint.DEFAULTS.baseUrl).protocol === 'https:'
    if (secure && !location.startsWith('https://'))
      throw new UserError(`GitHub sent the download of ${asset.name} to an unencrypted address; nothing was downloaded.`)
    const found = await fetch(location, { signal })
    if (found.status !== 200) {
      await cancel(found.body)
      throw new Error(`GitHub's storage answered the download of ${asset.name} with ${found.status}`)
    }
    return stream(found.body)
  }

  /** Reads an asset to its end, several times where it breaks off or arrives changed; `write` begins anew each time. */
  const receive = async (
    asset: Asset,
    expected: DigestedFile | null,
    write: (source: AsyncIterable<Uint8Array>) => Promise<void>,
  ): Promise<string> => {
    let last: unknown
    for (let attempt = 1; attempt <= tries; attempt += 1) {
      if (attempt > 1) await clock.sleep(2 ** attempt * 100)
      const hash = createHash('sha256')
      let bytes = 0
      try {
        const source = await open(asset)
        await write(
          (async function* () {
            for await (const piece of source) {
              bytes += piece.length
              if (bytes > asset.size) throw new Error(`more than the ${asset.size} bytes announced arrived`)
              hash.update(piece)
              yield piece
            }
          })(),
        )
        const sha256 = hash.digest('hex')
        if (bytes !== asset.size) throw new Error(`${bytes} of ${asset.size} bytes arrived`)
        if (expected !== null && sha256 !== expected.sha256) throw new Error(`its SHA-256 is ${sha256}, expected ${expected.sha256}`)
        return sha256
      } catch (error) {
        if (error instanceof UserError) throw error
        last = error
      }
    }
    throw new UserError(`${asset.name} could not be downloaded intact in ${tries} tries: ${last instanceof Error ? last.message : last}.`, {
      cause: last,
    })
  }

  const sha256 = async (asset: Asset): Promise<string> => {
    const known = /^sha256:([0-9a-f]{64})$/.exec(asset.digest ?? '')?.[1]
    if (known !== undefined) return known
    return receive(asset, null, async source => {
      for await (const _ of source);
    })
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
    if (size !== upload.bytes)
      throw new UserError(`${upload.from} has ${size} bytes now, ${upload.bytes} when it was packed. Nothing may write to it meanwhile.`)
    await client.request({
      method: 'POST',
      url: uploadUrl,
      name: upload.path,
      headers: { 'content-type': 'application/octet-stream' },
      request: { signal: timeLimit(upload.bytes), fetch: fileUpload(upload.from, upload.bytes) },
    })
  }

  const complete: AssetTools['complete'] = async (draft, uploads, onUpload) => {
    const wanted = new Map(uploads.map(upload => [upload.path, upload]))
    let last: unknown
    for (let attempt = 1; attempt <= tries; attempt += 1) {
      if (attempt > 1) await clock.sleep(2 ** attempt * 100)
      const right = new Set<string>()
      for (const asset of await list(draft.id)) {
        const upload = wanted.get(asset.name)
        if (upload !== undefined && !right.has(asset.name) && (await isRight(asset, upload))) right.add(asset.name)
        else await remove(asset)
      }
      const missing = uploads.filter(upload => !right.has(upload.path))
      if (missing.length === 0) return
      if (attempt === tries) break
      try {
        for (const upload of missing) {
          onUpload('before')
          await send(draft.upload_url, upload)
          onUpload('after')
        }
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
    async download(asset, expected, folder) {
      await mkdir(folder, { recursive: true })
      const target = join(folder, expected.path)
      const partial = join(folder, `.${expected.path}.partial`)
      try {
        await receive(asset, expected, source => pipeline(source, createWriteStream(partial)))
        await rename(partial, target)
      } finally {
        await rm(partial, { force: true })
      }
      if ((await stat(target)).size !== expected.bytes) throw new UserError(`${target} was changed while it was downloaded.`)
    },
  }
}

const stream = (body: unknown): AsyncIterable<Uint8Array> => {
  if (body instanceof ReadableStream) return Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0])
  throw new Error('the answer has no body')
}

const cancel = async (body: unknown): Promise<void> => {
  if (body instanceof ReadableStream) await body.cancel()
}
