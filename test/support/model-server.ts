import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A model server on the loopback address that answers every request with the name of its slot. */
export interface ModelServer extends AsyncDisposable {
  readonly port: number
  /** Requests that were answered, health checks without a path of their own included. */
  readonly answered: () => number
  /** Stops listening, as a crash does; `start` listens on the same port again. */
  stop(): Promise<void>
  start(): Promise<void>
}

export const modelServer = async (name: string): Promise<ModelServer> => {
  let answered = 0
  let server: Server | null = null
  let port = 0
  const start = async () => {
    if (server !== null) return
    server = createServer((_, response) => {
      answered += 1
      response.end(name)
    })
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
  }
  const stop = async () => {
    const running = server
    server = null
    if (running === null) return
    running.closeAllConnections()
    running.close()
    await once(running, 'close')
  }
  await start()
  return { port, answered: () => answered, start, stop, [Symbol.asyncDispose]: stop }
}
