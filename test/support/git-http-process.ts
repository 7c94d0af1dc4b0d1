import { join } from 'node:path'
import type { Chance, Delay } from './git-chance.ts'
import { spawnLines } from './line-process.ts'

/** What a git server in a process of its own does. */
export interface GitServerPlan {
  /** The folder of repositories. */
  readonly root: string
  readonly seed: string
  readonly chances: readonly Chance[]
  /** How long every request takes on its way, beside any fault. */
  readonly delay?: Delay
}

/** How many requests were answered, how many of them were pushes (landed or not), and how many had a fault. */
export interface GitServerCount {
  readonly requests: number
  readonly pushes: number
  readonly faults: number
}

export interface GitServerProcess extends AsyncDisposable {
  readonly url: string
  /** Ends the server; at once where it was ended before. */
  close(): Promise<GitServerCount>
}

/** Starts a git server in a process of its own, so that it shares no event loop with whoever writes through it. */
export const spawnGitHttp = async (plan: GitServerPlan): Promise<GitServerProcess> => {
  const child = spawnLines(join(import.meta.dirname, 'git-http-main.ts'), [JSON.stringify(plan)])
  const { url } = (await child.next()) as { url: string }
  let counted: Promise<GitServerCount> | null = null
  const count = async (): Promise<GitServerCount> => {
    child.endInput()
    const last = (await child.next()) as GitServerCount
    await child.ended
    return last
  }
  const close = (): Promise<GitServerCount> => {
    counted ??= count()
    return counted
  }
  return {
    url,
    close,
    async [Symbol.asyncDispose]() {
      await close()
    },
  }
}
