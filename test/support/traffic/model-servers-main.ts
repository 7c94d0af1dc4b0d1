/**
 * Model servers for tests, as many as are asked for, in one process: `node model-servers-main.ts <at most seconds>`. Each app has two slots, each with a port
 * of its own on 127.0.0.1: `/predict`, `/healthz` (503 before a version is deployed), `/metrics` in Prometheus' format and `/counts`.
 *
 * Control: POST /open {app}, /deploy {app, slot, version}, /behave {app, version, errors, slowdown, precision}, /running {app}; GET /counts/<app>/<slot>,
 * /log/<app>/predictions.jsonl?since=<ISO time>.
 */
import { createServer } from 'node:http'
import { type Behaviour, healthy, latency, type Slot, slots, uniforms } from './behaviour.ts'
import { listen, serveControl } from './control.ts'
import { countsOf, exposition, nothingObserved, type Observed, observe } from './exposition.ts'
import { type PredictionLog, predictionLog } from './prediction-log.ts'

interface Place {
  readonly app: string
  readonly slot: Slot
  readonly port: number
  version: number | null
  observed: Observed
}

interface App {
  readonly behaviour: Map<number, Behaviour>
  readonly places: Record<Slot, Place>
  readonly log: PredictionLog
}

const usualMilliseconds = 12
const apps = new Map<string, App>()

const appOf = (name: string): App => {
  const app = apps.get(name)
  if (app === undefined) throw new Error(`no such app: ${name}`)
  return app
}

const open = async (name: string): Promise<Record<Slot, number>> => {
  const known = apps.get(name)
  if (known !== undefined) return { blue: known.places.blue.port, green: known.places.green.port }
  const behaviour = new Map<number, Behaviour>()
  const log = predictionLog()
  const serve = async (slot: Slot): Promise<Place> => {
    const uniform = uniforms(slots.indexOf(slot) + 1)
    const server = createServer((request, response) => {
      const path = request.url ?? '/'
      const plain = { 'content-type': 'text/plain; version=0.0.4' }
      if (path === '/metrics') return response.writeHead(200, plain).end(exposition([place]))
      if (path === '/counts') return response.writeHead(200).end(JSON.stringify(countsOf(place.observed)))
      if (path === '/healthz' || place.version === null) return response.writeHead(place.version === null ? 503 : 200).end()
      const { version, observed } = place
      const began = performance.now()
      const { errors, slowdown, precision } = behaviour.get(version) ?? healthy
      const code = uniform() < errors ? 500 : 200
      request.resume()
      setTimeout(
        () => {
          observe(observed, code, (performance.now() - began) / 1000)
          const prediction = code === 200 ? log.predict(version, uniform, precision) : null
          response.writeHead(code, { 'x-slot': slot, 'x-version': String(version) }).end(JSON.stringify(prediction))
        },
        latency(uniform, usualMilliseconds * slowdown),
      )
    })
    server.keepAliveTimeout = 60_000
    const place: Place = { app: name, slot, port: await listen(server), version: null, observed: nothingObserved() }
    return place
  }
  const places = { blue: await serve('blue'), green: await serve('green') }
  apps.set(name, { behaviour, places, log })
  return { blue: places.blue.port, green: places.green.port }
}

const [seconds = '600'] = process.argv.slice(2)
await serveControl(
  Number(seconds),
  {
    open: ({ app }: { readonly app: string }) => open(app),
    // Another version is another process, whose counters begin at zero; the same one is running already.
    deploy: ({ app, slot, version }: { readonly app: string; readonly slot: Slot; readonly version: number | null }) => {
      const place = appOf(app).places[slot]
      if (place.version === version) return
      Object.assign(place, { version, observed: nothingObserved() })
    },
    behave: ({ app, version, ...change }: { readonly app: string; readonly version: number } & Partial<Behaviour>) => {
      const { behaviour } = appOf(app)
      behaviour.set(version, { ...(behaviour.get(version) ?? healthy), ...change })
    },
    running: ({ app }: { readonly app: string }) => {
      const { places } = appOf(app)
      return { blue: places.blue.version, green: places.green.version }
    },
  },
  path => {
    const { pathname, searchParams } = new URL(path, 'http://127.0.0.1')
    const [, page, app = '', slot] = pathname.split('/')
    if (page === 'counts' && (slot === 'blue' || slot === 'green')) return JSON.stringify(countsOf(appOf(app).places[slot].observed))
    if (page === 'log') return appOf(app).log.text(Date.parse(searchParams.get('since') ?? '') || 0)
    return null
  },
)
