import { once } from 'node:events'
import { Agent, createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createProxyServer } from 'http-proxy-3'
import type { Slot, Splitter } from './splitter.ts'

interface Place {
  percent: number
  port: number
  open: number
  total: number
  bad: number
}

const other = { blue: 'green', green: 'blue' } as const
const empty = (percent: number): Place => ({ percent, port: 0, open: 0, total: 0, bad: 0 })

const refuse = (response: ServerResponse, status: number, error: string): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ error }))
}

/** A splitter in this process: a proxy library with a weight for each slot, and counts kept of what came back. */
export const proxySplitter = async (): Promise<Splitter> => {
  const places: Record<Slot, Place> = { blue: empty(100), green: empty(0) }
  const proxy = createProxyServer({ agent: new Agent({ keepAlive: true, maxSockets: 16 }), proxyTimeout: 5_000 })
  const server = createServer((request, response) => {
    const place = Math.random() * 100 < places.blue.percent ? places.blue : places.green
    if (place.port === 0) return refuse(response, 503, 'nothing is deployed here')
    place.open += 1
    response.once('close', () => {
      place.open -= 1
      place.total += 1
      if (!response.writableFinished || response.statusCode >= 500) place.bad += 1
    })
    proxy.web(request, response, { target: `http://127.0.0.1:${place.port}` }, () => {
      if (response.headersSent) response.destroy()
      else refuse(response, 502, 'the model server did not answer')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    use: async (slot, port) => {
      places[slot].port = port
    },
    open: async slot => places[slot].open,
    counts: async slot => ({ total: places[slot].total, bad: places[slot].bad }),
    percent: async slot => places[slot].percent,
    setPercent: (slot, percent) => {
      places[slot].percent = percent
      places[other[slot]].percent = 100 - percent
    },
    end: () => void server.close(),
  }
}
