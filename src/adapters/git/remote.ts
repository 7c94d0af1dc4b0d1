import { isAbsolute, resolve } from 'node:path'
import { UserError } from '../../core/errors.ts'
import { runGit, singleLine } from './command.ts'

/** A remote that may be shown and passed as an argument, and the variables that carry its credentials. */
export interface LedgerRemote {
  readonly remote: string
  readonly environment: Readonly<Record<string, string>>
}

/** `GIT_CONFIG_*` variables that send a basic authorization to one server and to no other; the empty value first drops headers set elsewhere. */
const authorization = (origin: string, user: string, password: string): Record<string, string> => {
  const key = `http.${origin}/.extraheader`
  const header = `AUTHORIZATION: basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`
  return { GIT_CONFIG_COUNT: '2', GIT_CONFIG_KEY_0: key, GIT_CONFIG_VALUE_0: '', GIT_CONFIG_KEY_1: key, GIT_CONFIG_VALUE_1: header }
}

const refuse = (from: string): never => {
  throw new UserError(`${from} is no remote that a ledger can be kept in: expected a folder, file://..., http(s)://... or git@host:path.`)
}

/** Takes credentials out of a remote's URL, and adds the token where the remote is on the server that the token belongs to. */
const prepared = (from: string, text: string, workspace: string, serverUrl: string, token: string | null): LedgerRemote => {
  if (text === '' || text.startsWith('-') || singleLine(text, 2000) !== text) return refuse(from)
  if (/^https?:\/\//i.test(text)) {
    if (!URL.canParse(text)) return refuse(from)
    const url = new URL(text)
    const { username, password } = url
    url.username = ''
    url.password = ''
    const trusted = URL.canParse(serverUrl) && new URL(serverUrl).origin === url.origin
    if (trusted && token !== null && token !== '')
      return { remote: url.href, environment: authorization(url.origin, 'x-access-token', token) }
    const own = username !== '' || password !== ''
    return {
      remote: url.href,
      environment: own ? authorization(url.origin, decodeURIComponent(username), decodeURIComponent(password)) : {},
    }
  }
  if (/^(file|ssh):\/\//i.test(text)) return { remote: text, environment: {} }
  if (/^[A-Za-z0-9_.-]+@[A-Za-z0-9.-]+:(?!\/\/)/.test(text)) return { remote: text, environment: {} }
  if (/^[A-Za-z0-9+.-]+:/.test(text)) return refuse(from)
  return { remote: isAbsolute(text) ? text : resolve(workspace, text), environment: {} }
}

const isSsh = (text: string): boolean => /^ssh:\/\//i.test(text) || /^[A-Za-z0-9_.-]+@[A-Za-z0-9.-]+:/.test(text)

const originOf = async (workspace: string): Promise<string | null> => {
  const asked = await runGit(['-c', `safe.directory=${workspace}`, 'config', '--get', 'remote.origin.url'], {
    folder: workspace,
    timeout: 10_000,
  })
  const url = asked.stdout.toString('utf8').trim()
  return asked.code === 0 && url !== '' ? url : null
}

/**
 * Where the ledger is kept: the input `override` where it is given, else the checkout's `origin`, else the workflow's own repository. An `origin` by SSH gives
 * way to the workflow's repository where there is a token, since a runner has no key. The token goes to the host of `serverUrl` and nowhere else, by
 * environment; credentials inside a URL are moved there too, so that `remote` may be shown. Throws a UserError where there is none.
 */
export const ledgerRemote = async (settings: {
  readonly workspace: string
  readonly serverUrl: string
  readonly repository: { readonly owner: string; readonly name: string } | null
  readonly token: string | null
  readonly override: string | null
  /** What `override` is called where it was given; `the input ledger` by default. */
  readonly overrideName?: string
}): Promise<LedgerRemote> => {
  const { workspace, serverUrl, repository, token, override, overrideName = 'the input ledger' } = settings
  if (override !== null && override !== '')
    return prepared(`${overrideName.charAt(0).toUpperCase()}${overrideName.slice(1)}`, override, workspace, serverUrl, token)
  const origin = await originOf(workspace)
  const server = repository === null ? null : `${serverUrl.replace(/\/+$/, '')}/${repository.owner}/${repository.name}.git`
  if (origin !== null && !(isSsh(origin) && server !== null && token))
    return prepared("The checkout's origin", origin, workspace, serverUrl, token)
  if (server !== null) return prepared("The workflow's repository", server, workspace, serverUrl, token)
  throw new UserError(
    `There is nowhere to keep the ledger: the workspace is no checkout with an origin, and no repository is known. Check out the repository, or give ${overrideName} a folder or URL.`,
  )
}
