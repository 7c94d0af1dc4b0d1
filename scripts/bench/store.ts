import { execFileSync, spawn } from 'node:child_process'
import { createHash, randomFillSync } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { mkdir, mkdtemp, open, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { spawnGitHub } from '../../test/support/github/spawned.ts'
import type { TransferOrder, TransferReport } from '../../test/support/model-transfer.ts'
import { transferProgram } from '../../test/support/transfer-program.ts'

// How fast model files go to releases and come back, beside what this machine can do at all: SHA-256 on one core, and a copy of the same file from a process to another over
// a loopback connection. The server is the GitHub double in a process of its own, which hashes and keeps what it gets, as GitHub does. `--gib` sets the size, `--files` how
// many files the model has (several are one tar), `--folder` where everything lies: on a disk that others use too, the kernel makes whoever writes wait for it, and
// every step is begun with nothing left to write; in a folder in memory, such as /dev/shm, it is the programs alone that are measured.

const { values } = parseArgs({
  options: {
    gib: { type: 'string', default: '1' },
    files: { type: 'string', default: '1' },
    repeats: { type: 'string', default: '3' },
    folder: { type: 'string', default: tmpdir() },
  },
})
const bytes = Math.round(Number(values.gib) * 1024 ** 3)
const files = Number(values.files)
const repeats = Number(values.repeats)
const goals = { ratio: 0.7, mebibytes: 200 }
const root = await mkdtemp(join(values.folder, 'refline-bench-store-'))
const rate = (seconds: number): number => bytes / 1e6 / seconds
const median = (numbers: readonly number[]): number => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN
const shown = (name: string, speeds: readonly number[], note = ''): void =>
  console.log(
    `${name.padEnd(34)}${median(speeds).toFixed(0).padStart(7)} MB/s   (${speeds.map(speed => speed.toFixed(0)).join(', ')})${note}`,
  )

const settle = (): void => void execFileSync('sync')

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const start = performance.now()
  await work()
  return rate((performance.now() - start) / 1000)
}

const makeModel = async (): Promise<string> => {
  const folder = join(root, 'model')
  await mkdir(folder)
  const piece = Buffer.allocUnsafe(1 << 20)
  const each = Math.floor(bytes / files)
  for (let index = 0; index < files; index += 1) {
    await using file = await open(join(folder, `weights-${index}.bin`), 'w')
    for (let left = each; left > 0; left -= piece.length) await file.write(randomFillSync(piece), 0, Math.min(left, piece.length))
  }
  return folder
}

/** SHA-256 of as many bytes, which are in memory. */
const hashing = async (): Promise<void> => {
  const piece = randomFillSync(Buffer.alloc(1 << 20))
  const hash = createHash('sha256')
  for (let left = bytes; left > 0; left -= piece.length) hash.update(piece.subarray(0, Math.min(left, piece.length)))
  hash.digest()
}

const receiver = `
const { createServer } = require('node:net'), { createWriteStream } = require('node:fs'), { pipeline } = require('node:stream/promises')
const server = createServer({ allowHalfOpen: true, highWaterMark: 1 << 20 }, async socket => {
  await pipeline(socket, createWriteStream(process.argv[1], { highWaterMark: 1 << 20 }), { end: true })
  socket.end('kept')
  server.close()
}).listen(0, '127.0.0.1', () => console.log(server.address().port))`

/** The same files, one after the other, from this process to another over the loopback address, and kept there. */
const copying = async (model: string): Promise<void> => {
  const target = join(root, 'copy.bin')
  const child = spawn(process.execPath, ['-e', receiver, target], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [port] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  const socket = connect(Number(port), '127.0.0.1')
  await once(socket, 'connect')
  const answered = once(socket, 'data')
  const names = Array.from({ length: files }, (_, index) => join(model, `weights-${index}.bin`))
  const sent = async function* () {
    for (const name of names) yield* createReadStream(name, { highWaterMark: 1 << 20 })
  }
  await pipeline(sent(), socket)
  await answered
  await once(child, 'exit')
  await rm(target)
}

const program = await transferProgram(join(root, 'program'))

const transfer = async (order: TransferOrder): Promise<TransferReport> => {
  const child = spawn(process.execPath, [program, JSON.stringify(order)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [[line], [code]] = (await Promise.all([once(createInterface({ input: child.stdout }), 'line'), once(child, 'exit')])) as [
    [string],
    [number],
  ]
  if (code !== 0) throw new Error(`the transfer ended with ${code}`)
  return JSON.parse(line) as TransferReport
}

try {
  console.log(
    `${values.gib} GiB in ${files} ${files === 1 ? 'file' : 'files'}, ${repeats} repeats turn about, Node ${process.versions.node}`,
  )
  const model = await makeModel()
  const speeds = { hash: [], copy: [], pack: [], up: [], down: [], unpack: [] } as Record<string, number[]>
  const peaks = { up: [] as number[], down: [] as number[] }
  const processors: number[] = []
  const note = (name: string, speed: number): void => void speeds[name]?.push(speed)
  let digested: TransferOrder['files']
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    note('hash', await timed(hashing))
    settle()
    note('copy', await timed(() => copying(model)))
    const at = (name: string) => join(root, name)
    await using github = await spawnGitHub(at('github'))
    await github.tell('commit', { files: { 'refline.yml': 'models: {}\n' } })
    const place = { apiUrl: github.apiUrl, token: github.token, repository: { owner: 'acme', name: 'churn' } }
    settle()
    const up = await transfer({
      ...place,
      verb: 'up',
      folder: model,
      work: at('packed'),
      ...(digested === undefined ? {} : { files: digested }),
    })
    digested = up.files
    await rm(at('packed'), { recursive: true })
    settle()
    const down = await transfer({ ...place, verb: 'down', folder: at('got'), work: at('fetched'), tag: up.tag, assets: up.assets })
    note('pack', rate(up.seconds[0]))
    note('up', rate(up.seconds[1]))
    note('down', rate(down.seconds[0]))
    note('unpack', rate(down.seconds[1]))
    peaks.up.push(up.peak)
    peaks.down.push(down.peak)
    processors.push((up.processors + down.processors) / (bytes / 1e9))
    await github[Symbol.asyncDispose]()
    for (const left of ['got', 'fetched', 'github']) await rm(at(left), { recursive: true, force: true })
  }
  shown('SHA-256, one core', speeds.hash ?? [])
  shown('loopback copy, file to file', speeds.copy ?? [])
  shown('pack (read, digest)', speeds.pack ?? [])
  shown('up (publish)', speeds.up ?? [])
  shown('down (fetch, digest, write)', speeds.down ?? [])
  shown('unpack', speeds.unpack ?? [])
  const slower = Math.min(median(speeds.hash ?? []), median(speeds.copy ?? []))
  const ratio = (name: string): string => (median(speeds[name] ?? []) / slower).toFixed(2)
  console.log(`ratio to the slower of SHA-256 and copy: up ${ratio('up')}, down ${ratio('down')} (goal >= ${goals.ratio})`)
  console.log(`processor time of our process, up and down together: ${median(processors).toFixed(2)} s per GB`)
  const most = (side: 'up' | 'down'): string => Math.max(...peaks[side]).toFixed(0)
  console.log(`peak memory of our process: up ${most('up')} MiB, down ${most('down')} MiB (goal <= ${goals.mebibytes})`)
} finally {
  await rm(root, { recursive: true, force: true })
}
