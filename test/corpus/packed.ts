import { constants, gzipSync, zstdCompressSync } from 'node:zlib'
import type { Bytes, CorpusCase } from './corpus.ts'
import { csv, jsonl, reads, refuses, rules, two } from './predictions.ts'

const packed = (name: string, content: Bytes | (() => Bytes), refused: RegExp, as = 'predictions.csv.gz', line?: number): CorpusCase =>
  refuses(`packed: ${name}`, content, refused, line, rules, as)
/** A gigabyte that looks like rows, in a few megabytes; of two kinds, since the one ends in the reader and the other must not reach it. */
const bomb = (text: string, pack: (bytes: Buffer) => Buffer, times: number): Buffer => {
  const piece = pack(Buffer.from(text.repeat(Math.floor(2 ** 24 / text.length))))
  return Buffer.concat(Array.from({ length: times }, () => piece))
}
const zst = 'predictions.csv.zst'
const checked = (text: string): Buffer => zstdCompressSync(text, { params: { [constants.ZSTD_c_checksumFlag]: 1 } })

export const packedCases: readonly CorpusCase[] = [
  reads('packed: gzip', gzipSync('id,label,score\na,0,0.25\nb,1,0.75\n'), two, 'predictions.csv.gz'),
  reads('packed: Zstandard', zstdCompressSync('id,label,score\na,0,0.25\nb,1,0.75\n'), two, zst),
  reads(
    'packed: gzip of two members',
    Buffer.concat([gzipSync('id,label,score\na,0,0.25\n'), gzipSync('b,1,0.75\n')]),
    two,
    'predictions.csv.gz',
  ),
  packed('gzip cut in its middle', () => gzipSync(csv('', 20_000)).subarray(0, 30_000), /is cut off: its gzip data has no end/),
  packed('gzip without its last byte', () => gzipSync(csv()).subarray(0, -1), /is cut off/),
  packed('gzip cut in its header', () => gzipSync(csv()).subarray(0, 5), /is cut off/),
  packed(
    'gzip with a wrong checksum',
    () => {
      const bytes = Buffer.from(gzipSync(csv()))
      bytes.writeUInt8((bytes.at(-8) as number) ^ 1, bytes.length - 8)
      return bytes
    },
    /is damaged: its gzip data/,
  ),
  packed('junk behind gzip', () => Buffer.concat([gzipSync(csv()), Buffer.from('junk')]), /has 4 bytes after the end|is damaged/),
  packed('CSV called gzip', csv(), /is not packed with gzip, although/),
  packed('Zstandard called gzip', zstdCompressSync(csv()), /is not packed with gzip/),
  packed('an empty file called gzip', '', /is empty|is cut off/),
  packed('gzip in gzip', gzipSync(gzipSync(csv())), /compressed with gzip/),
  packed('Zstandard cut in its middle', () => zstdCompressSync(csv('', 20_000)).subarray(0, 2000), /is cut off: its Zstandard data/, zst),
  packed(
    'two frames of Zstandard',
    Buffer.concat([zstdCompressSync(csv()), zstdCompressSync(csv())]),
    /bytes after the end of what Zstandard packed/,
    zst,
  ),
  packed('CSV called Zstandard', csv(), /is not packed with Zstandard/, zst),
  packed('damaged Zstandard', () => Buffer.from(checked(csv('', 2000))).fill(0x5a, 60, 90), /is damaged: its Zstandard data/, zst),
  packed('Zstandard called CSV', zstdCompressSync(csv()), /compressed with Zstandard.*predictions\.csv\.zst/, 'predictions.csv'),
  packed('gzip called JSONL', gzipSync(jsonl('')), /compressed with gzip.*predictions\.jsonl\.gz/, 'predictions.jsonl'),
  packed('a gigabyte of blank lines', () => bomb('\n', gzipSync, 64), /unpacks to more than/),
  packed('a gigabyte of zeros', () => bomb('\0', gzipSync, 64), /zero bytes/),
  packed('a gigabyte of rows without a header', () => bomb('a,1,0.5\n', gzipSync, 64), /no column "id"/, undefined, 1),
  packed('a gigabyte of rows', () => Buffer.concat([gzipSync(csv()), bomb('a,1,0.5\n', gzipSync, 64)]), /unpacks to more than/),
  packed(
    'a gigabyte of one field',
    () => Buffer.concat([gzipSync(csv()), bomb('a', gzipSync, 64)]),
    /longer than|unpacks to more/,
    undefined,
    22,
  ),
  packed('a gigabyte in Zstandard', () => zstdCompressSync(Buffer.alloc(2 ** 28, csv())), /unpacks to more than/, zst),
  packed('a gigabyte of JSON lines', () => bomb('{}\n', gzipSync, 64), /no column "id"/, 'predictions.jsonl.gz', 1),
  packed('a gigabyte of one JSON line', () => bomb(' ', gzipSync, 64), /longer than 1048576/, 'predictions.jsonl.gz', 1),
]
