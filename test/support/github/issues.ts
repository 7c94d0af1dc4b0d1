import {
  type Answer,
  author,
  type Endpoints,
  forbidden,
  invalid,
  need,
  notFound,
  numberOf,
  page,
  type RepositoryCall,
  text,
} from './answer.ts'
import { nodeId, repositoryPage, repositoryUrl, userShape } from './shapes.ts'
import { type CommentState, type IssueState, now } from './state.ts'

const issueOf = (call: RepositoryCall, number = numberOf(call, 'issue_number')): IssueState => {
  const issue = call.repository.issues.get(number)
  if (issue === undefined) throw notFound()
  return issue
}

/** A pull request's conversation is open to either permission, an issue's to `issues` only. */
const needFor = (call: RepositoryCall, issue: IssueState, level: 'read' | 'write') =>
  need(call, issue.pull === null ? ['issues'] : ['pull-requests', 'issues'], level)

const pageOf = (call: RepositoryCall, issue: IssueState): string =>
  `${repositoryPage(call.state, call.repository)}/${issue.pull === null ? 'issues' : 'pull'}/${issue.number}`

const issueShape = (call: RepositoryCall, issue: IssueState) => {
  const base = repositoryUrl(call.state, call.repository)
  const url = `${base}/issues/${issue.number}`
  const comments = [...call.repository.comments.values()].filter(comment => comment.issue === issue.number)
  return {
    id: issue.id,
    node_id: nodeId('Issue', issue.id),
    url,
    repository_url: base,
    labels_url: `${url}/labels`,
    comments_url: `${url}/comments`,
    events_url: `${url}/events`,
    html_url: pageOf(call, issue),
    number: issue.number,
    title: issue.title,
    body: issue.body,
    state: issue.state,
    labels: issue.labels,
    user: userShape(call.state, issue.author),
    assignee: null,
    assignees: [],
    milestone: null,
    locked: false,
    comments: comments.length,
    created_at: issue.createdAt,
    updated_at: issue.createdAt,
    closed_at: issue.closedAt,
    author_association: 'NONE',
    performed_via_github_app: null,
    ...(issue.pull === null
      ? {}
      : {
          pull_request: {
            url: `${base}/pulls/${issue.number}`,
            html_url: pageOf(call, issue),
            diff_url: `${pageOf(call, issue)}.diff`,
            patch_url: `${pageOf(call, issue)}.patch`,
            merged_at: issue.pull.mergedAt,
          },
        }),
  }
}

const commentShape = (call: RepositoryCall, comment: CommentState) => {
  const base = repositoryUrl(call.state, call.repository)
  return {
    id: comment.id,
    node_id: nodeId('IssueComment', comment.id),
    url: `${base}/issues/comments/${comment.id}`,
    html_url: `${pageOf(call, issueOf(call, comment.issue))}#issuecomment-${comment.id}`,
    issue_url: `${base}/issues/${comment.issue}`,
    user: userShape(call.state, comment.author),
    body: comment.body,
    created_at: comment.createdAt,
    updated_at: comment.updatedAt,
    author_association: 'NONE',
    performed_via_github_app: null,
  }
}

const checkBody = (body: string | undefined): string => {
  if (body === undefined || body.trim() === '') throw invalid('IssueComment', 'missing_field', 'body', "Body can't be blank")
  if ([...body].length > 65_536) throw invalid('IssueComment', 'custom', 'body', 'Body is too long (maximum is 65536 characters)')
  return body
}

const commentOf = (call: RepositoryCall, level: 'read' | 'write'): CommentState => {
  const comment = call.repository.comments.get(numberOf(call, 'comment_id'))
  if (comment === undefined) throw notFound()
  needFor(call, issueOf(call, comment.issue), level)
  return comment
}

