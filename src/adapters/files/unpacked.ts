import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import type { Transform } from 'node:stream'
import * as zlib from 'node:zlib'
import { UserError } from '../../core/errors.ts'
import type { NamedFormat } from '../../core/evaluation/file-formats.ts'

type Packing = NonNullable<NamedFormat['packing']>

const programs: Readonly<Record<Packing, string>> = { gz: 'gzip', zst: 'Zstandard' }
const magics: Readonly<Record<Packing, readonly number[]>> = { gz: [0x1f, 0x8b], zst: [0x28, 0xb5, 0x2f, 0xfd] }

const chunkBytes = 1 << 18
/** Tables of text shrink to a fifth, very regular ones to a fiftieth. What unpacks to more than this, and to more than this many bytes, is a bomb. */
const largestRatio = 100
const alwaysAllowed = 1 << 26

/** The program whose packing a file begins with; null for none. */
export const packingOf = (bytes: Uint8Array): string | null => {
  const found = (Object.keys(magics) as Packing[]).find(name => magics[name].every((byte, index) => bytes[index] === byte))
  return found ? programs[found] : null
}

interface Unpacker extends Transform {
  /** Packed bytes that have been used. */
  readonly bytesWritten: number
}

const unpackerOf = (packing: Packing, place: { readonly file: string }): Unpacker => {
  if (packing === 'gz') return zlib.createGunzip({ chunkSize: chunkBytes }) as unknown as Unpacker
  // Node 20 and the first releases of 22 have none.
  if (typeof zlib.createZstdDecompress !== 'function') {
    throw new UserError(`this Node (${process.version}) cannot read Zstandard: use 24 or newer, or pack with gzip`, { place })
  }
  return zlib.createZstdDecompress({ chunkSize: chunkBytes }) as unknown as Unpacker
}

async function* unpacked(path: string, packing: Packing, name: string, largest: number): AsyncGenerator<Uint8Array> {
  const place = { file: name }
  const { size } = await stat(path)
  if (size === 0) return
  const unpacker = unpackerOf(packing, place)
  const source = createReadStream(path, { highWaterMark: chunkBytes })
  let first: Uint8Array | null = null
  source.on('data', chunk => {
    first ??= chunk as Buffer
  })
  source.on('error', error => unpacker.destroy(error))
  source.pipe(unpacker)
  const most = Math.min(largest, Math.max(alwaysAllowed, size * largestRatio))
  let bytes = 0
  try {
    for await (const chunk of unpacker) {
      bytes += (chunk as Buffer).length
      if (bytes > most)
        throw new UserError(`the file unpacks to more than ${most.toLocaleString('en')} bytes from ${size.toLocaleString('en')}`, { place })
      yield chunk as Buffer
    }
  } catch (error) {
    if (error instanceof UserError) throw error
    const code = String((error as NodeJS.ErrnoException).code ?? '')
    if (!code.startsWith('Z_') && !code.startsWith('ZSTD_')) throw error
    throw new UserError(`the file ${whatIsWrong(packing, first, code)}`, { place, cause: error })
  } finally {
    source.destroy()
    unpacker.destroy()
  }
  if (unpacker.bytesWritten < size)
    throw new UserError(
      `the file has ${size - unpacker.bytesWritten} bytes after the end of what ${programs[packing]} packed: pack it in one piece`,
      { place },
    )
}

const whatIsWrong = (packing: Packing, first: Uint8Array | null, code: string): string => {
  if (first === null || packingOf(first) !== programs[packing])
    return `is not packed with ${programs[packing]}, although its name ends in .${packing}`
  return /BUF_ERROR|srcSize/i.test(code)
    ? `is cut off: its ${programs[packing]} data has no end`
    : `is damaged: its ${programs[packing]} data cannot be unpacked`
}

async function* plain(path: string): AsyncGenerator<Uint8Array> {
  await using file = await open(path)
  let [bytes, other] = [Buffer.allocUnsafeSlow(2 * chunkBytes), Buffer.allocUnsafeSlow(2 * chunkBytes)]
  // The next piece is read while this one is looked at.
  let reading = file.read(bytes)
  try {
    for (;;) {
      const { bytesRead } = await reading
      if (bytesRead === 0) return
      const piece = bytes.subarray(0, bytesRead)
      ;[bytes, other] = [other, bytes]
      reading = file.read(bytes)
      yield piece
    }
  } finally {
    await reading.catch(() => null)
  }
}

/**
 * The bytes of a file in pieces, each valid until the next is asked for, unpacked where its name says that it is packed. A file that is not what its name says, is cut
 * off, or unpacks to more than `largest` bytes or out of all proportion is a UserError. `name` is for messages.
 */
export const bytesOf = (path: string, packing: Packing | null, name: string, largest: number): AsyncIterable<Uint8Array> =>
  packing === null ? plain(path) : unpacked(path, packing, name, largest)
