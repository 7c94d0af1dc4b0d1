import type { Client } from '../../src/adapters/github/client.ts'
import type { RequestOptions } from '../../src/adapters/github/retries.ts'
import type { CallKind } from './faults.ts'
import { simulatedFiles } from './files.ts'
import type { Answer, GitHub } from './github.ts'
import type { Production } from './production.ts'
import { type Manner, NoAnswer, type Process } from './scheduler.ts'

type Parameters = Readonly<Record<string, unknown>>

interface Endpoint {
  readonly method: string
  readonly url: string
  readonly kind: CallKind
  readonly carryOut: (server: GitHub, parameters: Parameters, manner: Manner) => Answer
}

const number = (parameters: Parameters, name: string): number => Number(parameters[name])
const text = (parameters: Parameters, name: string): string => String(parameters[name])

const endpoints = {
  listReleases: { method: 'GET', url: '/releases', kind: 'list', carryOut: (server, _, manner) => server.listReleases(manner) },
  getRelease: { method: 'GET', url: '/releases/{release_id}', kind: 'read', carryOut: (server, p) => server.byId(number(p, 'release_id')) },
  getReleaseByTag: { method: 'GET', url: '/releases/tags/{tag}', kind: 'read', carryOut: (server, p) => server.byTag(text(p, 'tag')) },
  createRelease: {
    method: 'POST',
    url: '/releases',
    kind: 'write',
    carryOut: (server, p) => server.createRelease(p as { tag_name: string; name: string; body: string }),
  },
  updateRelease: {
    method: 'PATCH',
    url: '/releases/{release_id}',
    kind: 'write',
    carryOut: (server, p) => server.updateRelease(number(p, 'release_id'), p),
  },
  deleteRelease: {
    method: 'DELETE',
    url: '/releases/{release_id}',
    kind: 'write',
    carryOut: (server, p) => server.deleteRelease(number(p, 'release_id')),
  },
  listReleaseAssets: {
    method: 'GET',
    url: '/releases/{release_id}/assets',
    kind: 'read',
    carryOut: (server, p) => server.listAssets(number(p, 'release_id')),
  },
  deleteReleaseAsset: {
    method: 'DELETE',
    url: '/releases/assets/{asset_id}',
    kind: 'write',
    carryOut: (server, p) => server.deleteAsset(number(p, 'asset_id')),
  },
  getRef: { method: 'GET', url: '/git/ref/{ref}', kind: 'read', carryOut: (server, p) => server.ref(text(p, 'ref')) },
  getAuthenticated: {
    method: 'GET',
    url: '/user',
    kind: 'read',
    carryOut: () => ({ status: 403, data: { message: 'Resource not accessible by integration' } }),
  },
  listComments: {
    method: 'GET',
    url: '/issues/{issue_number}/comments',
    kind: 'list',
    carryOut: (server, p, manner) => server.listComments(number(p, 'issue_number'), manner),
  },
  createComment: {
    method: 'POST',
    url: '/issues/{issue_number}/comments',
    kind: 'write',
    carryOut: (server, p) => server.createComment(number(p, 'issue_number'), text(p, 'body')),
  },
  updateComment: {
    method: 'PATCH',
    url: '/issues/comments/{comment_id}',
    kind: 'write',
    carryOut: (server, p) => server.updateComment(number(p, 'comment_id'), text(p, 'body')),
  },
  deleteComment: {
    method: 'DELETE',
    url: '/issues/comments/{comment_id}',
    kind: 'write',
    carryOut: (server, p) => server.deleteComment(number(p, 'comment_id')),
  },
} as const satisfies Record<string, Endpoint>

const filled = (url: string, parameters: Parameters): string => url.replace(/\{(\w+)\}/g, (_, name) => text(parameters, name))

/**
 * The part of octokit that the adapters use, over GitHub in memory, behind our own policy of retries. `uploads` tells what lies under the name of an asset on this
 * runner's disk: the request itself carries a stream from a file.
 */
export const memoryClient = (production: Production, server: GitHub, process: Process, uploads: ReadonlyMap<string, string>): Client => {
  const policy = production.retryPolicy(
    process.clock,
    options => `${options.method} ${options.url}`,
    () => {},
  )

  const send = async (options: RequestOptions, kind: CallKind, carryOut: (manner: Manner) => Answer) => {
    let answer: Answer
    try {
      answer = await process.call(kind, `${options.method} ${options.url}`, carryOut)
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error
      // Either the connection broke or somebody in between answered for GitHub.
      if (process.random() < 0.5) throw new Error('other side closed')
      answer = { status: 502, data: { message: 'Bad Gateway' } }
    }
    const whole = { ...answer, headers: {}, url: options.url }
    if (answer.status >= 400) throw Object.assign(new Error('HttpError'), { status: answer.status, response: whole })
    return whole
  }

  const call =
    (endpoint: Endpoint) =>
    (parameters: Parameters = {}) =>
      policy(options => send(options, endpoint.kind, manner => endpoint.carryOut(server, parameters, manner)), {
        method: endpoint.method,
        url: filled(endpoint.url, parameters),
      })

  const api = Object.fromEntries(Object.entries(endpoints).map(([name, endpoint]) => [name, call(endpoint)])) as Record<
    keyof typeof endpoints,
    ReturnType<typeof call>
  >
  type Method = ReturnType<typeof call>

  const upload = (parameters: Parameters) => {
    const release = Number(/uploads\.test\/(\d+)/.exec(text(parameters, 'url'))?.[1])
    const name = text(parameters, 'name')
    const path = uploads.get(name)
    const content = path === undefined ? undefined : simulatedFiles.get(path)
    if (content === undefined) throw new Error(`the simulator knows no file for the asset ${name}`)
    const manners = { whole: 'whole', lagging: 'whole', damaged: process.random() < 0.5 ? 'changed' : 'broken' } as const
    return policy(options => send(options, 'upload', manner => server.upload(release, name, content, manners[manner])), {
      method: 'POST',
      url: `/uploads/${release}?name=${name}`,
    })
  }

  const paginate = Object.assign(async (method: Method, parameters: Parameters) => (await method(parameters)).data, {
    iterator: async function* (method: Method, parameters: Parameters) {
      yield await method(parameters)
    },
  })

  const request = Object.assign(upload, { endpoint: { DEFAULTS: { baseUrl: 'https://api.github.test' } } })
  return { repos: api, git: api, issues: api, users: api, paginate, request } as unknown as Client
}
