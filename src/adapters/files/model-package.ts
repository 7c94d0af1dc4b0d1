import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { extract, pack } from 'tar-stream'
import { UserError } from '../../core/errors.ts'
import { byteLength, canonicalJson, digest } from '../../core/lineage/canonical.ts'
import { assetName, isPlainPath, type Manifest, manifestName, parseManifest } from '../../core/lineage/manifest.ts'
import type { DigestedFile } from '../../core/lineage/run.ts'
import type { Upload } from '../../ports/model-store.ts'
import { copyInto, PartSums, readPieces, requireSame, type Sums, summing, sumOf } from './sums.ts'

/** Largest asset; GitHub's own limit is just below 2 GiB. */
const largestAsset = Math.floor(1.9 * 1024 ** 3)
const largestManifest = 32 << 20
const chunk = 1 << 20
const evidenceNames = new Set([manifestName, 'run.json', 'result.json', 'card.md'])

export interface PackedModel {
  /** Text of manifest.json. */
  readonly manifest: string
  /** Digest of manifest.json, and so of the model files alone: the version's digest. */
  readonly digest: string
  /** Of the model files. */
  readonly bytes: number
  /** manifest.json and the packed model files, lying in `workFolder` or where they were. */
  readonly uploads: readonly Upload[]
}

const read = (path: string): AsyncIterable<Uint8Array> => createReadStream(path, { highWaterMark: chunk })

/** One tar whose bytes depend on the files alone: sorted, times and owners fixed, folders left out. */
const writeTar = async (folder: string, files: readonly DigestedFile[], target: string, sums: PartSums): Promise<void> => {
  const tar = pack()
  const feed = async (): Promise<void> => {
    for (const file of files) {
      const own = summing()
      await new Promise<void>((resolve, reject) => {
        const entry = tar.entry(
          { name: file.path, size: file.bytes, mode: 0o644, mtime: new Date(0), uid: 0, gid: 0, uname: '', gname: '', type: 'file' },
          error => (error ? reject(error) : resolve()),
        )
        pipeline(own.through(read(join(folder, file.path))), entry as unknown as NodeJS.WritableStream).catch(reject)
      }).catch(cause => {
        throw new UserError(`The model file ${file.path} could not be packed; it changed or is gone. Train again.`, { cause })
      })
      requireSame('The model file', file, own.sums())
    }
    tar.finalize()
  }
  const feeding = feed().catch(error => {
    tar.destroy(error)
    throw error
  })
  const [fed, written] = await Promise.allSettled([
    feeding,
    pipeline(sums.through(tar as AsyncIterable<Uint8Array>), createWriteStream(target)),
  ])
  if (fed.status === 'rejected') throw fed.reason
  if (written.status === 'rejected') throw new UserError(`${target} could not be written.`, { cause: written.reason })
}

/** A file above the limit is uploaded in parts, which are ranges of it; a smaller one is its own only part. */
const partsOf = (from: string, name: string, parts: readonly Sums[]): readonly Upload[] => {
  const [only] = parts
  if (parts.length === 1 && only !== undefined) return [{ path: name, ...only, from }]
  let start = 0
  return parts.map((part, index) => {
    const upload = { path: `${name}.part-${String(index + 1).padStart(3, '0')}`, ...part, from, start }
    start += part.bytes
    return upload
  })
}

/**
 * Packs model files (as recorded, relative to `folder`) for a model store: one file as it is, several as one deterministic tar, anything above 1.9 GiB in
 * parts, which stay ranges of the one file; the same files always give the same bytes and digest. Everything is read once and memory stays flat. Throws a UserError
 * where a file is not as recorded.
 */
export const packModel = async (
  folder: string,
  files: readonly DigestedFile[],
  workFolder: string,
  limit = largestAsset,
): Promise<PackedModel> => {
  const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : 1))
  const [first] = sorted
  if (first === undefined)
    throw new UserError('The run has no model files, so there is nothing to keep. `train.output` names what the command writes.')
  const outside = sorted.find(file => !isPlainPath(file.path))
  if (outside !== undefined)
    throw new UserError(`The model file ${JSON.stringify(outside.path)} has a name that cannot be kept; rename it.`)
  await mkdir(workFolder, { recursive: true })
  const single = sorted.length === 1
  if (single && first.bytes === 0) throw new UserError(`The model file ${first.path} is empty. The training command must write a model.`)
  const path = single ? join(folder, first.path) : join(workFolder, 'model.tar')
  const sums = new PartSums(limit)
  await (single ? readPieces(path, piece => sums.add(piece)) : writeTar(folder, sorted, path, sums))
  const { whole, parts: cut } = sums.finish()
  if (single) requireSame('The model file', first, whole)
  const own = basename(first.path)
  const name = !single
    ? 'model.tar'
    : assetName.safeParse(own).success && !evidenceNames.has(own) && !own.startsWith('predictions')
      ? own
      : 'model.bin'
  const parts = partsOf(path, name, cut)
  const content: Manifest = {
    schema: 1,
    files: sorted.map(({ path: file, bytes, sha256 }) => ({ path: file, bytes, sha256 })),
    packing: {
      kind: single ? 'file' : 'tar',
      ...whole,
      parts: parts.map(({ path: part, bytes, sha256 }) => ({ path: part, bytes, sha256 })),
    },
  }
  const text = canonicalJson(content)
  const from = join(workFolder, manifestName)
  await writeFile(from, text)
  const listed: Upload = { path: manifestName, bytes: byteLength(text), sha256: digest(text), from }
  return { manifest: text, digest: listed.sha256, bytes: sorted.reduce((sum, file) => sum + file.bytes, 0), uploads: [listed, ...parts] }
}

