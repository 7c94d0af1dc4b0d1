import { capped, commentLimit } from '../../core/report/sections.ts'
import type { Comments } from '../../ports/report.ts'
import type { Client, Repository } from './client.ts'
import { GitHubError } from './errors.ts'
import { createOnce, deniedBy, isMarked, type Marked, ownOnes } from './identity.ts'
import { allPages } from './pages.ts'

interface Comment extends Marked {
  readonly url: string
}

interface Answer {
  readonly id: number
  readonly html_url: string
  readonly body?: string | undefined
  readonly user: { readonly login: string; readonly type: string } | null
}

const read = ({ id, html_url: url, body, user }: Answer): Comment => ({
  id,
  url,
  body: body ?? '',
  author: user === null ? null : { login: user.login, type: user.type },
})

const same = (a: string, b: string): boolean => a.replace(/\r\n/g, '\n').trim() === b.replace(/\r\n/g, '\n').trim()

/**
 * The one comment of a pull request. It is found by the marker in its first line **and** by its author, on all pages; a marker that somebody else planted
 * is left alone. A lost answer makes no second comment, and of twins that two jobs made at once the younger goes.
 */
export const githubComments = (client: Client, repository: Repository): Comments => {
  const place = { owner: repository.owner, repo: repository.name }

  const marked = async (pullRequest: number, marker: string): Promise<readonly Comment[]> => {
    const pages = client.paginate.iterator(client.issues.listComments, { ...place, issue_number: pullRequest, per_page: 100 })
    const all = await allPages<Answer>(pages, `comments of pull request ${pullRequest}`)
    return all.map(read).filter(comment => isMarked(comment.body, marker))
  }

  const edit = async (comment: Comment, body: string): Promise<Comment> => {
    if (same(comment.body, body)) return comment
    return read((await client.issues.updateComment({ ...place, comment_id: comment.id, body })).data)
  }

  const remove = async (comment: Comment): Promise<void> => {
    try {
      await client.issues.deleteComment({ ...place, comment_id: comment.id })
    } catch (error) {
      if (!(error instanceof GitHubError) || ![403, 404].includes(error.status)) throw error
    }
  }

  const create = async (pullRequest: number, marker: string, body: string, before: readonly Comment[]): Promise<Comment> => {
    const known = new Set(before.map(comment => comment.id))
    const created = await createOnce(
      async () => read((await client.issues.createComment({ ...place, issue_number: pullRequest, body })).data),
      async () => (await marked(pullRequest, marker)).find(comment => !known.has(comment.id) && same(comment.body, body)) ?? null,
    )
    const ours = (await marked(pullRequest, marker)).filter(comment => comment.author?.login === created.author?.login)
    const [oldest, ...younger] = [...ours].sort((a, b) => a.id - b.id)
    if (oldest === undefined) return created
    const kept = await edit(oldest, body)
    for (const twin of younger) await remove(twin)
    return kept
  }

  const put = async (pullRequest: number, marker: string, body: string): Promise<Comment> => {
    const before = await marked(pullRequest, marker)
    const [oldest, ...younger] = await ownOnes(client, before)
    if (oldest === undefined) return create(pullRequest, marker, body, before)
    try {
      const kept = await edit(oldest, body)
      for (const twin of younger) await remove(twin)
      return kept
    } catch (error) {
      // Another app's comment after all, or deleted in the meantime: then ours is yet to be created.
      if (!(error instanceof GitHubError) || ![403, 404].includes(error.status)) throw error
      return create(pullRequest, marker, body, before)
    }
  }

  return {
    upsert: async (pullRequest, marker, text) => {
      const whole = isMarked(text, marker) ? text : `${marker}\n${text}`
      try {
        try {
          return { url: (await put(pullRequest, marker, capped(whole, commentLimit))).url }
        } catch (error) {
          if (!(error instanceof GitHubError) || error.status !== 422) throw error
          return { url: (await put(pullRequest, marker, capped(whole, commentLimit / 3))).url }
        }
      } catch (error) {
        return deniedBy(error)
      }
    },
  }
}
