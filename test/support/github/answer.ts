import type { IncomingMessage } from 'node:http'
import type { Fault } from './faults.ts'
import type { Actor, Permissions, RepositoryState, State } from './state.ts'

/** What an endpoint answers: JSON, bytes of its own media type, or nothing. */
export interface Answer {
  readonly status: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly raw?: { readonly type: string; readonly bytes: Buffer }
}

/** A request on its way to an endpoint. */
export interface Call {
  readonly state: State
  readonly key: string
  readonly parameters: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  readonly path: string
  readonly accept: string
  /** The parsed JSON body; an empty object where there is none. */
  readonly body: Readonly<Record<string, unknown>>
  /** The request itself, for endpoints that take bytes. */
  readonly request: IncomingMessage
  readonly actor: Actor | null
  /** What is to go wrong inside of an endpoint. */
  readonly fault: Fault | null
}

export interface RepositoryCall extends Call {
  readonly repository: RepositoryState
}

export type Endpoint = (call: RepositoryCall) => Answer | Promise<Answer>
export type Endpoints = Readonly<Record<string, Endpoint>>

const documentation = 'https://docs.github.com/rest'

/** An error with GitHub's words; thrown by endpoints and answered by the server. */
export class Refusal extends Error {
  readonly answer: Answer

  constructor(status: number, message: string, extra: Readonly<Record<string, unknown>> = {}) {
    super(message)
    this.answer = { status, body: { message, ...extra, documentation_url: documentation, status: String(status) } }
  }
}

export const notFound = (message = 'Not Found'): Refusal => new Refusal(404, message)

/** A 422 as GitHub forms it: `code` such as already_exists, missing_field, custom. */
export const invalid = (resource: string, code: string, field?: string, message?: string): Refusal =>
  new Refusal(422, message === undefined ? 'Validation Failed' : `Validation Failed: ${message}`, {
    errors: [{ resource, code, ...(field === undefined ? {} : { field }), ...(message === undefined ? {} : { message }) }],
  })

export const forbidden = (): Refusal => new Refusal(403, 'Resource not accessible by integration')

/** Throws unless the caller's token has one of these permissions at this level. Reading a public repository needs no token. */
export const need = (call: RepositoryCall, scopes: readonly (keyof Permissions)[], level: 'read' | 'write'): void => {
  if (call.actor === null) {
    if (level === 'read' && !call.repository.private) return
    if (level === 'read') throw notFound()
    throw new Refusal(401, 'Requires authentication')
  }
  const permissions = call.actor.permissions
  if (level === 'read' && !call.repository.private) return
  if (!scopes.some(scope => permissions[scope] === 'write' || (level === 'read' && permissions[scope] === 'read'))) throw forbidden()
}

export const mayWrite = (call: RepositoryCall, scope: keyof Permissions): boolean => call.actor?.permissions[scope] === 'write'

/** The caller, who is known here since `need(..., 'write')` passed. */
export const author = (call: Call): Actor => {
  if (call.actor === null) throw new Refusal(401, 'Requires authentication')
  return call.actor
}

/** The page of `items` that was asked for, and its Link header. */
export const page = <T>(call: Call, items: readonly T[]): { readonly items: readonly T[]; readonly headers: Record<string, string> } => {
  const asked = (name: string, otherwise: number) => {
    const value = Number(call.query.get(name) ?? otherwise)
    return Number.isInteger(value) && value > 0 ? value : otherwise
  }
  const size = Math.min(asked('per_page', 30), 100, call.state.pageSize)
  const number = asked('page', 1)
  const last = Math.max(1, Math.ceil(items.length / size))
  const link = (to: number, relation: string) => {
    const query = new URLSearchParams(call.query)
    query.set('page', String(to))
    return `<${call.state.apiUrl}${call.path}?${query}>; rel="${relation}"`
  }
  const links = [
    ...(number > 1 ? [link(number - 1, 'prev')] : []),
    ...(number < last ? [link(number + 1, 'next'), link(last, 'last')] : []),
    ...(number > 1 ? [link(1, 'first')] : []),
  ]
  return { items: items.slice((number - 1) * size, number * size), headers: links.length === 0 ? {} : { link: links.join(', ') } }
}

/** A property of the body as text, or undefined. The body was validated before, so another type is null. */
export const text = (body: Readonly<Record<string, unknown>>, name: string): string | undefined =>
  typeof body[name] === 'string' ? body[name] : undefined

export const flag = (body: Readonly<Record<string, unknown>>, name: string): boolean | undefined =>
  typeof body[name] === 'boolean' ? body[name] : undefined

/** The number in the path. */
export const numberOf = (call: Call, name: string): number => {
  const value = Number(call.parameters[name])
  if (!Number.isInteger(value)) throw notFound()
  return value
}