/** Reads files one after the other and removes each when it is through, so that a model needs its size once on disk, and one part. */
async function* consumed(paths: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const path of paths) {
    yield* read(path)
    await rm(path)
  }
}

const writeFileFrom = async (source: AsyncIterable<Uint8Array>, file: DigestedFile, folder: string): Promise<void> => {
  const target = join(folder, file.path)
  await mkdir(dirname(target), { recursive: true })
  const sum = summing()
  await pipeline(sum.through(source), createWriteStream(target, { flags: 'wx' }))
  requireSame('The model file', file, sum.sums())
}

/** A file that came whole is looked through and moved, not copied. */
const unpackFile = async (paths: readonly string[], file: DigestedFile, folder: string): Promise<void> => {
  const [whole, ...others] = paths
  const target = join(folder, file.path)
  await mkdir(dirname(target), { recursive: true })
  if (whole !== undefined && others.length === 0) {
    requireSame('The model file', file, await sumOf(whole))
    await rename(whole, target)
    return
  }
  await using joined = await open(target, 'wx')
  const sources = paths.map(path => ({ path }))
  requireSame('The model file', file, await copyInto(joined, sources, path => rm(path)))
}

const unpackTar = async (source: AsyncIterable<Uint8Array>, files: readonly DigestedFile[], folder: string): Promise<void> => {
  const wanted = new Map(files.map(file => [file.path, file]))
  const tar = extract()
  const fed = pipeline(source, tar as unknown as NodeJS.WritableStream)
  const drained = (async () => {
    for await (const entry of tar) {
      const file = wanted.get(entry.header.name)
      if (file === undefined || entry.header.type !== 'file')
        throw new UserError(`The packed model holds ${JSON.stringify(entry.header.name)}, which its manifest does not list.`)
      wanted.delete(file.path)
      await writeFileFrom(entry as AsyncIterable<Uint8Array>, file, folder)
    }
  })()
  const [reading, feeding] = await Promise.allSettled([drained, fed])
  const failures = [reading, feeding].flatMap(({ status, ...rest }) => (status === 'rejected' && 'reason' in rest ? [rest.reason] : []))
  const [failure] = failures
  if (failures.length > 0)
    throw (
      failures.find(reason => reason instanceof UserError) ??
      new UserError(`The packed model is no tar, and so not the recorded one: ${failure instanceof Error ? failure.message : failure}`, {
        cause: failure,
      })
    )
  const [missing] = wanted.keys()
  if (missing !== undefined) throw new UserError(`The packed model lacks ${missing}, which its manifest lists.`)
}

/**
 * Unpacks what a model store's `fetch` brought (manifest.json and its assets in `folder`) into `target`, by default `<folder>/model`, and returns where the
 * model files lie and which they are. Every model file is checked by digest on its way and nothing is written outside. What is unpacked is taken out of `folder`. Throws
 * a UserError; then `target` is left as it was.
 */
export const unpackModel = async (
  folder: string,
  target: string = join(folder, 'model'),
): Promise<{ readonly folder: string; readonly files: readonly DigestedFile[] }> => {
  const file = join(folder, manifestName)
  const size = await stat(file).then(
    found => found.size,
    cause => {
      throw new UserError(`${file} is not there, so the model files cannot be told. Fetch the version with its manifest.`, {
        cause,
        place: { file },
      })
    },
  )
  if (size > largestManifest) throw new UserError(`${file} has ${size} bytes, more than a manifest may have (${largestManifest}).`)
  const { files, packing } = parseManifest(await readFile(file, 'utf8'), file)
  const paths = packing.parts.map(part => join(folder, part.path))
  for (const [index, part] of packing.parts.entries()) {
    const found = await stat(paths[index] as string).catch(() => null)
    if (found?.size !== part.bytes)
      throw new UserError(`The asset ${part.path} is not the recorded one: ${found?.size ?? 'no'} bytes, expected ${part.bytes}.`)
  }
  const staged = `${target}.unpacking`
  await rm(staged, { recursive: true, force: true })
  await mkdir(staged, { recursive: true })
  try {
    const [only] = files
    if (packing.kind === 'tar') await unpackTar(consumed(paths), files, staged)
    else if (files.length === 1 && only !== undefined) await unpackFile(paths, only, staged)
    else throw new UserError(`${file} lists ${files.length} files in one that is no tar.`)
    await rm(target, { recursive: true, force: true })
    await rename(staged, target)
  } finally {
    await rm(staged, { recursive: true, force: true })
  }
  return { folder: target, files }
}
