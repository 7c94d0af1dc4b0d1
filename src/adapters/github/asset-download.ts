import { mkdir } from 'node:fs/promises'
import { atMost } from '../../core/at-most.ts'
import { UserError } from '../../core/errors.ts'
import type { DigestedFile } from '../../core/lineage/run.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Client, Repository } from './client.ts'
import { Landing } from './landing.ts'
import type { Asset } from './release-assets.ts'
import { digestOnly, type FileSink, type Sink, takeIn } from './sink.ts'
import { RangeRefused } from './storage.ts'
import { DownloadThread } from './threaded-landing.ts'

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
  /** Downloads assets into `folder` under their names, checking their digests on the way; continues what an earlier attempt left. */
  download(files: readonly WantedAsset[], folder: string): Promise<void>
}

export interface WantedAsset {
  readonly asset: Asset
  readonly expected: DigestedFile
}

/** Transfers at once. More would not be faster on a runner's network, and each has its buffers. */
export const atOnce = 3

/** Less than this is here before a thread has begun. */
const worthThread = 8 << 20

/** All bytes arrived, and are others than recorded. */
class Different extends Error {}

/** Downloads of one repository's assets; large ones in a thread where the program for it is given. */
export const assetDownloads = (client: Client, repository: Repository, clock: Clock, thread: string | URL | null): AssetDownloads => {
  const secure = new URL(client.request.endpoint.DEFAULTS.baseUrl).protocol === 'https:'

  /** GitHub answers with the bytes or sends us to its storage, which must not see our token. */
  const fill = async (asset: Asset, sink: Sink): Promise<void> => {
    if (sink.bytes === asset.size) return
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
      return takeIn(sink, { start: 0, body: body as unknown as AsyncIterable<Uint8Array>, etag: null, close }, asset.size)
    close()
    const location = answer.headers.location
    if (status < 300 || status >= 400 || location === undefined || !URL.canParse(location))
      throw new Error(`GitHub answered the download of ${asset.name} with ${status}`)
    await sink.fill({ location, name: asset.name, size: asset.size, secure, milliseconds: timeLimit })
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

  const land = async ({ asset, expected }: WantedAsset, open: () => Promise<FileSink | null>): Promise<void> => {
    const landing = await open()
    if (landing === null) return
    try {
      await receive(asset, expected, landing)
    } catch (error) {
      await landing.leave()
      throw error
    }
    await landing.finish()
  }

  return {
    digest: asset => receive(asset, null, digestOnly()),
    async download(files, folder) {
      await mkdir(folder, { recursive: true })
      const large = files.some(({ asset }) => asset.size >= worthThread)
      await using apart = thread !== null && large ? new DownloadThread(thread) : null
      await atMost(atOnce, files, file =>
        land(file, () => (apart === null ? Landing.open(folder, file.expected) : apart.open(folder, file.expected))),
      )
    },
  }
}
