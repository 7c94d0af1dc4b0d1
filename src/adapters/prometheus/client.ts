import { z } from 'zod'
import { UserError } from '../../core/errors.ts'
import type { HttpClient } from '../../ports/http-client.ts'

/** Where a Prometheus is and how it is asked. */
export interface PrometheusAccess {
  /** Its address without `/api/v1`; a path in front of that is kept. */
  readonly url: string
  /** The whole Authorization header, or null. */
  readonly authorization: string | null
  readonly http: HttpClient
  readonly timeoutSeconds?: number
  /** Bytes of an answer that are read; 16 MiB by default. */
  readonly largestAnswer?: number
}

const mostRows = 50_000

const labels = z.record(z.string(), z.string())
const sample = z.tuple([z.number(), z.string()])
const answer = z.object({
  status: z.enum(['success', 'error']),
  data: z.unknown().optional(),
  errorType: z.string().optional(),
  error: z.string().optional(),
  warnings: z.array(z.string()).nullish(),
  isPartial: z.boolean().nullish(),
})
const vector = z.object({
  resultType: z.literal('vector'),
  result: z.array(z.object({ metric: labels, value: sample.optional(), histogram: z.unknown().optional() })).max(mostRows),
})
const matrix = z.object({
  resultType: z.literal('matrix'),
  result: z.array(z.object({ metric: labels, values: z.array(sample).max(20_000).optional() })).max(mostRows),
})

/** One series at one instant; `histogram` where it is a native histogram, which has no plain value. */
export interface Row {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
  readonly histogram: boolean
}

export interface Range {
  readonly labels: Readonly<Record<string, string>>
  /** Instant and value. */
  readonly samples: readonly (readonly [number, number])[]
}

/** The calls of the HTTP API that are used. Every answer but a whole, successful one without warnings throws a UserError: half an answer is none. */
export interface Prometheus {
  /** Its address, for messages. */
  readonly place: string
  query(query: string, at: number): Promise<readonly Row[]>
  /** The raw samples of a selector with a range, such as `up[2m]`. */
  samples(query: string, at: number): Promise<readonly Range[]>
  range(query: string, from: number, until: number, step: number): Promise<readonly Range[]>
  /** Up to `limit` series that match and had samples in a span of time, or many where the answer was longer than is read. */
  series(match: string, from: number, until: number, limit: number): Promise<readonly Readonly<Record<string, string>>[] | 'many'>
  /** Names of metrics; empty where there are more than are read. */
  metricNames(): Promise<readonly string[]>
}

const rangesOf = ({ result }: z.output<typeof matrix>): readonly Range[] =>
  result.map(({ metric, values = [] }) => ({ labels: metric, samples: values.map(([at, text]) => [at, numberOf(text)] as const) }))

const baseOf = (text: string, where: string): URL => {
  if (!URL.canParse(text) || !/^https?:/.test(text))
    throw new UserError(
      `${where}: ${JSON.stringify(text.slice(0, 200))} is no http or https address; write that of Prometheus, such as https://prometheus.acme.internal`,
    )
  const url = new URL(text)
  if (url.search !== '' || url.hash !== '')
    throw new UserError(`${where}: ${url.origin}${url.pathname} is followed by a query; write the address of Prometheus alone`)
  url.pathname = `${url.pathname.replace(/\/+$/, '').replace(/\/api\/v1$/, '')}/api/v1/`
  return url
}

const clipped = (text: string): string => JSON.stringify(text.slice(0, 200))

/** The value of a sample; Prometheus writes them as texts. */
const numberOf = (text: string): number => {
  if (text === '+Inf' || text === 'Inf') return Number.POSITIVE_INFINITY
  if (text === '-Inf') return Number.NEGATIVE_INFINITY
  return text.trim() === '' ? Number.NaN : Number(text)
}

