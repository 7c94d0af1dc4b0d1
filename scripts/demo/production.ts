/**
 * The demo's production: a splitter in front of two slots, each a real model server. Everything listens on 127.0.0.1.
 *
 * `node production.ts <admin port> <python> <serve.py> <folder>` prints one JSON line with both ports when it is ready, and ends when its standard input
 * is closed. The admin port answers
 *   GET /state, GET /counts/<slot>, POST /deploy {slot, version, files}, POST /weight {slot, percent, expecting, seq}, POST /fault {version, rate}.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, rm } from 'node:fs/promises'
import { Agent, createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createProxyServer } from 'http-proxy-3'

type Slot = 'blue' | 'green'
interface Place {
  percent: number
  version: number | null
  port: number
  server: ChildProcess | null
  open: number
  total: number
  bad: number
}

const [adminPort = '0', python = 'python3', serve = 'serve.py', folder = '.'] = process.argv.slice(2)
const empty = (percent: number): Place => ({ percent, version: null, port: 0, server: null, open: 0, total: 0, bad: 0 })
const places: Record<Slot, Place> = { blue: empty(100), green: empty(0) }
const other = { blue: 'green', green: 'blue' } as const
const faults = new Map<number, number>()
let seq = 0

const proxy = createProxyServer({ agent: new Agent({ keepAlive: true, maxSockets: 16 }), proxyTimeout: 5_000 })

const send = (response: ServerResponse, status: number, body: unknown): void => {
  const text = JSON.stringify(body)
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }).end(text)
}

const finish = (place: Place, bad: boolean): void => {
  place.open -= 1
  place.total += 1
  if (bad) place.bad += 1
}

const traffic = createServer((request, response) => {
  const place = Math.random() * 100 < places.blue.percent ? places.blue : places.green
  if (place.server === null) return send(response, 503, { error: 'nothing is deployed here' })
  place.open += 1
  response.once('close', () => finish(place, !response.writableFinished || response.statusCode >= 500))
  proxy.web(request, response, { target: `http://127.0.0.1:${place.port}` }, () => {
    if (response.headersSent) response.destroy()
    else send(response, 502, { error: 'the model server did not answer' })
  })
})

const until = async (what: string, seconds: number, condition: () => boolean): Promise<void> => {
  for (const end = Date.now() + seconds * 1000; !condition(); ) {
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
  server.once('exit', () => {
    ended = true
  })
  server.once('error', () => {
    ended = true
  })
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

const deploy = async (slot: Slot, version: number, files: string): Promise<void> => {
  const place = places[slot]
  if (place.version === version && place.server?.exitCode === null) return
  const own = join(folder, slot, `v${version}`)
  await rm(own, { recursive: true, force: true })
  await mkdir(own, { recursive: true })
  await cp(files, own, { recursive: true })
  const { server, port } = await start(version, join(own, 'model.joblib'))
  const previous = place.server
  Object.assign(place, { server, port, version })
  if (previous !== null) {
    await until('requests of the previous server are still open', 10, () => place.open === 0 || place.percent > 0)
    previous.kill()
  }
}

const setWeight = (slot: Slot, percent: number, expecting: number | null, order: number): string | null => {
  const now = places[slot].percent
  if (expecting !== null && Math.abs(now - expecting) > 0.01) return `${slot} has ${now} %, not ${expecting} %`
  if (order < seq) return `order ${order} is older than ${seq}`
  seq = order
  places[slot].percent = percent
  places[other[slot]].percent = 100 - percent
  return null
}

const bodyOf = async (request: IncomingMessage): Promise<Record<string, unknown>> => {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return JSON.parse(Buffer.concat(parts).toString()) as Record<string, unknown>
}
const slotOf = (value: unknown): Slot => {
  if (value !== 'blue' && value !== 'green') throw new Error(`no such slot: ${String(value)}`)
  return value
}

const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1')
  if (request.method === 'GET' && pathname === '/state') {
    const view = ({ percent, version, server }: Place) => ({ percent, version, ready: server !== null && server.exitCode === null })
    return send(response, 200, { seq, blue: view(places.blue), green: view(places.green) })
  }
  if (request.method === 'GET' && pathname.startsWith('/counts/')) {
    const { total, bad } = places[slotOf(pathname.slice('/counts/'.length))]
    return send(response, 200, { total, bad })
  }
  if (request.method !== 'POST') return send(response, 404, { error: 'no such page' })
  const body = await bodyOf(request)
  if (pathname === '/deploy') {
    await deploy(slotOf(body.slot), Number(body.version), String(body.files))
    return send(response, 200, {})
  }
  if (pathname === '/weight') {
    const expecting = typeof body.expecting === 'number' ? body.expecting : null
    const problem = setWeight(slotOf(body.slot), Number(body.percent), expecting, Number(body.seq ?? seq))
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
  for (const place of Object.values(places)) place.server?.kill()
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(0))
process.stdin.resume().once('end', () => process.exit(0))

traffic.listen(0, '127.0.0.1')
admin.listen(Number(adminPort), '127.0.0.1')
await Promise.all([once(traffic, 'listening'), once(admin, 'listening')])
const portOf = (server: typeof admin): number => (server.address() as AddressInfo).port
console.log(JSON.stringify({ traffic: portOf(traffic), admin: portOf(admin) }))
