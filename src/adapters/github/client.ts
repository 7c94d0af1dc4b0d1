import { setTimeout as sleep } from 'node:timers/promises'
import { Octokit } from '@octokit/rest'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/report.ts'
import { type RequestOptions, retryPolicy } from './retries.ts'

/** GitHub's REST interface with our policy of retries, waits and errors: whatever it throws is a GitHubError, which is a UserError. */
export type Client = Octokit

/** Owner and name of a repository on GitHub. */
export interface Repository {
  readonly owner: string
  readonly name: string
}

const systemClock: Clock = { now: () => Date.now(), sleep: milliseconds => sleep(milliseconds) }
const silent = (): void => {}

/**
 * A client for the API at `apiUrl` (GITHUB_API_URL). Requests are tried again as DESIGN section 3 says: POST never blindly, all others at most 4
 * times, waits as GitHub asks and 5 minutes in all. A caller that needs more than a minute for one request (an upload) passes `request: { timeLimit }` in milliseconds.
 */
export const githubClient = (options: {
  readonly token: string
  readonly apiUrl: string
  readonly log?: Log
  readonly clock?: Clock
}): Client => {
  const warning = (line: string): void => options.log?.warning(line)
  const client = new Octokit({
    auth: options.token,
    baseUrl: options.apiUrl.replace(/\/+$/, ''),
    userAgent: 'refline',
    log: { debug: silent, info: silent, warn: warning, error: silent },
  })
  client.hook.before('request', request => {
    request.headers['x-github-api-version'] = '2022-11-28'
  })
  const doing = (parameters: RequestOptions): string => {
    const { method, url } = client.request.endpoint.parse(parameters as Parameters<typeof client.request.endpoint.parse>[0])
    return `${method} ${new URL(url).pathname}`
  }
  const policy = retryPolicy(options.clock ?? systemClock, doing, line => options.log?.info(line))
  client.hook.wrap('request', (request, parameters) =>
    policy(request as (options: RequestOptions) => ReturnType<typeof request>, parameters as RequestOptions),
  )
  return client
}