/**
 * Talks to a Prometheus, or to anything that answers as one. Queries go as forms by POST, so that their length is not limited and no proxy logs them. `where` begins the
 * message where the address is none.
 */
export const prometheus = (access: PrometheusAccess, where: string): Prometheus => {
  const { url, authorization, http, timeoutSeconds = 10, largestAnswer = 16 * 1024 * 1024 } = access
  const base = baseOf(url, where)
  const ask = async (path: string, form: Readonly<Record<string, string>>, warned: 'refused' | 'allowed' = 'refused'): Promise<unknown> => {
    const at = new URL(path, base)
    const place = `${at.origin}${at.pathname}`
    const { status, text, whole } = await http.text({
      url: at,
      ...(path.startsWith('label/') ? {} : { form }),
      headers: { accept: 'application/json', ...(authorization === null ? {} : { authorization }) },
      largest: largestAnswer,
      seconds: timeoutSeconds,
    })
    if (!whole)
      throw new TooLong(
        `${place} answered with more than ${largestAnswer.toLocaleString('en')} bytes: the selector matches too many series`,
      )
    const parsed = answer.safeParse(jsonOf(text))
    if (status !== 200) {
      const said = parsed.success && parsed.data.error !== undefined ? clipped(parsed.data.error) : clipped(text)
      throw new UserError(
        `${place} answered with status ${status}: ${said}${status === 401 || status === 403 ? ' (is token_env or basic_auth_env set to what it asks for?)' : ''}`,
      )
    }
    if (!parsed.success) throw new UserError(`${place} did not answer as Prometheus does: ${clipped(text)}`)
    const { data } = parsed
    if (data.status === 'error') throw new UserError(`${place} answered with an error: ${clipped(data.error ?? data.errorType ?? '')}`)
    if (data.warnings?.length && warned === 'refused')
      throw new UserError(`${place} answered with a warning, so its answer may lack something: ${clipped(data.warnings.join('; '))}`)
    if (data.isPartial) throw new UserError(`${place} says itself that its answer is partial: a store behind it did not answer`)
    return data.data
  }
  const shaped = <T>(shape: z.ZodType<T>, data: unknown, what: string): T => {
    const parsed = shape.safeParse(data)
    if (!parsed.success)
      throw new UserError(
        `${base.origin}${base.pathname}${what} answered with something else than expected: ${clipped(JSON.stringify(data) ?? 'nothing')}`,
      )
    return parsed.data
  }
  const timeout = `${timeoutSeconds}s`

  return {
    place: `${base.origin}${base.pathname}`,
    query: async (query, at) => {
      const { result } = shaped(vector, await ask('query', { query, time: String(at), timeout }), 'query')
      return result.map(({ metric, value, histogram }) => ({
        labels: metric,
        value: value === undefined ? Number.NaN : numberOf(value[1]),
        histogram: histogram !== undefined,
      }))
    },
    samples: async (query, at) => rangesOf(shaped(matrix, await ask('query', { query, time: String(at), timeout }), 'query')),
    range: async (query, from, until, step) => {
      const data = await ask('query_range', { query, start: String(from), end: String(until), step: String(step), timeout })
      return rangesOf(shaped(matrix, data, 'query_range'))
    },
    series: async (match, from, until, limit) => {
      try {
        // That the limit was reached is said as a warning.
        const data = await ask('series', { 'match[]': match, start: String(from), end: String(until), limit: String(limit) }, 'allowed')
        return shaped(z.array(labels), data, 'series').slice(0, limit)
      } catch (error) {
        // Before 2.53 there is no limit, and what is longer than is read exists all the same.
        if (error instanceof TooLong) return 'many'
        throw error
      }
    },
    metricNames: async () => {
      try {
        return shaped(z.array(z.string()), await ask('label/__name__/values', {}), 'label/__name__/values')
      } catch (error) {
        if (error instanceof UserError) return []
        throw error
      }
    },
  }
}

class TooLong extends UserError {}

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
