/**
 * The demo's users: real feature rows of the holdout, posted at a steady rate over kept-alive connections to 127.0.0.1, for a bounded time.
 *
 * `node load.ts <port> <holdout.csv> <requests per second> <at most seconds>` prints one JSON line each second, {sent, ok, failed, lost},
 * and ends when its standard input is closed or the time is over. `failed` are answers of 500 and above, `lost` those that never came.
 */
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'

const [port = '', file = '', rate = '300', limit = '300'] = process.argv.slice(2)
const [header = '', ...lines] = readFileSync(file, 'utf8').trim().split('\n')
const names = header.split(',').slice(2)
const bodies = lines.map(line => {
  const values = line.split(',').slice(2).map(Number)
  return Buffer.from(JSON.stringify(Object.fromEntries(names.map((name, index) => [name, values[index]]))))
})

const agent = new Agent({ keepAlive: true, maxSockets: 24 })
const counts = { sent: 0, ok: 0, failed: 0, lost: 0 }
/** More than this many unanswered means that the servers cannot follow; then the rate drops instead of a queue growing. */
const mostOpen = 48
let open = 0

const sendOne = (): void => {
  const body = bodies[counts.sent % bodies.length] as Buffer
  counts.sent += 1
  open += 1
  let answered = false
  const done = (kind: 'ok' | 'failed' | 'lost'): void => {
    if (answered) return
    answered = true
    open -= 1
    counts[kind] += 1
  }
  const headers = { 'content-type': 'application/json', 'content-length': body.length }
  const post = request({ host: '127.0.0.1', port, path: '/predict', method: 'POST', agent, headers, timeout: 10_000 }, response => {
    response.resume()
    response.once('end', () => done((response.statusCode ?? 500) >= 500 ? 'failed' : 'ok'))
    response.once('error', () => done('lost'))
  })
  post.once('timeout', () => post.destroy())
  post.once('error', () => done('lost'))
  post.end(body)
}

const started = performance.now()
let due = 0
let last = started
const pace = setInterval(() => {
  const now = performance.now()
  due = Math.min(due + ((now - last) / 1000) * Number(rate), mostOpen)
  last = now
  for (; due >= 1 && open < mostOpen; due -= 1) sendOne()
  if (now - started > Number(limit) * 1000) void end()
}, 10)
const report = setInterval(() => console.log(JSON.stringify(counts)), 1000)

const end = async (): Promise<void> => {
  clearInterval(pace)
  clearInterval(report)
  for (const last = performance.now() + 5_000; open > 0 && performance.now() < last; ) await new Promise(resolve => setTimeout(resolve, 10))
  console.log(JSON.stringify(counts))
  process.exit(0)
}
process.stdin.resume().once('end', () => void end())
