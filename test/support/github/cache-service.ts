import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Answer } from './answer.ts'
import { identify } from './artifact-service.ts'
import { type CacheState, now, type State } from './state.ts'

const fields: Readonly<Record<string, readonly string[]>> = {
  CreateCacheEntry: ['metadata', 'key', 'version'],
  FinalizeCacheEntryUpload: ['metadata', 'key', 'size_bytes', 'version'],
  GetCacheEntryDownloadURL: ['metadata', 'key', 'restore_keys', 'version'],
}

/** The cache service behind `@actions/cache` (its second version): Twirp in JSON, one scope for each repository. `report` takes violations. */
export const cacheService = async (
  state: State,
  method: string,
  body: Readonly<Record<string, unknown>>,
  authorization: string | undefined,
  report: (violation: string) => void,
): Promise<Answer> => {
  const known = fields[method]
  if (known === undefined) return { status: 404, body: { code: 'bad_route', msg: `no handler for ${method}` } }
  const identity = identify(authorization)
  if (identity === null) return { status: 401, body: { code: 'unauthenticated', msg: 'the runtime token is not valid' } }
  const unknown = Object.keys(body).filter(name => !known.includes(name))
  if (unknown.length > 0) report(`${method}: unknown field ${unknown.join(', ')}`)
  const key = String(body.key ?? '')
  if (key === '' || key.length > 512 || key.includes(',')) report(`${method}: the key ${JSON.stringify(key)} is not valid`)
  const entries = [...state.caches.values()].filter(
    entry => entry.repository === identity.repository && entry.version === String(body.version),
  )
  const found = entries.find(entry => entry.key === key)
  if (method === 'CreateCacheEntry') {
    if (found !== undefined)
      return { status: 200, body: { ok: false, message: 'cache entry with the same key, version, and scope already exists' } }
    const id = state.nextId()
    await mkdir(join(state.root, 'caches'), { recursive: true })
    const file = join(state.root, 'caches', String(id))
    const entry: CacheState = {
      id,
      repository: identity.repository,
      key,
      version: String(body.version),
      file,
      createdAt: now(),
      finalized: false,
    }
    state.caches.set(id, entry)
    return { status: 200, body: { ok: true, signed_upload_url: `${state.storageUrl}/caches/${id}?sig=upload-${id}` } }
  }
  if (method === 'FinalizeCacheEntryUpload') {
    const written = found === undefined ? null : await stat(found.file).catch(() => null)
    if (found === undefined || written === null) return { status: 200, body: { ok: false, message: 'nothing was uploaded' } }
    if (String(body.size_bytes) !== String(written.size))
      report(`FinalizeCacheEntryUpload: size ${String(body.size_bytes)}, but ${written.size} bytes were uploaded`)
    found.finalized = true
    return { status: 200, body: { ok: true, entry_id: String(found.id) } }
  }
  const matched = entries
    .filter(entry => entry.finalized && entry.key.startsWith(key))
    .sort((a, b) => Number(b.key === key) - Number(a.key === key))
  const [first] = matched
  if (first === undefined) return { status: 200, body: { ok: false } }
  const url = `${state.storageUrl}/caches/${first.id}?sig=download-${first.id}`
  return { status: 200, body: { ok: true, signed_download_url: url, matched_key: first.key } }
}
