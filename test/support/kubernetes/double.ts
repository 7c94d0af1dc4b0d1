import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { ApiServer } from './api-server.ts'
import { type Json, type JsonObject, jsonPatched, mergePatched, PatchRefused, sameJson } from './json-patch.ts'
import { type Kind, kinds, legacyDiscovery } from './kinds.ts'
import { type Channel, publishedSchemas } from './schemas.ts'

/** What the double does instead with the next matching request. `lost`: it does it and then breaks the connection; `cut`: it breaks it before. */
export interface Fault {
  readonly method: 'GET' | 'PATCH'
  readonly how: 'lost' | 'cut' | 'unavailable' | 'failed'
  /** How many requests; one by default. */
  readonly times?: number
}

export interface Double extends ApiServer {
  fail(fault: Fault): void
  /** Takes a verb away from a user, as a Role without it does. */
  forbid(user: string, verb: 'get' | 'list' | 'patch', plural: string): () => void
  /** The server takes the credentials of a user no more. */
  logOut(user: string): () => void
  /** As long as it is taken away, the server knows no HTTPRoute. */
  withoutRoutes(): () => void
  /** Everything that was not as the published schemas say, in either direction. Must be empty at the end. */
  readonly violations: readonly string[]
  /** Method, path and user agent of every request. */
  readonly requests: readonly string[]
}

class Refused extends Error {
  readonly code: number
  readonly reason: string
  constructor(code: number, reason: string, message: string) {
    super(message)
    this.code = code
    this.reason = reason
  }
}

const statusOf = ({ code, reason, message }: Refused): JsonObject => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message,
  reason,
  code,
})

type Stored = {
  metadata: { resourceVersion: string; generation?: number; managedFields?: Json[]; [key: string]: Json | undefined }
  spec?: Json
  status?: Json
}

/** What a field manager owns, as far as anybody here looks: the rules of a route, which are one list. */
const ownership = (manager: string): JsonObject => ({
  manager,
  operation: 'Update',
  apiVersion: 'gateway.networking.k8s.io/v1',
  time: new Date().toISOString().replace(/\.\d+/, ''),
  fieldsType: 'FieldsV1',
  fieldsV1: { 'f:spec': { 'f:rules': {} } },
})

/**
 * A small API server over HTTP for the real kubectl: get, list, create and patch of a few kinds with resource versions, generations, the status subresource,
 * field managers and refusals in the words of the real one. Every object that comes in or goes out is checked against the published schemas.
 */
