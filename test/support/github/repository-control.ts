import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { commitOf, gitText } from './git-store.ts'
import { type Actor, everyPermission, type IssueState, now, type PullRequestState, type RepositoryState, type State } from './state.ts'

export interface OpenedPullRequest {
  readonly number: number
  readonly headSha: string
  readonly baseSha: string
  /** The trial merge, as `GITHUB_SHA` of a `pull_request` event has it: its first parent is the base. Also `refs/pull/<number>/merge`. */
  readonly mergeSha: string
}

const must = async (
  bare: string,
  argv: readonly string[],
  input?: string | Uint8Array,
  env?: Readonly<Record<string, string>>,
): Promise<string> => {
  const output = await gitText(bare, argv, input, env)
  if (output === null) throw new Error(`git ${argv.join(' ')} failed in ${bare}`)
  return output
}

const person = (login: string): Actor => ({ login, type: 'User', permissions: everyPermission })

/** What people and other programs do to a repository: commits, pull requests, merges, roles; and what a test wants to see of it. */
export class RepositoryControl {
  readonly state: RepositoryState
  readonly #all: State

  constructor(all: State, state: RepositoryState) {
    this.#all = all
    this.state = state
  }

  get bare(): string {
    return this.state.bare
  }

  get gitUrl(): string {
    return `${this.#all.url}/${this.state.owner}/${this.state.name}.git`
  }

  /** Commits files on a branch, which is made from `main` where it is new; null removes a file. Returns the commit's id. */
  async commit(
    files: Readonly<Record<string, string | Uint8Array | null>>,
    options: { readonly message?: string; readonly branch?: string } = {},
  ): Promise<string> {
    const ref = `refs/heads/${options.branch ?? 'main'}`
    const parent = (await commitOf(this.bare, ref)) ?? (await commitOf(this.bare, 'refs/heads/main'))
    const index = join(this.bare, `control-${this.#all.nextId()}.index`)
    const env = { GIT_INDEX_FILE: index }
    try {
      if (parent !== null) await must(this.bare, ['read-tree', parent], '', env)
      const lines: string[] = []
      for (const [path, content] of Object.entries(files)) {
        const blob = content === null ? null : await must(this.bare, ['hash-object', '-w', '--stdin'], content)
        lines.push(blob === null ? `0 ${'0'.repeat(40)}\t${path}\n` : `100644 ${blob}\t${path}\n`)
      }
      await must(this.bare, ['update-index', '--index-info'], lines.join(''), env)
      const tree = await must(this.bare, ['write-tree'], '', env)
      const commit = await must(this.bare, [
        'commit-tree',
        tree,
        ...(parent === null ? [] : ['-p', parent]),
        '-m',
        options.message ?? 'change',
      ])
      await must(this.bare, ['update-ref', ref, commit])
      return commit
    } finally {
      await rm(index, { force: true })
    }
  }

  /** Opens a pull request of a branch onto `main`. */
  async openPullRequest(request: {
    readonly head: string
    readonly base?: string
    readonly title?: string
    readonly body?: string
    readonly author?: string
  }): Promise<OpenedPullRequest> {
    const number = this.state.issues.size + 1
    const pull: PullRequestState = {
      base: request.base ?? 'main',
      head: request.head,
      baseSha: '',
      headSha: '',
      mergeSha: '',
      mergedAt: null,
    }
    const issue: IssueState = {
      id: this.#all.nextId(),
      number,
      title: request.title ?? request.head,
      body: request.body ?? null,
      state: 'open',
      labels: [],
      author: person(request.author ?? 'alice'),
      createdAt: now(),
      closedAt: null,
      pull,
    }
    this.state.issues.set(number, issue)
    return this.synchronize(number)
  }

  /** Takes the pull request's branches as they are now, as GitHub does after each push. */
  async synchronize(number: number): Promise<OpenedPullRequest> {
    const pull = this.#pull(number)
    pull.headSha = await must(this.bare, ['rev-parse', `refs/heads/${pull.head}`])
    pull.baseSha = await must(this.bare, ['rev-parse', `refs/heads/${pull.base}`])
    const tree = await must(this.bare, ['merge-tree', '--write-tree', pull.baseSha, pull.headSha])
    const message = `Merge ${pull.headSha} into ${pull.baseSha}`
    pull.mergeSha = await must(this.bare, ['commit-tree', tree, '-p', pull.baseSha, '-p', pull.headSha, '-m', message])
    await must(this.bare, ['update-ref', `refs/pull/${number}/head`, pull.headSha])
    await must(this.bare, ['update-ref', `refs/pull/${number}/merge`, pull.mergeSha])
    return { number, headSha: pull.headSha, baseSha: pull.baseSha, mergeSha: pull.mergeSha }
  }

  /** Merges a pull request, by default squashed into one commit. Returns the new commit of the base branch. */
  async merge(number: number, method: 'squash' | 'merge' = 'squash'): Promise<string> {
    await this.synchronize(number)
    const pull = this.#pull(number)
    const issue = this.state.issues.get(number)
    if (issue === undefined) throw new Error(`There is no pull request ${number}`)
    if (method === 'squash') {
      const tree = await must(this.bare, ['rev-parse', `${pull.mergeSha}^{tree}`])
      pull.mergeSha = await must(this.bare, ['commit-tree', tree, '-p', pull.baseSha, '-m', `${issue.title} (#${number})`])
    }
    await must(this.bare, ['update-ref', `refs/heads/${pull.base}`, pull.mergeSha])
    pull.mergedAt = now()
    issue.state = 'closed'
    issue.closedAt = now()
    return pull.mergeSha
  }

  /** Gives a person a role: admin, maintain, write, triage, read. */
  setRole(login: string, role: string): void {
    this.state.roles.set(login, role)
  }

  /** Comments of an issue or pull request, oldest first. */
  comments(number: number): readonly { readonly id: number; readonly body: string; readonly login: string }[] {
    return [...this.state.comments.values()]
      .filter(comment => comment.issue === number)
      .map(comment => ({ id: comment.id, body: comment.body, login: comment.author.login }))
  }

  /** Everything as JSON: refs, releases with assets, issues with comments, deployments with statuses, artifacts. */
  async dump() {
    const full = `${this.state.owner}/${this.state.name}`
    const listed = await must(this.bare, ['for-each-ref', '--format=%(refname) %(objectname)'])
    const lines = listed.split('\n').filter(line => line !== '')
    return {
      repository: full,
      bare: this.bare,
      gitUrl: this.gitUrl,
      refs: Object.fromEntries(lines.map(line => line.split(' ') as [string, string])),
      releases: [...this.state.releases.values()].map(release => ({ ...release, assets: [...release.assets.values()] })),
      issues: [...this.state.issues.values()].map(issue => ({ ...issue, comments: this.comments(issue.number) })),
      deployments: [...this.state.deployments.values()],
      artifacts: [...this.#all.artifacts.values()].filter(artifact => artifact.repository.toLowerCase() === full.toLowerCase()),
    }
  }

  #pull(number: number): PullRequestState {
    const pull = this.state.issues.get(number)?.pull
    if (pull === null || pull === undefined) throw new Error(`There is no pull request ${number}`)
    return pull
  }
}
