import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { text } from 'node:stream/consumers'
import type { ApiServer } from './api-server.ts'
import type { Json, JsonObject } from './json-patch.ts'

/** The hands of somebody else at the API server, with all rights and without kubectl. */
export interface Administrator {
  get(path: string): Promise<JsonObject>
  create(path: string, object: Json): Promise<JsonObject>
  /** `manager` is noted as who changed the fields. */
  jsonPatch(path: string, operations: Json, manager?: string): Promise<JsonObject>
  mergePatch(path: string, patch: Json, manager?: string): Promise<JsonObject>
  remove(path: string): Promise<JsonObject>
}

/** Throws where the server does not answer with success, with its status and answer. */
export const administratorOf = ({ url, certificate }: ApiServer): Administrator => {
  const send = (method: string, path: string, body?: Json, type = 'application/json'): Promise<JsonObject> =>
    new Promise((resolve, reject) => {
      const headers = { authorization: 'Bearer admin', accept: 'application/json', ...(body === undefined ? {} : { 'content-type': type }) }
      const target = new URL(path, url)
      const options = { method, headers, timeout: 20_000 }
      const request = certificate === null ? httpRequest(target, options) : httpsRequest(target, { ...options, ca: certificate })
      request.on('response', response => {
        text(response).then(answer => {
          if ((response.statusCode ?? 500) >= 300) return reject(new Error(`${method} ${path}: ${response.statusCode} ${answer}`))
          resolve(JSON.parse(answer) as JsonObject)
        }, reject)
      })
      request.on('timeout', () => request.destroy(new Error(`${method} ${path} was not answered in time`)))
      request.on('error', reject)
      request.end(body === undefined ? undefined : JSON.stringify(body))
    })
  const managed = (path: string, manager: string) => `${path}?fieldManager=${encodeURIComponent(manager)}`
  return {
    get: path => send('GET', path),
    create: (path, object) => send('POST', path, object),
    jsonPatch: (path, operations, manager = 'kubectl-edit') =>
      send('PATCH', managed(path, manager), operations, 'application/json-patch+json'),
    mergePatch: (path, patch, manager = 'kubectl-edit') => send('PATCH', managed(path, manager), patch, 'application/merge-patch+json'),
    remove: path => send('DELETE', path),
  }
}
