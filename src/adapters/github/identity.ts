import type { Client } from './client.ts'
import { GitHubError } from './errors.ts'

/** Who wrote something on GitHub. */
export interface Author {
  readonly login: string
  readonly type: string
}

/** Something people can write too, which is found again by a marker in its first line. */
export interface Marked {
  readonly id: number
  readonly author: Author | null
  readonly body: string
}

/** True where the text begins with the marker, as ours do. */
export const isMarked = (body: string, marker: string): boolean =>
  body.replace(/\r\n/g, '\n').trimStart().split('\n', 1)[0]?.trim() === marker

/**
 * Of marked texts those that this token wrote, oldest first. A person's token says who it is. The token of an app (GITHUB_TOKEN) cannot ask; no person can
 * write as an app, so the marked texts of the one app that wrote any are taken. Where several apps did: none, and who we are is learnt from the answer
 * when a new one is created.
 */
export const ownOnes = async <T extends Marked>(client: Client, marked: readonly T[]): Promise<readonly T[]> => {
  if (marked.length === 0) return []
  const sorted = [...marked].sort((a, b) => a.id - b.id)
  try {
    const { data } = await client.users.getAuthenticated()
    return sorted.filter(one => one.author?.login === data.login)
  } catch (error) {
    if (!(error instanceof GitHubError) || ![401, 403, 404].includes(error.status)) throw error
  }
  const byApps = sorted.filter(one => one.author?.type === 'Bot')
  return new Set(byApps.map(one => one.author?.login)).size === 1 ? byApps : []
}

/**
 * Creates something once although answers may be lost: after an error behind which it may have been created, `look` is asked before trying again.
 */
export const createOnce = async <T>(create: () => Promise<T>, look: () => Promise<T | null>): Promise<T> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await create()
    } catch (error) {
      if (!(error instanceof GitHubError) || !error.uncertain) throw error
      const found = await look()
      if (found !== null) return found
      if (attempt >= 3) throw error
    }
  }
}

/** Why the token may not do this, where that is what the error says; any other error is thrown on. */
export const deniedBy = (error: unknown): { readonly denied: string } => {
  if (error instanceof GitHubError && [401, 403, 404, 410].includes(error.status)) return { denied: error.message }
  throw error
}
