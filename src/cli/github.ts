import { type Client, githubClient, type Repository } from '../adapters/github/client.ts'
import { githubReleases } from '../adapters/github/releases.ts'
import { runnerContext } from '../adapters/runner/context.ts'
import { jobLog } from '../adapters/runner/log.ts'
import { UserError } from '../core/errors.ts'
import type { ModelStore } from '../ports/model-store.ts'

/**
 * Owner and name of the repository that a remote is on a server: `https://github.com/acme/churn.git`, `git@github.com:acme/churn`, `ssh://git@github.com/acme/churn`.
 * Null for folders and for other servers.
 */
export const repositoryOf = (remote: string, serverUrl: string): Repository | null => {
  const server = URL.canParse(serverUrl) ? new URL(serverUrl) : null
  const scp = /^[^@/:]+@([^:/]+):(?!\/)(.+)$/.exec(remote)
  const url = scp === null && /^(https?|ssh):\/\//i.test(remote) && URL.canParse(remote) ? new URL(remote) : null
  const overHttp = url?.protocol === 'http:' || url?.protocol === 'https:'
  const [on, path] = scp === null ? [overHttp ? url.host : url?.hostname, url?.pathname] : [scp[1], scp[2]]
  const [, owner, name] = /^\/?([A-Za-z0-9_.-]+)\/([A-Za-z0-9_.-]+?)(?:\.git)?\/?$/.exec(path ?? '') ?? []
  return server !== null && on === (overHttp ? server.host : server.hostname) && owner !== undefined && name !== undefined
    ? { owner, name }
    : null
}

/** Address of the API of a server, where the environment does not say it: that of an Enterprise server lies below `/api/v3`. */
const apiOf = (env: Readonly<Record<string, string | undefined>>, serverUrl: string): string =>
  (env.GITHUB_API_URL || (serverUrl === 'https://github.com' ? 'https://api.github.com' : `${serverUrl}/api/v3`)).replace(/\/+$/, '')

/**
 * What is reached through GitHub's API: the repository that the remote is, else the one that the environment names, as a runner does. Throws a UserError where there is
 * none, or where the environment has no token.
 */
export const onGitHub = (
  env: Readonly<Record<string, string | undefined>>,
  serverUrl: string,
  remote: string,
): { readonly client: Client; readonly repository: Repository } => {
  const repository = repositoryOf(remote, serverUrl) ?? runnerContext({ ...env, GITHUB_EVENT_PATH: undefined }).repository
  if (repository === null)
    throw new UserError(
      `the files of versions are in releases of a repository on ${serverUrl}, and ${remote} is none: name one with --ledger`,
    )
  const token = env.GITHUB_TOKEN || env.GH_TOKEN || ''
  if (token === '')
    throw new UserError(
      'this reads releases through the API of GitHub, which needs a token: set GH_TOKEN, for one by export GH_TOKEN=$(gh auth token)',
    )
  return {
    client: githubClient({ token, apiUrl: apiOf(env, serverUrl), log: jobLog({}, line => void process.stderr.write(line)) }),
    repository,
  }
}

/** The releases that hold the files of versions. */
export const storeOn = (...where: Parameters<typeof onGitHub>): ModelStore => {
  const { client, repository } = onGitHub(...where)
  return githubReleases(client, repository)
}