const listIssues = (call: RepositoryCall): Answer => {
  need(call, ['issues'], 'read')
  const state = call.query.get('state') ?? 'open'
  const labels = (call.query.get('labels') ?? '').split(',').filter(label => label !== '')
  const creator = call.query.get('creator')
  const found = [...call.repository.issues.values()]
    .filter(issue => state === 'all' || issue.state === state)
    .filter(issue => labels.every(label => issue.labels.includes(label)))
    .filter(issue => creator === null || issue.author.login === creator)
  const { items, headers } = page(call, call.query.get('direction') === 'asc' ? found : found.reverse())
  return { status: 200, body: items.map(issue => issueShape(call, issue)), headers }
}

const labelsOf = (value: unknown): readonly string[] | undefined =>
  Array.isArray(value) ? value.map(label => (typeof label === 'string' ? label : String((label as { name?: unknown }).name))) : undefined

const createIssue = (call: RepositoryCall): Answer => {
  need(call, ['issues'], 'write')
  const issue: IssueState = {
    id: call.state.nextId(),
    number: call.repository.issues.size + 1,
    title: String(call.body.title),
    body: text(call.body, 'body') ?? null,
    state: 'open',
    labels: labelsOf(call.body.labels) ?? [],
    author: author(call),
    createdAt: now(),
    closedAt: null,
    pull: null,
  }
  if (issue.body !== null) checkBody(issue.body)
  call.repository.issues.set(issue.number, issue)
  return { status: 201, body: issueShape(call, issue) }
}

const updateIssue = (call: RepositoryCall): Answer => {
  const issue = issueOf(call)
  needFor(call, issue, 'write')
  issue.title = text(call.body, 'title') ?? issue.title
  issue.body = text(call.body, 'body') ?? issue.body
  issue.labels = labelsOf(call.body.labels) ?? issue.labels
  const state = text(call.body, 'state')
  if (state === 'open' || state === 'closed') {
    issue.state = state
    issue.closedAt = state === 'closed' ? now() : null
  }
  return { status: 200, body: issueShape(call, issue) }
}

const createComment = (call: RepositoryCall): Answer => {
  const issue = issueOf(call)
  needFor(call, issue, 'write')
  const body = checkBody(text(call.body, 'body'))
  const at = now()
  const comment: CommentState = { id: call.state.nextId(), issue: issue.number, body, author: author(call), createdAt: at, updatedAt: at }
  call.repository.comments.set(comment.id, comment)
  return { status: 201, body: commentShape(call, comment) }
}

/** Only its author, or somebody who may write contents, may change a comment. */
const mayChange = (call: RepositoryCall, comment: CommentState) => {
  if (comment.author.login !== call.actor?.login && call.actor?.permissions.contents !== 'write') throw forbidden()
}

/** Issues, and the conversations of issues and pull requests. */
export const issues: Endpoints = {
  'GET /repos/{owner}/{repo}/issues': listIssues,
  'POST /repos/{owner}/{repo}/issues': createIssue,
  'GET /repos/{owner}/{repo}/issues/{issue_number}': call => {
    const issue = issueOf(call)
    needFor(call, issue, 'read')
    return { status: 200, body: issueShape(call, issue) }
  },
  'PATCH /repos/{owner}/{repo}/issues/{issue_number}': updateIssue,
  'GET /repos/{owner}/{repo}/issues/{issue_number}/comments': call => {
    const issue = issueOf(call)
    needFor(call, issue, 'read')
    const all = [...call.repository.comments.values()].filter(comment => comment.issue === issue.number)
    const { items, headers } = page(call, all)
    return { status: 200, body: items.map(comment => commentShape(call, comment)), headers }
  },
  'POST /repos/{owner}/{repo}/issues/{issue_number}/comments': createComment,
  'GET /repos/{owner}/{repo}/issues/comments/{comment_id}': call => ({ status: 200, body: commentShape(call, commentOf(call, 'read')) }),
  'PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}': call => {
    const comment = commentOf(call, 'write')
    mayChange(call, comment)
    comment.body = checkBody(text(call.body, 'body'))
    comment.updatedAt = now()
    return { status: 200, body: commentShape(call, comment) }
  },
  'DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}': call => {
    const comment = commentOf(call, 'write')
    mayChange(call, comment)
    call.repository.comments.delete(comment.id)
    return { status: 204 }
  },
}
