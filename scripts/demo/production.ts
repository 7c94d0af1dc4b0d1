/**
 * The demo's production: a splitter in front of two slots, each a real model server. Everything listens on 127.0.0.1.
 *
 * `node production.ts <python> <serve.py> <folder> [port of HAProxy's runtime socket]` prints one JSON line with both ports when it is ready, and ends when
 * its standard input is closed. The admin port answers
 *   GET /state, GET /counts/<slot>, POST /deploy {slot, version, file}, POST /weight {slot, percent, expecting, seq}, POST /fault {version, rate}.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type Slot, slots } from './splitter.ts'
import { haproxySplitter } from './splitter-haproxy.ts'
import { proxySplitter } from './splitter-proxy.ts'

interface Place {
  version: number | null
  server: ChildProcess | null
}

const [python = 'python3', serve = 'serve.py', folder = '.', socketPort] = process.argv.slice(2)
await mkdir(folder, { recursive: true })
const splitter = socketPort === undefined ? await proxySplitter() : await haproxySplitter(folder, Number(socketPort))
const places: Record<Slot, Place> = { blue: { version: null, server: null }, green: { version: null, server: null } }
const faults = new Map<number, number>()
let seq = 0

const until = async (what: string, seconds: number, condition: () => boolean | Promise<boolean>): Promise<void> => {
  for (const end = Date.now() + seconds * 1000; !(await condition()); ) {
    if (Date.now() > end) throw new Error(`gave up after ${seconds} s: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

const start = async (version: number, model: string): Promise<{ server: ChildProcess; port: number }> => {
  // One thread each: the numeric libraries' own pools would fight over two cores for a single row.
  const environment = { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', PORT: '0' }
  const server = spawn(python, [serve, model], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...environment, VERSION: String(version), FAILURE_RATE: String(faults.get(version) ?? 0) },
  })
  let port = 0
  let ended = false
  const end = () => {
    ended = true
  }
  server.once('exit', end).once('error', end)
  createInterface({ input: server.stdout }).on('line', line => {
    const ready = /^ready (\d+)$/.exec(line)
    if (ready !== null) port = Number(ready[1])
  })
  try {
    await until(`the model server of version ${version} did not start`, 30, () => port > 0 || ended)
    if (ended) throw new Error(`the model server of version ${version} ended at once`)
    const health = await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(5_000) })
    if (!health.ok) throw new Error(`the model server of version ${version} is not healthy: ${health.status}`)
  } catch (error) {
    server.kill()
    throw error
  }
  return { server, port }
}

const isRunning = ({ server }: Place): boolean => server !== null && server.exitCode === null && server.signalCode === null

const deploy = async (slot: Slot, version: number, file: string): Promise<void> => {
  const place = places[slot]
  if (place.version === version && isRunning(place)) return
  const own = join(folder, slot, `v${version}`)
  await rm(own, { recursive: true, force: true })
  await mkdir(own, { recursive: true })
  await copyFile(file, join(own, 'model.joblib'))
  const { server, port } = await start(version, join(own, 'model.joblib'))
  const previous = place.server
  await splitter.use(slot, port)
  Object.assign(place, { server, version })
  if (previous !== null) {
    const drained = async () => (await splitter.open(slot)) === 0 || (await splitter.percent(slot)) > 0
    await until('requests of the previous server are still open', 10, drained)
    previous.kill()
  }
}

/** Returns why nothing was changed, or null. */
const setWeight = async (slot: Slot, percent: number, expecting: number | null, order: number): Promise<string | null> => {
  if (splitter.setPercent === null) return 'weights are set at the runtime socket of HAProxy'
  const now = await splitter.percent(slot)
  if (expecting !== null && Math.abs(now - expecting) > 0.01) return `${slot} has ${now} %, not ${expecting} %`
  if (order < seq) return `order ${order} is older than ${seq}`
  seq = order
  splitter.setPercent(slot, percent)
  return null
}

const send = (response: ServerResponse, status: number, body: unknown): void => {
  const text = JSON.stringify(body)
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }).end(text)
}
const bodyOf = async (request: IncomingMessage): Promise<Record<string, unknown>> => {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return JSON.parse(Buffer.concat(parts).toString()) as Record<string, unknown>
}
const slotOf = (value: unknown): Slot => {
  const found = slots.find(slot => slot === value)
  if (found === undefined) throw new Error(`no such slot: ${String(value)}`)
  return found
}
const view = async (slot: Slot) => ({
  percent: await splitter.percent(slot),
  version: places[slot].version,
  ready: isRunning(places[slot]),
})

const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1')
  if (request.method === 'GET' && pathname === '/state')
    return send(response, 200, { seq, blue: await view('blue'), green: await view('green') })
  if (request.method === 'GET' && pathname.startsWith('/counts/'))
    return send(response, 200, await splitter.counts(slotOf(pathname.slice('/counts/'.length))))
  if (request.method !== 'POST') return send(response, 404, { error: 'no such page' })
  const body = await bodyOf(request)
  if (pathname === '/deploy') {
    await deploy(slotOf(body.slot), Number(body.version), String(body.file))
    return send(response, 200, {})
  }
  if (pathname === '/weight') {
    const expecting = typeof body.expecting === 'number' ? body.expecting : null
    const problem = await setWeight(slotOf(body.slot), Number(body.percent), expecting, Number(body.seq ?? seq))
    return send(response, problem === null ? 200 : 409, problem === null ? {} : { error: problem })
  }
  if (pathname === '/fault') {
    faults.set(Number(body.version), Number(body.rate))
    return send(response, 200, {})
  }
  return send(response, 404, { error: 'no such page' })
}

const admin = createServer((request, response) => {
  answer(request, response).catch((error: Error) => send(response, 500, { error: error.message }))
})
process.once('exit', () => {
  splitter.end()
  for (const place of Object.values(places)) place.server?.kill()
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(0))
process.stdin.resume().once('end', () => process.exit(0))

admin.listen(0, '127.0.0.1')
await once(admin, 'listening')
console.log(JSON.stringify({ traffic: splitter.port, admin: (admin.address() as AddressInfo).port }))
