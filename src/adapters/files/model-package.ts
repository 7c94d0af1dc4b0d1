import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { extract, pack } from 'tar-stream'
import { UserError } from '../../core/errors.ts'
import { byteLength, canonicalJson, digest } from '../../core/lineage/canonical.ts'
import { assetName, isPlainPath, type Manifest, manifestName, parseManifest } from '../../core/lineage/manifest.ts'
import type { DigestedFile } from '../../core/lineage/run.ts'
import type { Upload } from '../../ports/model-store.ts'

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

type Sums = { readonly bytes: number; readonly sha256: string }

/** Passes bytes through and knows their number and digest at the end. */
const summing = () => {
  const hash = createHash('sha256')
  let bytes = 0
  return {
    async *through(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
      for await (const piece of source) {
        hash.update(piece)
        bytes += piece.length
        yield piece
      }
    },
    sums: (): Sums => ({ bytes, sha256: hash.digest('hex') }),
  }
}

const read = (path: string, range: { start?: number; end?: number } = {}): AsyncIterable<Uint8Array> =>
  createReadStream(path, { highWaterMark: chunk, ...range })

const requireSame = (what: string, expected: DigestedFile, found: Sums): void => {
  if (found.bytes === expected.bytes && found.sha256 === expected.sha256) return
  throw new UserError(
    `${what} ${expected.path} is not the recorded one: ${found.bytes} bytes, SHA-256 ${found.sha256}, expected ${expected.bytes}, ${expected.sha256}.`,
  )
}

/** One tar whose bytes depend on the files alone: sorted, times and owners fixed, folders left out. */
const writeTar = async (folder: string, files: readonly DigestedFile[], target: string): Promise<Sums> => {
  const tar = pack()
  const sum = summing()
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
  const [fed] = await Promise.allSettled([feeding, pipeline(sum.through(tar as AsyncIterable<Uint8Array>), createWriteStream(target))])
  if (fed.status === 'rejected') throw fed.reason
  return sum.sums()
}

/** Cuts a file above the limit into parts; a smaller one is its own only part. */
const writeParts = async (path: string, name: string, whole: Sums, workFolder: string, limit: number): Promise<readonly Upload[]> => {
  if (whole.bytes <= limit) return [{ path: name, ...whole, from: path }]
  const parts: Upload[] = []
  for (let start = 0; start < whole.bytes; start += limit) {
    const part = `${name}.part-${String(parts.length + 1).padStart(3, '0')}`
    const from = join(workFolder, part)
    const sum = summing()
    await pipeline(sum.through(read(path, { start, end: Math.min(start + limit, whole.bytes) - 1 })), createWriteStream(from))
    parts.push({ path: part, ...sum.sums(), from })
  }
  return parts
}

/**
 * Packs model files (as recorded, relative to `folder`) for a model store: one file as it is, several as one deterministic tar, anything above 1.9 GiB in
 * parts; the same files always give the same bytes and digest. Memory stays flat. Throws a UserError where a file is not as recorded.
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
  const whole = single ? await sumOf(path) : await writeTar(folder, sorted, path)
  if (single) requireSame('The model file', first, whole)
  const own = basename(first.path)
  const name = !single
    ? 'model.tar'
    : assetName.safeParse(own).success && !evidenceNames.has(own) && !own.startsWith('predictions')
      ? own
      : 'model.bin'
  const parts = await writeParts(path, name, whole, workFolder, limit)
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

const sumOf = async (path: string): Promise<Sums> => {
  const sum = summing()
  try {
    for await (const _ of sum.through(read(path)));
  } catch (cause) {
    throw new UserError(`${path} cannot be read.`, { cause, place: { file: path } })
  }
  return sum.sums()
}

async function* joined(paths: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const path of paths) yield* read(path)
}

const writeFileFrom = async (source: AsyncIterable<Uint8Array>, file: DigestedFile, folder: string): Promise<void> => {
  const target = join(folder, file.path)
  await mkdir(dirname(target), { recursive: true })
  const sum = summing()
  await pipeline(sum.through(source), createWriteStream(target, { flags: 'wx' }))
  requireSame('The model file', file, sum.sums())
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
  if (reading.status === 'rejected') throw reading.reason
  if (feeding.status === 'rejected') throw feeding.reason
  const [missing] = wanted.keys()
  if (missing !== undefined) throw new UserError(`The packed model lacks ${missing}, which its manifest lists.`)
}

/**
 * Unpacks what a model store's `fetch` brought (manifest.json and its assets in `folder`) into `target`, by default `<folder>/model`, and returns where the
 * model files lie and which they are. Every file is checked by digest and nothing is written outside. Throws a UserError; then `target` is left as it was.
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
  for (const [index, part] of packing.parts.entries()) requireSame('The asset', part, await sumOf(paths[index] as string))
  const staged = `${target}.unpacking`
  await rm(staged, { recursive: true, force: true })
  await mkdir(staged, { recursive: true })
  try {
    const [only] = files
    if (packing.kind === 'tar') await unpackTar(joined(paths), files, staged)
    else if (files.length === 1 && only !== undefined) await writeFileFrom(joined(paths), only, staged)
    else throw new UserError(`${file} lists ${files.length} files in one that is no tar.`)
    await rm(target, { recursive: true, force: true })
    await rename(staged, target)
  } finally {
    await rm(staged, { recursive: true, force: true })
  }
  return { folder: target, files }
}
