import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { open, readFile, stat, writeFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import type { Fault, Faults } from './faults.ts'
import type { State } from './state.ts'

/** What the storage was asked for, for assertions. */
export interface StorageRequest {
  readonly method: string
  readonly path: string
  readonly range: string | null
}

const readAll = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** The first byte that is asked for, by `range` and `if-range`; 0 for the whole file, null where there is no such byte. */
const rangeOf = (request: IncomingMessage, size: number, etag: string): number | null => {
  const [, from] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? []
  const condition = request.headers['if-range']
  if (from === undefined || (condition !== undefined && condition !== etag)) return 0
  return Number(from) < size ? Number(from) : null
}

const send = async (
  request: IncomingMessage,
  response: ServerResponse,
  file: string,
  headers: Record<string, string>,
  fault: Fault | null,
): Promise<void> => {
  const { size } = await stat(file)
  const etag = `"${file.split('/').at(-1)}"`
  const asked = fault?.kind === 'whole-file' ? 0 : rangeOf(request, size, etag)
  if (asked === null) {
    response.writeHead(416, { 'content-range': `bytes */${size}` }).end()
    return
  }
  const start = fault?.kind === 'other-range' ? Math.max(0, asked - 1) : asked
  const range = { 'content-range': `bytes ${start}-${size - 1}/${size}` }
  const common = { ...headers, etag, 'accept-ranges': 'bytes', 'content-length': String(size - start) }
  response.writeHead(asked > 0 ? 206 : 200, asked > 0 ? { ...common, ...range } : common)
  if (fault === null) return whole(response, file, start)
  const half = Math.ceil((size - start) / 2)
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  let sent = 0
  for await (const chunk of createReadStream(file, { start, highWaterMark: 1 << 12 })) {
    const bytes = chunk as Buffer
    if (fault.kind === 'truncate' && sent + bytes.length >= half) {
      response.write(bytes.subarray(0, half - sent), () => response.destroy())
      return
    }
    if (fault.kind === 'corrupt' && sent === 0) bytes.writeUInt8(bytes.readUInt8(0) ^ 1, 0)
    sent += bytes.length
    if (!response.write(bytes)) await once(response, 'drain', { signal: gone.signal }).catch(() => {})
    if (response.destroyed) return
    if (fault.kind === 'slow') await pause(fault.milliseconds ?? 50)
  }
  response.end()
}

/** Sends a file through one buffer, which costs a bench of transfers less than a stream does. */
const whole = async (response: ServerResponse, path: string, start: number): Promise<void> => {
  await using file = await open(path)
  const closed = once(response, 'close')
  const buffers = [Buffer.allocUnsafeSlow(1 << 21), Buffer.allocUnsafeSlow(1 << 21)] as const
  let flushed: Promise<unknown> = Promise.resolve()
  for (let at = start, turn = 0; !response.destroyed; turn = 1 - turn) {
    const buffer = buffers[turn === 0 ? 0 : 1]
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at)
    await Promise.race([flushed, closed])
    if (bytesRead === 0) break
    flushed = new Promise<void>(resolve => response.write(buffer.subarray(0, bytesRead), () => resolve()))
    at += bytesRead
  }
  response.end()
}

/** Blocks of uploads that are not committed yet. */
const put = async (request: IncomingMessage, url: URL, file: string, blocks: Map<string, Buffer>): Promise<number> => {
  const bytes = await readAll(request)
  if (url.searchParams.get('comp') === 'block') {
    blocks.set(`${file} ${url.searchParams.get('blockid') ?? ''}`, bytes)
    return 201
  }
  if (url.searchParams.get('comp') === 'blocklist') {
    const wanted = [...bytes.toString().matchAll(/<(?:Latest|Uncommitted|Committed)>([^<]*)</g)].map(match => match[1] ?? '')
    const handle = await open(file, 'w')
    try {
      for (const id of wanted) {
        const block = blocks.get(`${file} ${id}`)
        if (block === undefined) return 400
        await handle.write(block)
        blocks.delete(`${file} ${id}`)
      }
    } finally {
      await handle.close()
    }
    return 201
  }
  if (request.headers['x-ms-blob-type'] !== 'BlockBlob') return 400
  await writeFile(file, bytes)
  return 201
}

/**
 * The storage that GitHub sends downloads and uploads of artifacts and caches to: another origin, which takes signed addresses and no token. It speaks as much of Azure's
 * blob protocol as the artifact client needs.
 */
export const storage = (state: State, faults: Faults, report: (violation: string) => void, log: (request: StorageRequest) => void) => {
  const blocks = new Map<string, Buffer>()
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const fault = faults.take(request.method ?? '', url.pathname)
    log({ method: request.method ?? '', path: url.pathname, range: request.headers.range ?? null })
    if (fault?.kind === 'drop-before') {
      request.socket.destroy()
      return
    }
    const answer = (status: number, text = '') => {
      if (fault?.kind === 'drop-after') request.socket.destroy()
      else response.writeHead(status, { 'content-type': 'application/xml', 'x-ms-request-id': '1', etag: '"1"' }).end(text)
    }
    const failed = fault?.kind === 'status' || fault?.kind === 'rate-limit' || fault?.kind === 'secondary-limit'
    if (failed) {
      request.resume()
      return answer(fault.status ?? 503)
    }
    if (request.headers.authorization !== undefined) {
      report(`a token was sent to the storage: ${request.method} ${url.pathname}`)
      request.resume()
      return answer(400, '<Error><Code>InvalidAuthenticationInfo</Code></Error>')
    }
    const [, kind, id] = /^\/(assets|artifacts|caches)\/(\d+)$/.exec(url.pathname) ?? []
    const asset = [...state.repositories.values()]
      .flatMap(repository => [...repository.releases.values()])
      .map(release => (kind === 'assets' ? release.assets.get(Number(id)) : undefined))
      .find(found => found !== undefined)
    const artifact = kind === 'artifacts' ? state.artifacts.get(Number(id)) : undefined
    const cached = kind === 'caches' ? state.caches.get(Number(id)) : undefined
    const file = asset?.file ?? artifact?.file ?? cached?.file
    if (file === undefined || url.searchParams.get('sig') === null) {
      request.resume()
      return answer(404)
    }
    if (request.method === 'PUT' && (artifact !== undefined || cached !== undefined)) {
      const status = await put(request, url, file, blocks)
      if (artifact !== undefined && status === 201 && url.searchParams.get('comp') !== 'block') {
        artifact.digest = `sha256:${createHash('sha256')
          .update(await readFile(file))
          .digest('hex')}`
      }
      return answer(status)
    }
    if (request.method !== 'GET') {
      request.resume()
      return answer(405)
    }
    if (fault?.kind === 'redirect') {
      response.writeHead(307, { location: `${url.pathname}?sig=again` }).end()
      return
    }
    const name = asset?.name ?? `${artifact?.name ?? 'cache'}.zip`
    const headers = {
      'content-type': asset?.contentType ?? artifact?.contentType ?? 'application/octet-stream',
      'content-disposition': `attachment; filename="${name}"`,
    }
    await send(request, response, file, headers, fault)
  }
}
