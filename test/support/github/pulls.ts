import { type Endpoints, need, notFound, numberOf, page, type RepositoryCall } from './answer.ts'
import { commitOf, gitText } from './git-store.ts'
import { nodeId, repositoryPage, repositoryShape, repositoryUrl, userShape } from './shapes.ts'
import type { IssueState, PullRequestState } from './state.ts'

type PullIssue = IssueState & { readonly pull: PullRequestState }
const isPull = (issue: IssueState): issue is PullIssue => issue.pull !== null

const simpleShape = (call: RepositoryCall, issue: PullIssue) => {
  const base = repositoryUrl(call.state, call.repository)
  const url = `${base}/pulls/${issue.number}`
  const html = `${repositoryPage(call.state, call.repository)}/pull/${issue.number}`
  const owner = { login: call.repository.owner, type: 'User' } as const
  const side = (ref: string, sha: string) => ({
    label: `${call.repository.owner}:${ref}`,
    ref,
    sha,
    user: userShape(call.state, owner),
    repo: repositoryShape(call.state, call.repository),
  })
  const statuses = `${base}/statuses/${issue.pull.headSha}`
  const href = (target: string) => ({ href: target })
  return {
    url,
    id: issue.id,
    node_id: nodeId('PullRequest', issue.id),
    html_url: html,
    diff_url: `${html}.diff`,
    patch_url: `${html}.patch`,
    issue_url: `${base}/issues/${issue.number}`,
    commits_url: `${url}/commits`,
    review_comments_url: `${url}/comments`,
    review_comment_url: `${base}/pulls/comments`,
    comments_url: `${base}/issues/${issue.number}/comments`,
    statuses_url: statuses,
    number: issue.number,
    state: issue.state,
    locked: false,
    title: issue.title,
    user: userShape(call.state, issue.author),
    body: issue.body,
    labels: [],
    milestone: null,
    created_at: issue.createdAt,
    updated_at: issue.createdAt,
    closed_at: issue.closedAt,
    merged_at: issue.pull.mergedAt,
    merge_commit_sha: issue.pull.mergeSha,
    assignee: null,
    assignees: [],
    draft: false,
    head: side(issue.pull.head, issue.pull.headSha),
    base: side(issue.pull.base, issue.pull.baseSha),
    _links: {
      self: href(url),
      html: href(html),
      issue: href(`${base}/issues/${issue.number}`),
      comments: href(`${base}/issues/${issue.number}/comments`),
      review_comments: href(`${url}/comments`),
      review_comment: href(`${base}/pulls/comments`),
      commits: href(`${url}/commits`),
      statuses: href(statuses),
    },
    author_association: 'NONE',
    auto_merge: null,
  }
}

const fullShape = (call: RepositoryCall, issue: PullIssue) => ({
  ...simpleShape(call, issue),
  merged: issue.pull.mergedAt !== null,
  mergeable: issue.pull.mergedAt === null ? true : null,
  rebaseable: null,
  mergeable_state: 'clean',
  merged_by: issue.pull.mergedAt === null ? null : userShape(call.state, issue.author),
  comments: [...call.repository.comments.values()].filter(comment => comment.issue === issue.number).length,
  review_comments: 0,
  maintainer_can_modify: false,
  commits: 1,
  additions: 0,
  deletions: 0,
  changed_files: 1,
})

/** Pull requests that brought a commit to its branch, or that still hold it. */
const holding = async (call: RepositoryCall): Promise<readonly PullIssue[]> => {
  const sha = await commitOf(call.repository.bare, call.parameters.commit_sha ?? '')
  if (sha === null) throw notFound(`No commit found for SHA: ${call.parameters.commit_sha}`)
  const found: PullIssue[] = []
  for (const issue of call.repository.issues.values()) {
    if (!isPull(issue)) continue
    const listed = await gitText(call.repository.bare, ['rev-list', issue.pull.headSha, `^${issue.pull.baseSha}`])
    if ((issue.pull.mergedAt !== null && issue.pull.mergeSha === sha) || listed?.split('\n').includes(sha) === true) found.push(issue)
  }
  return found
}

/** Pull requests. They are opened and merged by the control surface, as people would. */
export const pulls: Endpoints = {
  'GET /repos/{owner}/{repo}/pulls': call => {
    need(call, ['pull-requests'], 'read')
    const state = call.query.get('state') ?? 'open'
    const found = [...call.repository.issues.values()].filter(isPull).filter(issue => state === 'all' || issue.state === state)
    const { items, headers } = page(call, found.reverse())
    return { status: 200, body: items.map(issue => simpleShape(call, issue)), headers }
  },
  'GET /repos/{owner}/{repo}/pulls/{pull_number}': call => {
    need(call, ['pull-requests'], 'read')
    const issue = call.repository.issues.get(numberOf(call, 'pull_number'))
    if (issue === undefined || !isPull(issue)) throw notFound()
    return { status: 200, body: fullShape(call, issue) }
  },
  'GET /repos/{owner}/{repo}/commits/{commit_sha}/pulls': async call => {
    need(call, ['pull-requests'], 'read')
    const { items, headers } = page(call, await holding(call))
    return { status: 200, body: items.map(issue => simpleShape(call, issue)), headers }
  },
}
