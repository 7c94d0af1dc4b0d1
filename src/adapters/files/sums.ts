import { createHash, type Hash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { UserError } from '../../core/errors.ts'
import type { DigestedFile } from '../../core/lineage/run.ts'

/** Length in bytes and hexadecimal SHA-256. */
export interface Sums {
  readonly bytes: number
  readonly sha256: string
}

const pieceBytes = 1 << 20

/** Passes bytes through and knows their sums at the end. */
export const summing = () => {
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

/**
 * Sums of a whole and of its parts of at most `limit` bytes, from one reading. Up to the end of the first part both are the same, so that what fits into one part is
 * hashed once, and the rest twice.
 */
export class PartSums {
  readonly #limit: number
  readonly #whole = createHash('sha256')
  readonly #parts: Sums[] = []
  #part: Hash | null = null
  #inPart = 0
  #bytes = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  add(piece: Uint8Array): void {
    for (let at = 0; at < piece.length; ) {
      if (this.#inPart === this.#limit) this.#endPart()
      const taken = piece.subarray(at, Math.min(piece.length, at + this.#limit - this.#inPart))
      this.#whole.update(taken)
      this.#part?.update(taken)
      this.#inPart += taken.length
      this.#bytes += taken.length
      at += taken.length
    }
  }

  #endPart(): void {
    this.#parts.push({ bytes: this.#inPart, sha256: (this.#part ?? this.#whole.copy()).digest('hex') })
    this.#part = createHash('sha256')
    this.#inPart = 0
  }

  /** To be called once, at the end. */
  finish(): { readonly whole: Sums; readonly parts: readonly Sums[] } {
    this.#endPart()
    return { whole: { bytes: this.#bytes, sha256: this.#whole.digest('hex') }, parts: this.#parts }
  }

  async *through(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of source) {
      this.add(piece)
      yield piece
    }
  }
}

/** Reads a file into two buffers by turns, so that the next piece is on its way while `look` has this one; a piece must not be kept. Throws a UserError where it cannot. */
export const readPieces = async (path: string, look: (piece: Uint8Array) => void): Promise<void> => {
  try {
    await using file = await open(path)
    let [piece, other] = [Buffer.allocUnsafeSlow(pieceBytes), Buffer.allocUnsafeSlow(pieceBytes)]
    let reading = file.read(piece, 0, pieceBytes)
    for (;;) {
      const { bytesRead } = await reading
      if (bytesRead === 0) return
      const full = piece.subarray(0, bytesRead)
      ;[piece, other] = [other, piece]
      reading = file.read(piece, 0, pieceBytes)
      look(full)
    }
  } catch (cause) {
    throw new UserError(`${path} cannot be read.`, { cause, place: { file: path } })
  }
}

/**
 * Copies files, or a range of one, one after the other to an open file, and returns the sums. One buffer is read into while the other is written and hashed, so that no
 * memory is taken anew; `read` is told of each file that is through. Throws what the system says.
 */
export const copyInto = async (
  target: FileHandle,
  sources: readonly { readonly path: string; readonly start?: number; readonly bytes?: number }[],
  read: (path: string) => Promise<unknown> = async () => {},
): Promise<Sums> => {
  const hash = createHash('sha256')
  let copied = 0
  let [piece, other] = [Buffer.allocUnsafeSlow(pieceBytes), Buffer.allocUnsafeSlow(pieceBytes)]
  let writing: Promise<unknown> = Promise.resolve()
  try {
    for (const { path, start = 0, bytes = Number.POSITIVE_INFINITY } of sources) {
      await using file = await open(path)
      for (let done = 0; done < bytes; ) {
        const { bytesRead } = await file.read(piece, 0, Math.min(pieceBytes, bytes - done), start + done)
        if (bytesRead === 0) break
        await writing
        const full = piece.subarray(0, bytesRead)
        writing = writeAll(target, full, copied)
        writing.catch(() => {})
        hash.update(full)
        ;[piece, other] = [other, piece]
        done += bytesRead
        copied += bytesRead
      }
      await read(path)
    }
  } finally {
    await writing
  }
  return { bytes: copied, sha256: hash.digest('hex') }
}

const writeAll = async (target: FileHandle, piece: Uint8Array, position: number): Promise<void> => {
  for (let done = 0; done < piece.length; ) {
    const { bytesWritten } = await target.write(piece, done, piece.length - done, position + done)
    done += bytesWritten
  }
}

/** Sums of a file. Throws a UserError where it cannot be read. */
export const sumOf = async (path: string): Promise<Sums> => {
  const hash = createHash('sha256')
  let bytes = 0
  await readPieces(path, piece => {
    hash.update(piece)
    bytes += piece.length
  })
  return { bytes, sha256: hash.digest('hex') }
}

/** Throws a UserError, which begins with `what`, where a file is not the recorded one. */
export const requireSame = (what: string, expected: DigestedFile, found: Sums): void => {
  if (found.bytes === expected.bytes && found.sha256 === expected.sha256) return
  throw new UserError(
    `${what} ${expected.path} is not the recorded one: ${found.bytes} bytes, SHA-256 ${found.sha256}, expected ${expected.bytes}, ${expected.sha256}.`,
  )
}
