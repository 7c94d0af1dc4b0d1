import { z } from 'zod'
import { UserError } from '../../core/errors.ts'
import type { Slot } from '../../core/lineage/events.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Reading, Signal } from '../../ports/signals.ts'

export interface HttpSignalSettings {
  readonly name: string
  /** With `${slot}` in it. */
  readonly url: string
  readonly token: string | null
  readonly clock: Clock
  readonly timeoutSeconds?: number
}

const largestAnswer = 65_536

const answer = z
  .object({ total: z.int().min(0), bad: z.int().min(0) })
  .refine(({ total, bad }) => bad <= total, { message: 'bad is greater than total' })

/** Where a request went, without query and credentials, which may hold secrets. */
const place = (url: URL): string => `${url.protocol}//${url.host}${url.pathname}`

const causeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return 'no answer in time'
  return error.cause instanceof Error
    ? error.cause.message || ('code' in error.cause ? String(error.cause.code) : error.message)
    : error.message
}

const textOf = async (response: Response): Promise<string> => {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of response.body ?? []) {
    bytes += part.byteLength
    if (bytes > largestAnswer) throw new Error(`an answer of more than ${largestAnswer} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

/**
 * A signal counted by the service itself: GET of a URL answers `{"total": n, "bad": n}` since its counters began. Anything else (another status, another
 * shape, a redirect, silence) throws a UserError that says what came: an unanswered query is never zero requests.
 */
export const httpSignal = (settings: HttpSignalSettings): Signal => {
  const { name, clock } = settings
  if (!settings.url.includes('${slot}'))
    throw new UserError(
      `signal ${name}: its url lacks \${slot}, so both arms would be counted as one; write it where blue or green belongs`,
    )

  const readSlot = async (slot: Slot) => {
    const filled = settings.url.replaceAll('${slot}', slot)
    if (!URL.canParse(filled)) throw new UserError(`signal ${name}: its url is not a URL once \${slot} is filled in`)
    const url = new URL(filled)
    if (url.username !== '' || url.password !== '')
      throw new UserError(`signal ${name}: credentials do not belong in a URL; name the variable that holds a token in token_env`)
    const refuse = (what: string, cause?: unknown): never => {
      throw new UserError(`signal ${name}: ${place(url)} ${what}`, cause === undefined ? {} : { cause })
    }
    let text: string
    try {
      const response = await fetch(url, {
        headers: { accept: 'application/json', ...(settings.token === null ? {} : { authorization: `Bearer ${settings.token}` }) },
        redirect: 'error',
        signal: AbortSignal.timeout((settings.timeoutSeconds ?? 10) * 1000),
      })
      text = await textOf(response)
      if (response.status !== 200) return refuse(`answered with status ${response.status}: ${JSON.stringify(text.slice(0, 120))}`)
    } catch (error) {
      if (error instanceof UserError) throw error
      return refuse(`did not answer: ${causeOf(error)}`, error)
    }
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch (cause) {
      return refuse(`did not answer with JSON: ${JSON.stringify(text.slice(0, 120))}`, cause)
    }
    const parsed = answer.safeParse(value)
    if (!parsed.success)
      return refuse(
        `answered ${JSON.stringify(text.slice(0, 120))}, expected {"total": n, "bad": n} (${parsed.error.issues[0]?.message ?? 'malformed'})`,
      )
    return parsed.data
  }

  const read = async (): Promise<Reading> => {
    const [blue, green] = await Promise.all([readSlot('blue'), readSlot('green')])
    return { at: clock.now() / 1000, slots: { blue, green } }
  }
  return { name, check: async () => void (await read()), read }
}
