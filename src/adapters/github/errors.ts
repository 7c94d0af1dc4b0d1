import { UserError } from '../../core/errors.ts'

/**
 * GitHub refused a request or did not answer it. `status` is the HTTP status, 0 where there was no answer. It is a UserError since what mends it
 * (a permission, a token, waiting) is in the user's hands.
 */
export class GitHubError extends UserError {
  readonly status: number
  /** `errors[].code` of the answer, such as `already_exists`. */
  readonly codes: readonly string[]

  constructor(message: string, status: number, codes: readonly string[], cause: unknown) {
    super(message, { cause })
    this.name = 'GitHubError'
    this.status = status
    this.codes = codes
  }

  /** True where the request may have had its effect although it failed: look before doing it again. */
  get uncertain(): boolean {
    return this.status === 0 || this.status === 408 || this.status >= 500
  }
}

/** The HTTP status of an error that came from GitHub, or null for any other error. */
export const statusOf = (error: unknown): number | null => (error instanceof GitHubError ? error.status : null)

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | number | undefined>>
  readonly data: unknown
}

/** The answer behind what octokit threw; null where there was none. */
export const answerOf = (error: unknown): Answer | null => {
  if (typeof error !== 'object' || error === null || !('response' in error)) return null
  const { response } = error
  if (typeof response !== 'object' || response === null || !('status' in response) || !('headers' in response)) return null
  return response as Answer
}

/** One printable line of text from a server, cut short. */
const said = (text: unknown): string => {
  if (typeof text !== 'string') return ''
  const line = text
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
    .slice(0, 300)
  return line === '' ? '' : ` ("${line}")`
}

const field = (data: unknown, name: string): unknown =>
  typeof data === 'object' && data !== null ? (data as Record<string, unknown>)[name] : undefined

const codesOf = (data: unknown): readonly string[] => {
  const errors = field(data, 'errors')
  if (!Array.isArray(errors)) return []
  return errors.flatMap(entry => {
    const code = field(entry, 'code')
    return typeof code === 'string' ? [code] : []
  })
}

const permissionNeeded = (answer: Answer): string => {
  const accepted = answer.headers['x-accepted-github-permissions']
  if (typeof accepted !== 'string' || accepted === '') return 'give the job the permission under `permissions:`'
  const words = accepted
    .split(/[;,]/)
    .map(part => part.trim().replace(/_/g, '-').replace('=', ': '))
    .filter(part => /^[a-z-]+: [a-z]+$/.test(part))
  return words.length === 0
    ? 'give the job the permission under `permissions:`'
    : `the job needs \`${words.join('` or `')}\` under \`permissions:\``
}

/** Says what a failed request means and what to do about it. `doing` is method and path without the query. */
export const explain = (error: unknown, doing: string, tries: number): GitHubError => {
  const answer = answerOf(error)
  const message = said(answer === null ? (error as Error | null)?.message : field(answer.data, 'message'))
  const often = tries > 1 ? ` ${tries} times` : ''
  const make = (text: string) => new GitHubError(text, answer?.status ?? 0, answer === null ? [] : codesOf(answer.data), error)
  if (answer === null)
    return make(
      `GitHub did not answer ${doing}${often}${message}. Check the network and GITHUB_API_URL, then run again: nothing is done twice.`,
    )
  const { status } = answer
  if (status === 401)
    return make(
      `GitHub does not accept the token for ${doing}${message}. Pass a valid one in the input \`token\`; tokens of a job end with it, and after 24 hours.`,
    )
  if (limited(answer))
    return make(
      `GitHub's rate limit is used up for ${doing}${message}, and it asks for a longer wait than is sensible. Run again later: nothing is done twice.`,
    )
  if (status === 403) return make(`the token may not ${doing}${message}: ${permissionNeeded(answer)}.`)
  if (status === 404)
    return make(`GitHub knows nothing at ${doing}${message}: it does not exist, or the token may not see it (${permissionNeeded(answer)}).`)
  if (status >= 500) return make(`GitHub answered ${doing} with ${status}${often}${message}. Run again later: nothing is done twice.`)
  return make(`GitHub refused ${doing} with ${status}${message}.`)
}

/** True where GitHub turned a request away because of a rate limit, primary or secondary: then nothing was done. */
export const limited = (answer: Answer): boolean => {
  if (answer.status === 429) return true
  if (answer.status !== 403) return false
  if (answer.headers['retry-after'] !== undefined || answer.headers['x-ratelimit-remaining'] === '0') return true
  return /secondary rate|rate limit exceeded/i.test(String(field(answer.data, 'message') ?? ''))
}
