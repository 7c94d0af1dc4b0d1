import { answerOf, explain, limited } from './errors.ts'

/** What the retry policy needs from the world. */
export interface Waiting {
  now(): number
  sleep(milliseconds: number): Promise<void>
}

/** A request as octokit's hooks pass it on, as far as the policy looks at it. */
export interface RequestOptions {
  readonly method: string
  readonly url: string
  readonly data?: unknown
  readonly body?: unknown
  request?:
    | {
        signal?: AbortSignal
        /** Milliseconds for each try, its body included; a minute by default. */
        timeLimit?: number
      }
    | undefined
}

const tries = 4
const totalWaitMilliseconds = 300_000
const answerWithinMilliseconds = 60_000
/** GitHub allows 80 new things a minute: this many at once, then one a second. */
const burst = 20

/** Seconds that the answer asks to wait, by GitHub's rules: retry-after, else the reset of an empty budget, else null. */
const askedSeconds = (headers: Readonly<Record<string, string | number | undefined>>, now: number): number | null => {
  const after = headers['retry-after']
  if (after !== undefined) {
    // Only what has the form of a date is read as one: V8 takes "-1" for a day in 2001.
    const seconds = /^\d+$/.test(String(after))
      ? Number(after)
      : /GMT$/.test(String(after))
        ? (Date.parse(String(after)) - now) / 1000
        : Number.NaN
    if (Number.isFinite(seconds)) return Math.max(seconds, 1)
  }
  const reset = Number(headers['x-ratelimit-reset'])
  if (headers['x-ratelimit-remaining'] === '0' && Number.isFinite(reset)) return Math.max(reset - now / 1000 + 1, 0)
  return null
}

const isPlainData = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  typeof value === 'string' ||
  ArrayBuffer.isView(value) ||
  (typeof value === 'object' && [Object.prototype, Array.prototype, null].includes(Object.getPrototypeOf(value)))

/**
 * The answer, if it came whole and from GitHub: octokit hands on a JSON body that was cut off as a text, and so it does a page that some proxy made. A list that looks
 * empty is worse than none.
 */
const whole = <T>(answer: T): T => {
  const { data, headers } = answer as { data?: unknown; headers?: Record<string, unknown> }
  if (typeof data === 'string' && /^application\/json/.test(String(headers?.['content-type']))) throw new Error('the answer was cut off')
  if (typeof data === 'string' && /^text\/html/.test(String(headers?.['content-type']))) throw new Error('the answer is a page and no data')
  return answer
}

/**
 * Retries by DESIGN section 3. What changes nothing when done again (all but POST) is tried 4 times. POST is tried again only where GitHub turned it
 * away by a rate limit, so that it certainly had no effect. All waits of one client together are at most 5 minutes. Every try has its own
 * time limit (`request.timeLimit`) unless the caller set a signal. `doing` names a request for people. Throws GitHubError.
 */
export const retryPolicy = (waiting: Waiting, doing: (options: RequestOptions) => string, onWait: (line: string) => void) => {
  let waited = 0
  let created = 0
  let turn: Promise<void> = Promise.resolve()

  const pace = async (options: RequestOptions): Promise<void> => {
    if (options.method !== 'POST') return
    created += 1
    if (created <= burst) return
    turn = turn.then(() => waiting.sleep(1000))
    await turn
  }

  /** Milliseconds to wait before the next try; null where there is to be none. */
  const pause = (error: unknown, options: RequestOptions, attempt: number): number | null => {
    const answer = answerOf(error)
    const turnedAway = answer !== null && limited(answer)
    const transient = answer === null || answer.status >= 500 || answer.status === 408
    const repeatable = turnedAway || (transient && options.method !== 'POST')
    if (!repeatable || attempt >= tries || !isPlainData(options.data ?? options.body)) return null
    const asked = answer === null ? null : askedSeconds(answer.headers, waiting.now())
    const milliseconds = 1000 * (asked ?? (turnedAway ? 60 : 2 ** attempt / 2))
    return waited + milliseconds > totalWaitMilliseconds ? null : milliseconds
  }

  return async <T>(request: (options: RequestOptions) => T | Promise<T>, options: RequestOptions): Promise<T> => {
    await pace(options)
    const ownSignal = options.request?.signal
    for (let attempt = 1; ; attempt += 1) {
      try {
        const signal = ownSignal ?? AbortSignal.timeout(options.request?.timeLimit ?? answerWithinMilliseconds)
        return whole(await request({ ...options, request: { ...options.request, signal } }))
      } catch (error) {
        const milliseconds = ownSignal?.aborted ? null : pause(error, options, attempt)
        if (milliseconds === null) throw explain(error, doing(options), attempt)
        waited += milliseconds
        if (milliseconds >= 5000) onWait(`GitHub asks to wait: trying ${doing(options)} again in ${Math.ceil(milliseconds / 1000)} s`)
        await waiting.sleep(milliseconds)
      }
    }
  }
}
