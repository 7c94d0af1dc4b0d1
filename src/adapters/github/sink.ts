import { createHash } from 'node:crypto'
import { type Opened, openStorage, RangeRefused } from './storage.ts'

/** A file of GitHub's storage, by the address that GitHub gave for it. */
export interface StorageSource {
  readonly location: string
  readonly name: string
  readonly size: number
  /** Refuse addresses that are not encrypted. */
  readonly secure: boolean
  /** For the whole transfer. */
  readonly milliseconds: number
}

/** Where the bytes of a download go, one after the other. */
export interface Sink {
  /** Bytes that are here. */
  readonly bytes: number
  /** What the server called these bytes. */
  readonly etag: string | null
  setEtag(etag: string | null): Promise<void>
  add(piece: Uint8Array): Promise<void>
  /** Takes the bytes that are not here yet, or all where they cannot be had alone. Throws where not all come. */
  fill(source: StorageSource): Promise<void>
  /** Forgets all bytes. */
  restart(): Promise<void>
  /** Hexadecimal SHA-256 of all bytes, to be asked for once, when they are here. */
  sha256(): Promise<string>
}

/** A sink that becomes a file. */
export interface FileSink extends Sink {
  /** Gives the file its name. */
  finish(): Promise<void>
  /** Keeps what is here for a later attempt; nothing where nothing is. */
  leave(): Promise<void>
}

/** Passes a body that is under way on to a sink. Throws where it has other than `size` bytes in the end. */
export const takeIn = async (sink: Sink, opened: Opened, size: number): Promise<void> => {
  try {
    if (opened.start === 0 && sink.bytes > 0) await sink.restart()
    await sink.setEtag(opened.etag)
    for await (const piece of opened.body) {
      if (sink.bytes + piece.length > size) throw new RangeRefused(`more than the ${size} bytes announced arrived`)
      await sink.add(piece)
    }
  } finally {
    opened.close()
  }
  if (sink.bytes !== size) throw new Error(`${sink.bytes} of ${size} bytes arrived`)
}

/** `fill` of a sink in this thread. */
export const fillFrom = async (sink: Sink, source: StorageSource): Promise<void> => {
  const signal = AbortSignal.timeout(source.milliseconds)
  await takeIn(sink, await openStorage(source.location, { ...source, have: sink.bytes, etag: sink.etag, signal }), source.size)
}

/** Takes the digest of a download and keeps nothing. */
export const digestOnly = (): Sink => {
  let hash = createHash('sha256')
  let bytes = 0
  let etag: string | null = null
  const sink: Sink = {
    get bytes() {
      return bytes
    },
    get etag() {
      return etag
    },
    setEtag: async named => {
      etag = named
    },
    add: async piece => {
      hash.update(piece)
      bytes += piece.length
    },
    fill: source => fillFrom(sink, source),
    restart: async () => {
      hash = createHash('sha256')
      bytes = 0
    },
    sha256: async () => hash.digest('hex'),
  }
  return sink
}
