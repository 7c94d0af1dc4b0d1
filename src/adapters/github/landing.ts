import { createHash } from 'node:crypto'
import { type FileHandle, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../../core/errors.ts'
import type { DigestedFile } from '../../core/lineage/run.ts'
import { type FileSink, fillFrom, type StorageSource } from './sink.ts'

const pieceBytes = 1 << 20

/**
 * The file that a download lands in, `.<name>.partial` until it is whole, and its digest. A small file beside it says for which digest it is, so that another process can
 * continue. Bytes are gathered in two buffers by turns: while one is written by another thread, the other fills.
 */
export class Landing implements FileSink {
  readonly #file: FileHandle
  readonly #partial: string
  readonly #target: string
  readonly #expected: DigestedFile
  #hash = createHash('sha256')
  #buffers: readonly [Buffer, Buffer] = [Buffer.allocUnsafeSlow(pieceBytes), Buffer.allocUnsafeSlow(pieceBytes)]
  #filled = 0
  #written = 0
  #writing: Promise<unknown> = Promise.resolve()
  #etag: string | null

  private constructor(file: FileHandle, partial: string, target: string, expected: DigestedFile, etag: string | null) {
    this.#file = file
    this.#partial = partial
    this.#target = target
    this.#expected = expected
    this.#etag = etag
  }

  /** Opens the partial file of an asset in `folder`, with what an earlier process left of the same bytes; null where the whole file is there. */
  static async open(folder: string, expected: DigestedFile): Promise<Landing | null> {
    const target = join(folder, expected.path)
    if ((await sizeOf(target)) === expected.bytes && (await digestOf(target)) === expected.sha256) return null
    const partial = join(folder, `.${expected.path}.partial`)
    const left = await readNote(partial)
    const continues = left !== null && left.sha256 === expected.sha256 && left.bytes === expected.bytes
    const size = continues ? await sizeOf(partial) : null
    const kept = size !== null && size <= expected.bytes ? size : null
    const file = await open(partial, kept === null ? 'w+' : 'r+')
    const landing = new Landing(file, partial, target, expected, kept === null ? null : (left?.etag ?? null))
    try {
      if (kept !== null) await landing.#takeUp(kept)
      else await landing.#note()
    } catch (error) {
      await file.close()
      throw error
    }
    return landing
  }

  get bytes(): number {
    return this.#written + this.#filled
  }

  get etag(): string | null {
    return this.#etag
  }

  async setEtag(etag: string | null): Promise<void> {
    if (etag === this.#etag) return
    this.#etag = etag
    await this.#note()
  }

  async add(piece: Uint8Array): Promise<void> {
    for (let at = 0; at < piece.length; ) {
      const taken = piece.subarray(at, at + pieceBytes - this.#filled)
      this.#buffers[0].set(taken, this.#filled)
      this.#filled += taken.length
      at += taken.length
      if (this.#filled === pieceBytes) await this.#pass()
    }
  }

  fill(source: StorageSource): Promise<void> {
    return fillFrom(this, source)
  }

  async restart(): Promise<void> {
    await this.#writing.catch(() => {})
    this.#writing = Promise.resolve()
    this.#filled = 0
    this.#written = 0
    this.#hash = createHash('sha256')
    await this.#file.truncate(0)
  }

  async sha256(): Promise<string> {
    await this.#pass()
    await this.#writing
    return this.#hash.digest('hex')
  }

  async finish(): Promise<void> {
    await this.#file.close()
    await rename(this.#partial, this.#target)
    await rm(noteOf(this.#partial), { force: true })
  }

  async leave(): Promise<void> {
    try {
      await this.#pass()
      await this.#writing
    } finally {
      await this.#file.close()
      if (this.#written === 0) await this.#remove()
    }
  }

  async #remove(): Promise<void> {
    await rm(this.#partial, { force: true })
    await rm(noteOf(this.#partial), { force: true })
  }

  /** Writes and hashes the buffer that fills, once the other one is written. */
  async #pass(): Promise<void> {
    await this.#writing
    if (this.#filled === 0) return
    const [full, free] = this.#buffers
    const piece = full.subarray(0, this.#filled)
    const writing = writeAll(this.#file, this.#partial, piece, this.#written)
    writing.catch(() => {})
    this.#writing = writing
    this.#hash.update(piece)
    this.#written += piece.length
    this.#buffers = [free, full]
    this.#filled = 0
  }

  async #takeUp(size: number): Promise<void> {
    const [piece] = this.#buffers
    while (this.#written < size) {
      const { bytesRead } = await this.#file.read(piece, 0, Math.min(pieceBytes, size - this.#written), this.#written)
      if (bytesRead === 0) break
      this.#hash.update(piece.subarray(0, bytesRead))
      this.#written += bytesRead
    }
  }

  async #note(): Promise<void> {
    const { bytes, sha256 } = this.#expected
    await writeFile(noteOf(this.#partial), JSON.stringify({ bytes, sha256, etag: this.#etag }))
  }
}

const noteOf = (partial: string): string => `${partial}.json`

const readNote = async (partial: string): Promise<{ bytes: unknown; sha256: unknown; etag: string | null } | null> => {
  try {
    const { bytes, sha256, etag } = JSON.parse(await readFile(noteOf(partial), 'utf8')) as Record<string, unknown>
    return { bytes, sha256, etag: typeof etag === 'string' ? etag : null }
  } catch {
    return null
  }
}

const sizeOf = (path: string): Promise<number | null> =>
  stat(path).then(
    found => (found.isFile() ? found.size : null),
    () => null,
  )

const digestOf = async (path: string): Promise<string> => {
  await using file = await open(path)
  const piece = Buffer.allocUnsafeSlow(pieceBytes)
  const hash = createHash('sha256')
  for (;;) {
    const { bytesRead } = await file.read(piece, 0, pieceBytes)
    if (bytesRead === 0) return hash.digest('hex')
    hash.update(piece.subarray(0, bytesRead))
  }
}

const writeAll = async (file: FileHandle, path: string, piece: Uint8Array, position: number): Promise<void> => {
  try {
    for (let done = 0; done < piece.length; ) {
      const { bytesWritten } = await file.write(piece, done, piece.length - done, position + done)
      done += bytesWritten
    }
  } catch (cause) {
    throw new UserError(`${path} cannot be written: ${(cause as NodeJS.ErrnoException).code ?? cause}.`, { cause })
  }
}
