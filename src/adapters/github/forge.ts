import { UserError } from '../../core/errors.ts'
import { capped, commentLimit } from '../../core/report/sections.ts'
import { utf8Text } from '../../core/text.ts'
import type { Forge } from '../../ports/forge.ts'
import type { Client, Repository } from './client.ts'
import { GitHubError } from './errors.ts'
import { createOnce, deniedBy, isMarked, type Marked, ownOnes } from './identity.ts'
import { allPages } from './pages.ts'

const roles = new Set(['admin', 'maintain', 'write', 'triage', 'read', 'none'])

const isStatus = (error: unknown, ...statuses: readonly number[]): boolean =>
  error instanceof GitHubError && statuses.includes(error.status)

interface Issue extends Marked {
  readonly number: number
  readonly url: string
}

interface IssueAnswer {
  readonly id: number
  readonly number: number
  readonly html_url: string
  readonly body?: string | null | undefined
  readonly user: { readonly login: string; readonly type: string } | null
  readonly pull_request?: unknown
}

const read = (answer: IssueAnswer): Issue => ({
  id: answer.id,
  number: answer.number,
  url: answer.html_url,
  body: answer.body ?? '',
  author: answer.user === null ? null : { login: answer.user.login, type: answer.user.type },
})

interface CommentAnswer {
  readonly body?: string | undefined
  readonly user: { readonly login: string } | null
}

const tells = (text: string, told: string): boolean => text.split(/\r?\n/, 2)[1] === told

/** What the actions ask GitHub about the repository. */
export const githubForge = (client: Client, repository: Repository): Forge => {
  const place = { owner: repository.owner, repo: repository.name }

  const openIssues = async (marker: string): Promise<readonly Issue[]> => {
    const pages = client.paginate.iterator(client.issues.listForRepo, { ...place, state: 'open', per_page: 100 })
    const all = await allPages<IssueAnswer>(pages, 'open issues')
    return all
      .filter(issue => issue.pull_request === undefined)
      .map(read)
      .filter(issue => isMarked(issue.body, marker))
  }

  /** Adds a comment unless the issue tells of this already, which is so when a killed job is run again. */
  const addTo = async (issue: Issue, told: string, body: string): Promise<void> => {
    const says = async (): Promise<true | null> => {
      const pages = client.paginate.iterator(client.issues.listComments, { ...place, issue_number: issue.number, per_page: 100 })
      const comments = await allPages<CommentAnswer>(pages, `comments of issue ${issue.number}`)
      const ours = comments.filter(({ user }) => user?.login === issue.author?.login).map(comment => comment.body ?? '')
      return [issue.body, ...ours].some(text => tells(text, told)) ? true : null
    }
    if (await says()) return
    await createOnce(async () => {
      await client.issues.createComment({ ...place, issue_number: issue.number, body })
      return true as const
    }, says)
  }

  const answers = new Map<string, Promise<unknown>>()
  /** Asks once for what a commit's id settles for ever: rules and store are read from the same file. */
  const kept = <T>(question: string, commit: string, ask: () => Promise<T>): Promise<T> => {
    const known = answers.get(question)
    if (known !== undefined) return known as Promise<T>
    const asked = ask()
    if (/^[0-9a-f]{40}$/.test(commit)) answers.set(question, asked)
    asked.catch(() => answers.delete(question))
    return asked
  }

  const fileAt = async (path: string, ref: string): Promise<string | null> => {
    try {
      const { data } = await client.repos.getContent({ ...place, path, ref })
      if (Array.isArray(data) || data.type !== 'file' || !('content' in data)) throw new UserError(`${path} at ${ref} is no file`)
      if (data.encoding !== 'base64') throw new UserError(`${path} at ${ref} is larger than 1 MB`)
      return utf8Text(Buffer.from(data.content, 'base64'), path)
    } catch (error) {
      if (!isStatus(error, 404)) throw error
      // The same answer stands for "no such commit": only a commit that is there proves that the file is not.
      await client.repos.getCommit({ ...place, ref })
      return null
    }
  }

  const firstParent = async (commit: string): Promise<string> => {
    const { data } = await client.git.getCommit({ ...place, commit_sha: commit })
    const parent = data.parents[0]?.sha
    if (parent === undefined) throw new UserError(`commit ${commit} has no parent, so there is no base to take the rules from`)
    return parent
  }

  return {
    fileAt: (path, ref) => kept(`${path} at ${ref}`, ref, () => fileAt(path, ref)),

    firstParent: commit => kept(`parent of ${commit}`, commit, () => firstParent(commit)),

    pullRequestOf: async commit => {
      try {
        const pages = client.paginate.iterator(client.repos.listPullRequestsAssociatedWithCommit, {
          ...place,
          commit_sha: commit,
          per_page: 100,
        })
        const merged = (await allPages(pages, `pull requests of ${commit}`, 10)).filter(pull => pull.merged_at !== null)
        return (merged.find(pull => pull.merge_commit_sha === commit) ?? merged[0])?.number ?? null
      } catch (error) {
        if (isStatus(error, 404, 422)) return null
        throw error
      }
    },

    permissionOf: async user => {
      try {
        const { data } = await client.repos.getCollaboratorPermissionLevel({ ...place, username: user })
        return roles.has(data.role_name) ? data.role_name : data.permission
      } catch (error) {
        if (isStatus(error, 404)) return 'none'
        throw error
      }
    },

    defaultBranch: async () => (await client.repos.get(place)).data.default_branch,

    incident: async (marker, told, title, body) => {
      const whole = capped(`${marker}\n${told}\n${body}`, commentLimit)
      try {
        const [open] = await ownOnes(client, await openIssues(marker))
        if (open !== undefined) {
          await addTo(open, told, whole)
          return { url: open.url }
        }
        const created = await createOnce(
          async () => read((await client.issues.create({ ...place, title: title.slice(0, 200).toWellFormed(), body: whole })).data),
          async () => (await openIssues(marker)).find(issue => tells(issue.body, told)) ?? null,
        )
        return { url: created.url }
      } catch (error) {
        return deniedBy(error)
      }
    },
  }
}
