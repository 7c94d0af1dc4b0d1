import { UserError } from '../../core/errors.ts'
import type { HttpClient, HttpRequest } from '../../ports/http-client.ts'

/** Where a request goes, without query and credentials, which may hold secrets. */
export const placeOf = (url: URL): string => `${url.protocol}//${url.host}${url.pathname}`

const causeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return 'no answer in time'
  return error.cause instanceof Error
    ? error.cause.message || ('code' in error.cause ? String(error.cause.code) : error.message)
    : error.message
}

const unanswered = (url: URL, error: unknown): UserError =>
  error instanceof UserError ? error : new UserError(`${placeOf(url)} did not answer: ${causeOf(error)}`, { cause: error })

const send = async ({ url, form, headers, seconds }: HttpRequest): Promise<Response> => {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new UserError(`${placeOf(url)} is no http or https address`)
  if (url.username !== '' || url.password !== '')
    throw new UserError(`${placeOf(url)}: credentials do not belong in a URL; name the variable that holds a token in token_env`)
  return fetch(url, {
    method: form === undefined ? 'GET' : 'POST',
    ...(form === undefined ? {} : { body: new URLSearchParams(form) }),
    headers: { ...headers },
    redirect: 'error',
    signal: AbortSignal.timeout(seconds * 1000),
  })
}

async function* bounded(response: Response, request: HttpRequest): AsyncGenerator<Uint8Array> {
  let bytes = 0
  try {
    for await (const part of response.body ?? []) {
      bytes += part.byteLength
      if (bytes > request.largest)
        throw new UserError(`${placeOf(request.url)} answered with more than ${request.largest.toLocaleString('en')} bytes`)
      yield part
    }
  } catch (error) {
    throw unanswered(request.url, error)
  }
}

/** HTTP by the platform's own `fetch`; further authorities are trusted through NODE_EXTRA_CA_CERTS. */
export const httpClient: HttpClient = {
  text: async request => {
    try {
      const response = await send(request)
      const parts: Uint8Array[] = []
      let bytes = 0
      let whole = true
      for await (const part of response.body ?? []) {
        if (bytes + part.byteLength > request.largest) {
          parts.push(part.subarray(0, request.largest - bytes))
          whole = false
          break
        }
        bytes += part.byteLength
        parts.push(part)
      }
      return { status: response.status, text: Buffer.concat(parts).toString('utf8'), whole }
    } catch (error) {
      throw unanswered(request.url, error)
    }
  },
  stream: async request => {
    try {
      const response = await send(request)
      return { status: response.status, pieces: bounded(response, request) }
    } catch (error) {
      throw unanswered(request.url, error)
    }
  },
}
