import { UserError } from '../../core/errors.ts'
import type { Clock } from '../../ports/clock.ts'
import { RemoteError, type Repository } from './repository.ts'

/** The newest commit of a ref as it was read and verified; `commit` is null where there is no such ref. */
export interface Head {
  readonly commit: string | null
}

export interface Commit {
  readonly files: Readonly<Record<string, string>>
  readonly message: string
}

/** One write to a ref: what is looked for in each head, and what is written where it is not there. */
export interface Write<T, H extends Head> {
  readonly ref: string
  /** For messages: `the ledger of churn`. */
  readonly name: string
  /** Reads the ref and verifies what it holds; `end` is when the write gives up, in milliseconds since 1970. */
  read(end: number): Promise<H>
  /** The result where this write is in the ref already, else null. Asked after every attempt, whatever git said of it. */
  find(head: H): Promise<T | null>
  /** What to write for this very head, one commit after another in one push, or the result where nothing is to be written. */
  propose(head: H): Promise<readonly Commit[] | { readonly done: T }>
  /** Told the ids of the proposed commits before they are pushed. */
  readonly wrote?: (ids: readonly string[]) => void
  /** What to do where the remote will never take it; by default a UserError. */
  readonly refused?: (words: string) => T
}

export interface LoopSettings {
  readonly repository: Repository
  readonly remote: string
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly deadlineSeconds: number
  /** Called around each fetch and each push. */
  readonly onBoundary?: ((boundary: 'git-fetch' | 'git-push', moment: 'before' | 'after') => void) | undefined
}

const longestWait = 4000
const firstWait = 50
const longestTurn = 60_000
const longestCall = 60_000
const shortestCall = 5000
const readingSeconds = 60

/** Milliseconds to wait after the n-th failure to reach the remote: full jitter, `U(0, min(4 s, 50 ms * 2^n))`. */
const backoff = (failures: number, random: () => number): number => random() * Math.min(longestWait, firstWait * 2 ** failures)

/**
 * Milliseconds to wait after others were faster for the n-th time: full jitter in units of what an attempt takes here and now,
 * `U(0, attempt * max(1, min(2^n, 16, 32 - 2n)))`. An attempt fails where another lands within it, so waits must grow with its length: on a slow way or a busy
 * machine short waits only bring more attempts, and those slow down whoever would have landed. From the ninth time on waits get shorter again, so that who has
 * waited long goes first.
 */
const turn = (failures: number, attempt: number, random: () => number): number =>
  random() * Math.min(longestTurn, Math.max(firstWait, attempt) * Math.max(1, Math.min(2 ** failures, 16, 32 - 2 * failures)))

const callTimeout = (settings: LoopSettings, end: number): number =>
  Math.max(shortestCall, Math.min(longestCall, end - settings.clock.now()))

/** Reads a ref, again where the remote gives no answer, for a minute at most. Throws a RemoteError. */
export const readRef = async (settings: LoopSettings, ref: string, end: number, depth?: number): Promise<string | null> => {
  const until = Math.min(end, settings.clock.now() + readingSeconds * 1000)
  for (let failures = 0; ; failures += 1) {
    try {
      settings.onBoundary?.('git-fetch', 'before')
      const commit = await settings.repository.fetch(ref, callTimeout(settings, end), depth)
      settings.onBoundary?.('git-fetch', 'after')
      return commit
    } catch (error) {
      if (!(error instanceof RemoteError) || error.problem === 'refused' || settings.clock.now() >= until) throw error
    }
    await settings.clock.sleep(backoff(failures, settings.random))
  }
}

/**
 * Writes to a ref by compare-and-swap: read the head, look whether the write is there, compute it for this head, push plainly, and read again whatever the
 * push said. Ends with a UserError at the deadline or where the remote refuses for good.
 */
export const compareAndSwap = async <T, H extends Head>(settings: LoopSettings, write: Write<T, H>): Promise<T> => {
  const { clock, repository } = settings
  const end = clock.now() + settings.deadlineSeconds * 1000
  let failures = 0
  let lost = 0
  let words = ''
  let refused = false
  for (;;) {
    const began = clock.now()
    const head = await write.read(end)
    const found = await write.find(head)
    if (found !== null) return found
    if (refused) {
      if (write.refused !== undefined) return write.refused(words)
      throw new UserError(
        `${write.name} could not be written: ${settings.remote} refused it (${words}). The job needs \`permissions: contents: write\`, and no rule may forbid ${write.ref}.`,
      )
    }
    if (clock.now() >= end) {
      throw new UserError(
        `${write.name} could not be written within ${settings.deadlineSeconds} s: ${failures} attempts on ${settings.remote} failed (last: ${words || 'none'}). It was read again and nothing was written; run again.`,
      )
    }
    const proposal = await write.propose(head)
    if ('done' in proposal) return proposal.done
    const seconds = Math.floor(clock.now() / 1000)
    const ids = await repository.commit(
      proposal.map(commit => ({ ...commit, seconds })),
      head.commit,
    )
    write.wrote?.(ids)
    settings.onBoundary?.('git-push', 'before')
    const answer = await repository.push(ids.at(-1) as string, write.ref, callTimeout(settings, end))
    settings.onBoundary?.('git-push', 'after')
    if (answer.said === 'done') continue
    words = answer.words
    refused = answer.said === 'refused'
    failures += 1
    if (answer.said === 'contended') lost += 1
    const wait = answer.said === 'contended' ? turn(lost, clock.now() - began, settings.random) : backoff(failures - 1, settings.random)
    if (!refused) await clock.sleep(Math.min(wait, Math.max(0, end - clock.now())))
  }
}
