import { createHash } from 'node:crypto'
import { mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Answer,
  author,
  type Endpoints,
  invalid,
  mayWrite,
  need,
  notFound,
  numberOf,
  page,
  Refusal,
  type RepositoryCall,
  text,
} from './answer.ts'
import { assetShape, releaseOf } from './release-shapes.ts'
import { nodeId } from './shapes.ts'
import { type AssetState, now, type ReleaseState } from './state.ts'

/** The name that GitHub gives an uploaded file: special characters become dots, and dots at the ends are padded. */
export const assetName = (asked: string): string => {
  const dotted = asked.replace(/[^A-Za-z0-9._@+-]+/g, '.').replace(/\.{2,}/g, '.')
  return `${dotted.startsWith('.') ? 'default' : ''}${dotted}${dotted.endsWith('.') ? 'default' : ''}`
}

const immutable = () => new Refusal(422, 'Cannot change assets of an immutable release.', { errors: [] })

const pieceBytes = 1 << 21

/** Writes a body to a file in large pieces by turns, and takes its digest while they are written. */
const keep = async (body: AsyncIterable<Uint8Array>, path: string): Promise<{ readonly size: number; readonly sha256: string }> => {
  const hash = createHash('sha256')
  const file = await open(path, 'w')
  let [piece, other] = [Buffer.allocUnsafeSlow(pieceBytes), Buffer.allocUnsafeSlow(pieceBytes)]
  let size = 0
  let filled = 0
  let writing: Promise<unknown> = Promise.resolve()
  const pass = async () => {
    await writing
    const full = piece.subarray(0, filled)
    writing = file.write(full, 0, full.length, size)
    writing.catch(() => {})
    hash.update(full)
    size += full.length
    filled = 0
    ;[piece, other] = [other, piece]
  }
  try {
    for await (const chunk of body) {
      for (let at = 0; at < chunk.length; ) {
        const taken = chunk.subarray(at, at + pieceBytes - filled)
        piece.set(taken, filled)
        filled += taken.length
        at += taken.length
        if (filled === pieceBytes) await pass()
      }
    }
    await pass()
    await writing
    return { size, sha256: hash.digest('hex') }
  } finally {
    await writing.catch(() => {})
    await file.close()
  }
}

const upload = async (call: RepositoryCall): Promise<Answer> => {
  need(call, ['contents'], 'write')
  const release = releaseOf(call)
  const asked = call.query.get('name') ?? ''
  const refuse = (error: Refusal): never => {
    call.request.resume()
    throw error
  }
  if (asked === '') refuse(invalid('ReleaseAsset', 'missing_field', 'name'))
  const length = Number(call.request.headers['content-length'])
  if (!Number.isInteger(length) || length <= 0) refuse(new Refusal(400, 'Bad Content-Length'))
  if (length >= 2 * 1024 ** 3) refuse(invalid('ReleaseAsset', 'custom', 'size', 'size must be less than 2147483648'))
  if (release.immutable) refuse(immutable())
  if (release.assets.size >= 1000) refuse(invalid('ReleaseAsset', 'custom', 'file_count', 'file_count limited to 1000 assets per release'))
  const name = call.fault?.kind === 'renamed' ? `default.${assetName(asked)}` : assetName(asked)
  const taken = () => [...release.assets.values()].some(asset => asset.name === name)
  if (taken()) refuse(invalid('ReleaseAsset', 'already_exists', 'name'))
  const id = call.state.nextId()
  const file = join(call.state.root, 'assets', String(id))
  await mkdir(join(call.state.root, 'assets'), { recursive: true })
  const common = { id, name, label: call.query.get('label'), file, createdAt: now(), uploader: author(call), downloads: 0 }
  const contentType = call.request.headers['content-type'] ?? 'application/octet-stream'
  const starter: AssetState = { ...common, contentType, size: 0, digest: null, state: 'starter' }
  if (call.fault?.kind === 'interrupt') {
    call.request.resume()
    release.assets.set(id, starter)
    return { status: 502, body: { message: 'Server Error' } }
  }
  let kept: { readonly size: number; readonly sha256: string }
  try {
    kept = await keep(call.request, file)
  } catch (error) {
    release.assets.set(id, starter)
    throw error
  }
  if (taken()) throw invalid('ReleaseAsset', 'already_exists', 'name')
  const asset: AssetState = {
    ...common,
    contentType,
    size: kept.size,
    digest: call.state.digests ? `sha256:${kept.sha256}` : null,
    state: 'uploaded',
  }
  release.assets.set(id, asset)
  return { status: 201, body: assetShape(call, release, asset) }
}

const find = (call: RepositoryCall): { readonly release: ReleaseState; readonly asset: AssetState } => {
  const id = numberOf(call, 'asset_id')
  for (const release of call.repository.releases.values()) {
    const asset = release.assets.get(id)
    if (asset !== undefined && (!release.draft || mayWrite(call, 'contents'))) return { release, asset }
  }
  throw notFound()
}

/** Files of releases. A download is redirected to the storage, which has another origin and takes no token, as GitHub's has. */
export const assets: Endpoints = {
  'GET /repos/{owner}/{repo}/releases/{release_id}/assets': call => {
    need(call, ['contents'], 'read')
    const release = releaseOf(call)
    const { items, headers } = page(call, [...release.assets.values()])
    return { status: 200, body: items.map(asset => assetShape(call, release, asset)), headers }
  },
  'POST /repos/{owner}/{repo}/releases/{release_id}/assets': upload,
  'GET /repos/{owner}/{repo}/releases/assets/{asset_id}': call => {
    need(call, ['contents'], 'read')
    const { release, asset } = find(call)
    if (!call.accept.includes('application/octet-stream')) return { status: 200, body: assetShape(call, release, asset) }
    if (asset.state !== 'uploaded') throw notFound()
    asset.downloads += 1
    return { status: 302, headers: { location: `${call.state.storageUrl}/assets/${asset.id}?sig=${nodeId('sig', asset.id)}` } }
  },
  'PATCH /repos/{owner}/{repo}/releases/assets/{asset_id}': call => {
    need(call, ['contents'], 'write')
    const { release, asset } = find(call)
    if (release.immutable) throw immutable()
    const name = assetName(text(call.body, 'name') ?? asset.name)
    if ([...release.assets.values()].some(other => other !== asset && other.name === name)) {
      throw invalid('ReleaseAsset', 'already_exists', 'name')
    }
    asset.name = name
    asset.label = text(call.body, 'label') ?? asset.label
    return { status: 200, body: assetShape(call, release, asset) }
  },
  'DELETE /repos/{owner}/{repo}/releases/assets/{asset_id}': async call => {
    need(call, ['contents'], 'write')
    const { release, asset } = find(call)
    if (release.immutable) throw immutable()
    release.assets.delete(asset.id)
    await rm(asset.file, { force: true })
    return { status: 204 }
  },
}
