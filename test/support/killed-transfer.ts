import { spawn } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import { mkdir, open, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { digestTree } from '../../src/adapters/files/digest.ts'
import { spawnGitHub } from './github/spawned.ts'
import type { TransferOrder, TransferReport } from './model-transfer.ts'
import { temporaryFolder } from './temporary.ts'
import { transferProgram } from './transfer-program.ts'

const mebibyte = 1 << 20

/** Runs a transfer; null where it was killed. */
const runOf =
  (program: string) =>
  (order: TransferOrder): Promise<TransferReport | null> =>
    new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [program, JSON.stringify(order)], { stdio: ['ignore', 'pipe', 'inherit'] })
      let line = ''
      child.stdout.on('data', (chunk: Buffer) => {
        line += chunk.toString()
      })
      child.on('close', (code, signal) => {
        if (signal === 'SIGKILL') resolve(null)
        else if (code === 0) resolve(JSON.parse(line) as TransferReport)
        else reject(new Error(`the transfer ended with ${code}`))
      })
    })

const makeModel = async (folder: string, bytes: number, files: number): Promise<void> => {
  await mkdir(join(folder, 'weights'), { recursive: true })
  const piece = Buffer.allocUnsafe(mebibyte)
  for (let index = 0; index < files; index += 1) {
    await using file = await open(join(folder, files === 1 ? 'model.bin' : `weights/${index}.bin`), 'w')
    for (let left = Math.floor(bytes / files); left > 0; left -= piece.length)
      await file.write(randomFillSync(piece), 0, Math.min(left, piece.length))
  }
  if (files === 1) await rm(join(folder, 'weights'), { recursive: true })
}

interface Logged {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly status: number
}

/** Names of the assets that were taken in whole, as often as they were. */
const takenIn = (requests: readonly Logged[]): readonly string[] =>
  requests.flatMap(({ method, path, query, status }) =>
    method === 'POST' && path.endsWith('/assets') && status === 201 ? [new URLSearchParams(query).get('name') ?? ''] : [],
  )

/**
 * Brings a model of so many bytes to releases and back, in processes of their own that are killed twice on each way, and asserts that the files come back by their digests
 * and that nothing which was whole was sent again. Returns the most memory that a process had, in MiB.
 */
export const transferKilledFourTimes = async (bytes: number, files: number, limit: number): Promise<number> => {
  await using folder = await temporaryFolder('refline-killed-')
  const run = runOf(await transferProgram(folder.join('program')))
  await using github = await spawnGitHub(folder.join('github'))
  await github.tell('commit', { files: { 'refline.yml': 'models: {}\n' } })
  await makeModel(folder.join('model'), bytes, files)
  const known = await digestTree(folder.join('model'))
  const place = { apiUrl: github.apiUrl, token: github.token, repository: { owner: 'acme', name: 'churn' } }

  const upload: TransferOrder = { ...place, verb: 'up', folder: folder.join('model'), work: folder.join('packed'), limit, files: known }
  expect(await run({ ...upload, kill: { boundary: 'asset', moment: 'after', nth: 2 } })).toBeNull()
  const afterFirst = takenIn(await github.tell<Logged[]>('requests'))
  expect(afterFirst.length).toBeGreaterThanOrEqual(2)
  // In the middle of the uploads that are then under way: the manifest and the parts, without those that are there.
  const missing = Math.ceil(bytes / limit) + 1 - afterFirst.length
  expect(await run({ ...upload, kill: { boundary: 'asset', moment: 'before', nth: Math.min(3, missing), milliseconds: 5 } })).toBeNull()
  const up = await run(upload)
  if (up === null) throw new Error('nobody killed the last upload')
  await rm(folder.join('packed'), { recursive: true })
  const taken = takenIn(await github.tell<Logged[]>('requests'))
  const names = up.assets.map(asset => asset.path)
  expect(taken.toSorted()).toEqual(names.toSorted())

  const parts = names.filter(name => name !== 'manifest.json')
  const [first = ''] = parts
  const work = folder.join('fetched')
  const download: TransferOrder = { ...place, verb: 'down', folder: folder.join('got'), work, tag: up.tag, assets: up.assets }
  const half = Math.floor(limit / 2 / mebibyte) * mebibyte
  expect(await run({ ...download, killAt: { asset: first, bytes: half } })).toBeNull()
  const last = parts.at(-2) ?? ''
  expect(await run({ ...download, killAt: { asset: last, bytes: half } })).toBeNull()
  const whole = await wholeIn(work, up.assets)
  const before = (await github.tell<Asked[]>('storage-requests')).length
  const down = await run(download)
  if (down === null) throw new Error('nobody killed the last download')
  expect(await digestTree(folder.join('got'))).toEqual(known)

  const idOf = new Map((await release(github)).assets.map(asset => [asset.name, asset.id]))
  const asked = (await github.tell<Asked[]>('storage-requests')).slice(before)
  // What was whole is not fetched again, and of what was half there the rest is.
  expect(asked.map(({ path }) => path).toSorted()).toEqual(
    names
      .filter(name => !whole.has(name))
      .map(name => `/assets/${idOf.get(name)}`)
      .toSorted(),
  )
  const rest = asked.find(({ path }) => path === `/assets/${idOf.get(last)}`)?.range
  expect(Number(/^bytes=(\d+)-$/.exec(rest ?? '')?.[1])).toBeGreaterThanOrEqual(half)
  return Math.max(up.peak, down.peak)
}

/** Names of the assets whose bytes are all there, under their name or still under that of what is half there: a kill may come between the last byte and the renaming. */
const wholeIn = async (folder: string, assets: TransferReport['assets']): Promise<ReadonlySet<string>> => {
  const sizeOf = (name: string) =>
    stat(join(folder, name)).then(
      ({ size }) => size,
      () => -1,
    )
  const found = await Promise.all(
    assets.map(async ({ path, bytes }) => [path, (await sizeOf(path)) === bytes || (await sizeOf(`.${path}.partial`)) === bytes] as const),
  )
  return new Set(found.flatMap(([path, whole]) => (whole ? [path] : [])))
}

interface Asked {
  readonly path: string
  readonly range: string | null
}

const release = async (github: { tell<T>(verb: string): Promise<T> }) => {
  const { releases } = await github.tell<{ releases: { draft: boolean; assets: { name: string; id: number }[] }[] }>('dump')
  expect(releases).toHaveLength(1)
  return releases[0] as { assets: { name: string; id: number }[] }
}
