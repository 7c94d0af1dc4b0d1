import { type IncomingMessage, request as plainRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { UserError } from '../../core/errors.ts'
import { parseTold, type Told } from './weights-file.ts'

const largestAnswer = 4096

/** Where a request goes, without query and credentials, which may hold secrets. */
const placeOf = (url: URL): string => `${url.protocol}//${url.host}${url.pathname}`

/** A URL of refline.yml for http or https. Throws a UserError that begins with `what`. */
export const urlOf = (text: string, what: string): URL => {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    throw new UserError(`${what} is no URL of http or https without credentials`)
  return url
}

/**
 * GET over a connection of its own, so that whichever worker accepts connections now is asked and none that is only finishing old ones. Throws a UserError
 * where there is no answer within the time.
 */
const answerOf = (url: URL, seconds: number, what: string): Promise<{ readonly status: number; readonly text: string }> =>
  new Promise((resolve, reject) => {
    const refuse = (why: string, cause?: unknown) => {
      asked.destroy()
      reject(new UserError(`${what} at ${placeOf(url)} ${why}`, cause === undefined ? {} : { cause }))
    }
    const asked = (url.protocol === 'https:' ? tlsRequest : plainRequest)(url, { agent: false, headers: { connection: 'close' } })
    const timer = setTimeout(() => refuse(`did not answer within ${seconds} s`), seconds * 1000)
    asked.on('response', (response: IncomingMessage) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => {
        text = (text + part).slice(0, largestAnswer)
      })
      response.on('end', () => {
        clearTimeout(timer)
        resolve({ status: response.statusCode ?? 0, text })
      })
      response.on('error', error => {
        clearTimeout(timer)
        refuse(`broke off: ${error.message}`, error)
      })
    })
    asked.on('error', error => {
      clearTimeout(timer)
      refuse(`does not answer: ${error.message}`, error)
    })
    asked.end()
  })

/** What a worker of nginx serves by, as its status location says. Throws a UserError where it says nothing of the kind. */
export const readServed = async (url: URL, seconds: number): Promise<Told> => {
  const { status, text } = await answerOf(url, seconds, 'nginx')
  const told = status === 200 ? parseTold(text) : null
  if (told === null)
    throw new UserError(
      `nginx at ${placeOf(url)} answers ${status} ${JSON.stringify(text.slice(0, 80))} where \`refline seq=...\` was expected: its location must return the variable that ends in _told (docs/targets.md)`,
    )
  return told
}

/** Null where a model server answers with 2xx, else why it is not ready. */
export const whyUnready = async (url: URL, seconds: number): Promise<string | null> => {
  try {
    const { status } = await answerOf(url, seconds, 'the server')
    return status >= 200 && status < 300 ? null : `the server at ${placeOf(url)} answers with status ${status}`
  } catch (error) {
    if (error instanceof UserError) return error.message
    throw error
  }
}
