import { mkdir } from 'node:fs/promises'
import { UserError } from '../../core/errors.ts'
import type { DigestedFile } from '../../core/lineage/run.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Client, Repository } from './client.ts'
import { digestOnly, Landing, type Sink } from './landing.ts'
import type { Asset } from './release-assets.ts'
import { type Opened, openStorage, RangeRefused } from './storage.ts'

/** How often it is tried without getting anywhere; a connection that breaks after this many new bytes got somewhere. */
const tries = 4
const progressBytes = 1 << 20

/** A transfer may take a minute and what it needs at this many bytes a second. */
const slowest = 256 * 1024
export const transferMilliseconds = (bytes: number): number => 60_000 + Math.ceil((bytes / slowest) * 1000)

/** The bytes of a release's assets. */
export interface AssetDownloads {
  /** Hexadecimal SHA-256 of what GitHub gives, for servers that do not name digests. */
  digest(asset: Asset): Promise<string>
  /** Downloads an asset into `folder` under its name, checking its digest on the way; continues what an earlier attempt left. */
  download(asset: Asset, expected: DigestedFile, folder: string): Promise<void>
}

/** All bytes arrived, and are others than recorded. */
class Different extends Error {}

export const assetDownloads = (client: Client, repository: Repository, clock: Clock): AssetDownloads => {
  const secure = new URL(client.request.endpoint.DEFAULTS.baseUrl).protocol === 'https:'

  /** GitHub answers with the bytes or sends us to its storage, which must not see our token. */
  const open = async (asset: Asset, sink: Sink): Promise<Opened> => {
    const timeLimit = transferMilliseconds(asset.size)
    const answer = await client.request('GET /repos/{owner}/{repo}/releases/assets/{asset_id}', {
      owner: repository.owner,
      repo: repository.name,
      asset_id: asset.id,
      headers: { accept: 'application/octet-stream' },
      request: { redirect: 'manual', parseSuccessResponseBody: false, timeLimit },
    })
    const status: number = answer.status
    const body: unknown = answer.data
    const close = () => void (body instanceof ReadableStream && !body.locked && body.cancel().catch(() => {}))
    if (status === 200 && body instanceof ReadableStream)
      return { start: 0, body: body as unknown as AsyncIterable<Uint8Array>, etag: null, close }
    close()
    const location = answer.headers.location
    if (status < 300 || status >= 400 || location === undefined || !URL.canParse(location))
      throw new Error(`GitHub answered the download of ${asset.name} with ${status}`)
    const signal = AbortSignal.timeout(timeLimit)
    return openStorage(location, { name: asset.name, size: asset.size, have: sink.bytes, etag: sink.etag, secure, signal })
  }

  const fill = async (asset: Asset, sink: Sink): Promise<void> => {
    if (sink.bytes === asset.size) return
    const opened = await open(asset, sink)
    try {
      if (opened.start === 0 && sink.bytes > 0) await sink.restart()
      await sink.setEtag(opened.etag)
      for await (const piece of opened.body) {
        if (sink.bytes + piece.length > asset.size) throw new RangeRefused(`more than the ${asset.size} bytes announced arrived`)
        await sink.add(piece)
      }
    } finally {
      opened.close()
    }
    if (sink.bytes !== asset.size) throw new Error(`${sink.bytes} of ${asset.size} bytes arrived`)
  }

  /** Reads an asset to its end, on from where it broke off and from the beginning where it arrived changed. Returns its digest. */
  const receive = async (asset: Asset, expected: DigestedFile | null, sink: Sink): Promise<string> => {
    const deadline = clock.now() + 2 * transferMilliseconds(asset.size)
    let last: unknown
    let stuck = 0
    let different = 0
    while (stuck < tries && different < tries && clock.now() < deadline) {
      if (last !== undefined) await clock.sleep(2 ** Math.min(stuck + different, tries) * 200)
      const before = sink.bytes
      try {
        await fill(asset, sink)
        const sha256 = await sink.sha256()
        if (expected === null || sha256 === expected.sha256) return sha256
        throw new Different(`its SHA-256 is ${sha256}, expected ${expected.sha256}`)
      } catch (error) {
        // What GitHub itself refuses was tried often enough already.
        if (error instanceof UserError) throw error
        last = error
        stuck = sink.bytes - before >= progressBytes ? 1 : stuck + 1
        if (error instanceof Different) different += 1
        if (error instanceof Different || error instanceof RangeRefused) await sink.restart()
      }
    }
    throw new UserError(
      `${asset.name} could not be downloaded intact in ${Math.max(stuck, different)} tries: ${last instanceof Error ? last.message : last}.`,
      { cause: last },
    )
  }

  return {
    digest: asset => receive(asset, null, digestOnly()),
    async download(asset, expected, folder) {
      await mkdir(folder, { recursive: true })
      const landing = await Landing.open(folder, expected)
      if (landing === null) return
      try {
        await receive(asset, expected, landing)
      } catch (error) {
        await landing.leave()
        throw error
      }
      await landing.finish()
    },
  }
}
