import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { forgetOrder, orderOfIds } from './id-order.ts'
import type { Predictions, TextColumn } from './predictions.ts'

/** A SHA-256 under way. */
export interface Hasher {
  update(bytes: Uint8Array): void
  hex(): string
}

const portableHasher = (): Hasher => {
  const hash = sha256.create()
  return {
    update: bytes => {
      hash.update(bytes)
    },
    hex: () => bytesToHex(hash.digest()),
  }
}

const chunkBytes = 1 << 16
/** Up to so many different answers are kept. */
const mostAnswers = 1 << 16
const rowsAtOnce = 1 << 10
const encoder = new TextEncoder()

/** Text as UTF-8, preceded by its length in four bytes. */
const framed = (text: string): Uint8Array => framedBytes(encoder.encode(text))

const framedBytes = (bytes: Uint8Array): Uint8Array => {
  const all = new Uint8Array(bytes.length + 4)
  new DataView(all.buffer).setUint32(0, bytes.length)
  all.set(bytes, 4)
  return all
}

const joined = (parts: readonly Uint8Array[]): Uint8Array => {
  const all = new Uint8Array(parts.reduce((total, part) => total + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** Label and slice values of a row as they are digested. Combinations are few: each is put together once. */
const answersOf = (predictions: Predictions): ((row: number) => Uint8Array) => {
  const columns = [...predictions.slices].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, column]) => column)
  const values = columns.map(column => column.values.map(framed))
  const { labels, task } = predictions
  const classes = predictions.classes.map(framed)
  const combinations = columns.reduce((product, column) => product * column.values.length, classes.length)
  const parts = (row: number): Uint8Array =>
    joined([
      task === 'regression' ? framed(String(labels[row])) : (classes[labels[row] as number] as Uint8Array),
      ...columns.map((column, index) => values[index]?.[column.codes[row] as number] as Uint8Array),
    ])
  if (task === 'regression' || combinations > mostAnswers) return parts
  const known = new Array<Uint8Array | undefined>(combinations)
  return row => {
    let combination = labels[row] as number
    for (const column of columns) combination = combination * column.values.length + (column.codes[row] as number)
    let found = known[combination]
    if (found === undefined) {
      found = parts(row)
      known[combination] = found
    }
    return found
  }
}

/** Clusters numbered in order of their first ids: which rows belong together is what counts, whatever the clusters are called. */
const canonicalClusters = (clusters: Uint32Array, order: Uint32Array): Uint32Array => {
  let most = 0
  for (let row = 0; row < clusters.length; row++) if ((clusters[row] as number) > most) most = clusters[row] as number
  const numbers = new Uint32Array(most + 1)
  let known = 0
  const canonical = new Uint32Array(clusters.length)
  for (const row of order) {
    const cluster = clusters[row] as number
    if (numbers[cluster] === 0) numbers[cluster] = ++known
    canonical[row] = numbers[cluster] as number
  }
  return canonical
}

/** Writes ids, each preceded by its length, and what follows them into `chunk` from `start` on; the place after that. */
const writeRows = (
  chunk: Uint8Array,
  start: number,
  { bytes, offsets }: TextColumn,
  rows: Uint32Array,
  answerOf: (row: number) => Uint8Array,
): number => {
  let at = start
  for (let place = 0; place < rows.length; place++) {
    const row = rows[place] as number
    const from = offsets[row] as number
    const to = offsets[row + 1] as number
    const length = to - from
    chunk[at] = length >>> 24
    chunk[at + 1] = length >>> 16
    chunk[at + 2] = length >>> 8
    chunk[at + 3] = length
    at += 4
    for (let index = from; index < to; index++) chunk[at++] = bytes[index] as number
    const answer = answerOf(row)
    for (let index = 0; index < answer.length; index++) chunk[at++] = answer[index] as number
  }
  return at
}

const computed = new WeakMap<Predictions, string>()

/**
 * Identity of a holdout: hex SHA-256 over its rows sorted by id, each with its label and slice columns, and its weight and cluster where refline.yml names such
 * columns. Scores play no part, nor do the order of rows and the names of clusters. Every field is preceded by its length, so that no two holdouts can read the
 * same. Computed once for each reading; `hasher` is for whoever has a faster SHA-256 than JavaScript is.
 */
export const holdoutDigest = (predictions: Predictions, hasher: () => Hasher = portableHasher): string => {
  const known = computed.get(predictions)
  if (known !== undefined) return known
  const hash = hasher()
  let chunk = new Uint8Array(chunkBytes)
  let used = 0
  const room = (bytes: number): void => {
    if (used + bytes <= chunk.length) return
    hash.update(chunk.subarray(0, used))
    used = 0
    if (bytes > chunk.length) chunk = new Uint8Array(bytes)
  }
  const write = (bytes: Uint8Array): void => {
    room(bytes.length)
    chunk.set(bytes, used)
    used += bytes.length
  }
  const { ids, weights, clusters } = predictions
  write(framed(`refline holdout 1 ${predictions.task}${weights ? ' weighted' : ''}${clusters ? ' clustered' : ''}`))
  for (const name of [...predictions.slices.keys()].sort((a, b) => (a < b ? -1 : 1))) write(framed(name))
  const { order } = orderOfIds(predictions)
  const answerOf = answersOf(predictions)
  const numbers = clusters && canonicalClusters(clusters, order)
  // The pieces of the usual rows are written here, by names of its own: what closures share is slow to reach.
  for (let from = 0; from < order.length; from += rowsAtOnce) {
    const until = Math.min(order.length, from + rowsAtOnce)
    if (weights || numbers) {
      for (let place = from; place < until; place++) {
        const row = order[place] as number
        const id = ids.bytes.subarray(ids.offsets[row], ids.offsets[row + 1])
        write(framedBytes(id))
        write(answerOf(row))
        if (weights) write(framed(String(weights[row])))
        if (numbers) write(framed(String(numbers[row])))
      }
      continue
    }
    let size = 0
    for (let place = from; place < until; place++) {
      const row = order[place] as number
      size += (ids.offsets[row + 1] as number) - (ids.offsets[row] as number) + 4 + answerOf(row).length
    }
    room(size)
    used = writeRows(chunk, used, ids, order.subarray(from, until), answerOf)
  }
  hash.update(chunk.subarray(0, used))
  const digest = hash.hex()
  computed.set(predictions, digest)
  forgetOrder(predictions)
  return digest
}