export const startDouble = async (channel: Channel = 'standard'): Promise<Double> => {
  const objects = new Map<string, JsonObject & Stored>()
  const violations: string[] = []
  const requests: string[] = []
  const faults: { fault: Fault; left: number }[] = []
  const forbidden = new Set<string>()
  const unknownUsers = new Set<string>()
  const validate = publishedSchemas(channel)
  let version = 100
  let knowsRoutes = true

  const keyOf = (kind: Kind, namespace: string, name: string) => `${kind.plural} ${namespace} ${name}`
  const resourceOf = (kind: Kind) => (kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`)
  const check = (kind: string, value: Json, where: string) => {
    const wrong = validate(kind, value)
    if (wrong !== null) violations.push(`${where}: ${wrong}`)
  }
  const store = (kind: Kind, key: string, next: JsonObject & Stored) => {
    version += 1
    next.metadata.resourceVersion = String(version)
    objects.set(key, next)
    if (kind.kind !== 'Namespace') check(kind.kind, next, `stored ${key}`)
    return next
  }

  const create = (kind: Kind, namespace: string, body: JsonObject): JsonObject => {
    const { metadata, ...rest } = body as JsonObject & Stored
    const key = keyOf(kind, namespace, String(metadata.name))
    if (objects.has(key)) throw new Refused(409, 'AlreadyExists', `${resourceOf(kind)} "${String(metadata.name)}" already exists`)
    const { status: _, ...written } = rest
    return store(kind, key, {
      ...(kind.hasStatus ? written : rest),
      metadata: {
        ...metadata,
        ...(kind.isNamespaced ? { namespace } : {}),
        resourceVersion: '',
        ...(kind.hasStatus ? { generation: 1 } : {}),
        creationTimestamp: new Date().toISOString().replace(/\.\d+/, ''),
        ...(kind.kind === 'HTTPRoute' ? { managedFields: [ownership('kubectl-client-side-apply')] } : {}),
      },
    })
  }

  const patch = (kind: Kind, namespace: string, name: string, isStatus: boolean, type: string, manager: string, body: Json): JsonObject => {
    const key = keyOf(kind, namespace, name)
    const before = objects.get(key)
    if (before === undefined) throw new Refused(404, 'NotFound', `${resourceOf(kind)} "${name}" not found`)
    let wanted: JsonObject & Stored
    try {
      wanted = (type.includes('json-patch') ? jsonPatched(before, body) : mergePatched(before, body)) as JsonObject & Stored
    } catch (error) {
      if (!(error instanceof PatchRefused)) throw error
      throw new Refused(422, 'Invalid', 'the server rejected our request due to an error in our request')
    }
    const next = (isStatus ? { ...before, status: wanted.status } : { ...wanted, status: before.status }) as JsonObject & Stored
    if (next.status === undefined) delete next.status
    next.metadata = { ...wanted.metadata, resourceVersion: before.metadata.resourceVersion }
    if (sameJson(next, before)) return before
    const wrong = validate(kind.kind, next)
    if (wrong !== null) throw new Refused(422, 'Invalid', `${kind.kind}.${kind.group} "${name}" is invalid: ${wrong}`)
    if (!isStatus && !sameJson(next.spec, before.spec)) {
      next.metadata.generation = (before.metadata.generation ?? 0) + 1
      if (kind.kind === 'HTTPRoute') next.metadata.managedFields = [ownership(manager)]
    }
    return store(kind, key, next)
  }

  const authorize = (request: IncomingMessage, verb: string, kind: Kind, namespace: string, name: string) => {
    // kubectl keeps its token to itself where there is no TLS, so whoever says no name is `refline`.
    const user = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? 'refline'
    if (unknownUsers.has(user)) throw new Refused(401, 'Unauthorized', 'Unauthorized')
    if (!forbidden.has(`${user} ${verb} ${kind.plural}`)) return
    const object = name === '' ? resourceOf(kind) : `${resourceOf(kind)} "${name}"`
    throw new Refused(
      403,
      'Forbidden',
      `${object} is forbidden: User "${user}" cannot ${verb} resource "${kind.plural}" in API group "${kind.group}" in the namespace "${namespace}"`,
    )
  }

  const answer = async (request: IncomingMessage): Promise<Json> => {
    const url = new URL(request.url ?? '/', 'http://double')
    const discovered = request.method === 'GET' ? legacyDiscovery(url.pathname, knowsRoutes) : undefined
    if (discovered !== undefined) return discovered
    for (const kind of kinds) {
      const match = kind.path.exec(url.pathname)
      if (match === null || (kind.kind === 'HTTPRoute' && !knowsRoutes)) continue
      const { namespace = '', name = '', status } = match.groups ?? {}
      const verb = request.method === 'PATCH' ? 'patch' : request.method === 'POST' ? 'create' : name === '' ? 'list' : 'get'
      authorize(request, verb, kind, namespace, name)
      if (verb === 'create') return create(kind, namespace, JSON.parse(await text(request)) as JsonObject)
      if (verb === 'patch')
        return patch(
          kind,
          namespace,
          name,
          status !== undefined,
          request.headers['content-type'] ?? '',
          url.searchParams.get('fieldManager') ?? 'unknown',
          JSON.parse(await text(request)) as Json,
        )
      if (verb === 'list') {
        const [label = '', value = ''] = (url.searchParams.get('labelSelector') ?? '').split('=')
        const items = [...objects.entries()]
          .filter(([key]) => key.startsWith(`${kind.plural} ${namespace} `))
          .map(([, object]) => object)
          .filter(({ metadata }) => (metadata.labels as JsonObject | undefined)?.[label] === value)
        return { kind: `${kind.kind}List`, apiVersion: kind.apiVersion, metadata: { resourceVersion: String(version) }, items }
      }
      const object = objects.get(keyOf(kind, namespace, name))
      if (object === undefined) throw new Refused(404, 'NotFound', `${resourceOf(kind)} "${name}" not found`)
      return object
    }
    throw new Refused(404, 'NotFound', 'the server could not find the requested resource')
  }

  const send = (response: ServerResponse, code: number, body: Json) => {
    response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }
  const takeFault = (method: string, path: string): Fault['how'] | null => {
    // Discovery is left alone, so that a fault meets what it is meant for.
    const found = path.includes('/namespaces/') ? faults.find(({ fault, left }) => fault.method === method && left > 0) : undefined
    if (found === undefined) return null
    found.left -= 1
    return found.fault.how
  }
  const server = createServer((request, response) => {
    const { method = '', url = '' } = request
    requests.push(`${method} ${url}`)
    const fault = takeFault(method, url)
    if (fault === 'cut') return void request.socket.destroy()
    if (fault === 'unavailable')
      return send(response, 503, statusOf(new Refused(503, 'ServiceUnavailable', 'the server is currently unable to handle the request')))
    answer(request)
      .then(body => {
        if (fault === 'lost') return request.socket.destroy()
        if (fault === 'failed')
          return send(response, 500, statusOf(new Refused(500, 'InternalError', 'Internal error occurred: etcdserver: leader changed')))
        const { kind } = body as { kind?: string }
        if (['HTTPRoute', 'Deployment', 'EndpointSliceList'].includes(kind ?? '')) check(kind ?? '', body, `answer to ${method} ${url}`)
        send(response, method === 'POST' ? 201 : 200, body)
      })
      .catch((error: unknown) => {
        if (error instanceof Refused) return send(response, error.code, statusOf(error))
        violations.push(`the double failed at ${method} ${url}: ${error instanceof Error ? error.stack : String(error)}`)
        request.socket.destroy()
      })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    certificate: null,
    violations,
    requests,
    fail: fault => void faults.push({ fault, left: fault.times ?? 1 }),
    forbid: (user, verb, plural) => {
      forbidden.add(`${user} ${verb} ${plural}`)
      return () => void forbidden.delete(`${user} ${verb} ${plural}`)
    },
    logOut: user => {
      unknownUsers.add(user)
      return () => void unknownUsers.delete(user)
    },
    withoutRoutes: () => {
      knowsRoutes = false
      return () => {
        knowsRoutes = true
      }
    },
    [Symbol.asyncDispose]: () =>
      new Promise<void>(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
