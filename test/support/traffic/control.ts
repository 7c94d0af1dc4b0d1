import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a program answers to `POST /<verb>` with JSON. */
export type Verbs = Readonly<Record<string, (order: never) => unknown>>

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts).toString()
}

/** Listens on a free port of 127.0.0.1 and returns it. */
export const listen = async (server: Server): Promise<number> => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/**
 * The end that a test holds of a program of its own: `POST /<verb>` with JSON, and pages of text by GET. Prints `{"control": port}` when it is ready. The
 * program ends when its standard input is closed or `seconds` are over, whichever comes first.
 */
export const serveControl = async (seconds: number, verbs: Verbs, page: (path: string) => string | null): Promise<void> => {
  const server = createServer((request, response) => {
    const path = request.url ?? '/'
    const answer = async (): Promise<void> => {
      if (request.method === 'GET') {
        const text = page(path)
        response.writeHead(text === null ? 404 : 200, { 'content-type': 'text/plain; version=0.0.4' }).end(text ?? 'no such page')
        return
      }
      const verb = verbs[path.slice(1)]
      if (verb === undefined) throw new Error(`no such verb: ${path}`)
      const value = (await verb(JSON.parse((await bodyOf(request)) || '{}') as never)) ?? {}
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
    }
    answer().catch((error: unknown) => response.writeHead(500).end(error instanceof Error ? error.message : String(error)))
  })
  process.stdin.resume().once('end', () => process.exit(0))
  setTimeout(() => process.exit(0), seconds * 1000).unref()
  console.log(JSON.stringify({ control: await listen(server) }))
}
