import { Buffer } from 'node:buffer'
import type { Actor, RepositoryState, State } from './state.ts'

/** An opaque id as GitHub's GraphQL side writes it. */
export const nodeId = (kind: string, id: number | string): string => Buffer.from(`${kind}:${id}`).toString('base64')

/** A number for a login that is the same every time. */
const userId = (login: string): number => [...login].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 1_000_003, 7)

const links = (base: string, names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map(name => [`${name}_url`, `${base}/${name}`]))

export const userShape = (state: State, actor: Pick<Actor, 'login' | 'type'>) => {
  const url = `${state.apiUrl}/users/${encodeURIComponent(actor.login)}`
  return {
    login: actor.login,
    id: userId(actor.login),
    node_id: nodeId('User', actor.login),
    gravatar_id: '',
    url,
    html_url: `${state.url}/${encodeURIComponent(actor.login)}`,
    ...links(url, [
      'avatar',
      'followers',
      'following',
      'gists',
      'starred',
      'subscriptions',
      'organizations',
      'repos',
      'events',
      'received_events',
    ]),
    type: actor.type,
    site_admin: false,
  }
}

export const repositoryUrl = (state: State, repository: RepositoryState): string =>
  `${state.apiUrl}/repos/${repository.owner}/${repository.name}`
export const repositoryPage = (state: State, repository: RepositoryState): string => `${state.url}/${repository.owner}/${repository.name}`

const described = [
  'archive assignees blobs branches collaborators comments commits compare contents contributors deployments downloads events forks git_commits git_refs',
  'git_tags hooks issue_comment issue_events issues keys labels languages merges milestones notifications pulls releases stargazers statuses',
  'subscribers subscription tags teams trees',
]
  .join(' ')
  .split(' ')

export const repositoryShape = (state: State, repository: RepositoryState) => {
  const url = repositoryUrl(state, repository)
  const html = repositoryPage(state, repository)
  const date = '2026-01-01T00:00:00Z'
  const zero = ['forks', 'forks_count', 'open_issues', 'open_issues_count', 'size', 'stargazers_count', 'watchers', 'watchers_count']
  return {
    id: repository.id,
    node_id: nodeId('Repository', repository.id),
    name: repository.name,
    full_name: `${repository.owner}/${repository.name}`,
    owner: userShape(state, { login: repository.owner, type: 'User' }),
    private: repository.private,
    visibility: repository.private ? 'private' : 'public',
    html_url: html,
    description: null,
    fork: false,
    url,
    ...links(url, described),
    clone_url: `${html}.git`,
    git_url: `${html}.git`,
    ssh_url: `${html}.git`,
    svn_url: html,
    mirror_url: null,
    homepage: null,
    language: null,
    license: null,
    default_branch: 'main',
    ...Object.fromEntries(zero.map(name => [name, 0])),
    has_issues: true,
    has_projects: false,
    has_wiki: false,
    has_pages: false,
    has_discussions: false,
    has_downloads: false,
    archived: false,
    disabled: false,
    pushed_at: date,
    created_at: date,
    updated_at: date,
    network_count: 0,
    subscribers_count: 0,
  }
}
