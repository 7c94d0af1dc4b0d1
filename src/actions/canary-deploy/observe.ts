import { UserError } from '../../core/errors.ts'
import type { Slot } from '../../core/lineage/events.ts'
import { countsBetween } from '../../core/rollout/batch.ts'
import type { Observed } from '../../core/rollout/observed.ts'
import { countsByWindow, weightWindows } from '../../core/rollout/weight-windows.ts'
import type { Reading, Signal } from '../../ports/signals.ts'

/** One reading of a signal, or why there is none; `last` is the newest that there was, which the next difference is taken to. */
export type Answer = Reading | { readonly unanswered: string; readonly last: Reading | null }

/** The answers of all signals, by name. */
export type Readings = ReadonlyMap<string, Answer>

const lastOf = (answer: Answer | undefined): Reading | null => (answer === undefined ? null : 'unanswered' in answer ? answer.last : answer)

/**
 * Reads all signals at once. One that does not answer says so and stops none of the others; where none answers, the first one's words are thrown. `before` are the readings
 * that the next differences are taken to.
 */
export const readAll = async (signals: readonly Signal[], before: Readings | null = null): Promise<Readings> => {
  const answer = async (signal: Signal): Promise<Answer> => {
    try {
      return await signal.read()
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      return { unanswered: error.message, last: lastOf(before?.get(signal.name)) }
    }
  }
  const readings = new Map(await Promise.all(signals.map(async signal => [signal.name, await answer(signal)] as const)))
  const [first] = readings.values()
  if (first !== undefined && 'unanswered' in first && [...readings.values()].every(of => 'unanswered' in of))
    throw new UserError(first.unanswered)
  return readings
}

/** Seconds to wait after a change of weight before a first reading: what it shows must all have been asked at the new weight. */
export const settling = (signals: readonly Signal[], settle: number): number => settle + Math.max(0, ...signals.map(({ lag = 0 }) => lag))

/** What has become known between two readings, by signal. */
export interface Window {
  readonly from: number
  readonly until: number
  readonly signals: Readonly<Record<string, Observed>>
  /**
   * What late labels say of requests that were made at earlier weights, one batch for each weight; for `judgeLate`, before the window itself is judged. Signals without such
   * counts are unanswered in them.
   */
  readonly late: readonly Readonly<Record<string, Observed>>[]
  /** What was asked, by signal. */
  readonly sources: Readonly<Record<string, string>>
}

/** `restarted`: counters went down that cannot be told from those of another instance. */
export type Observation =
  | { readonly window: Window; readonly restarted: boolean }
  | { readonly window: null; readonly reason: string; readonly restarted: boolean }

/** When the weight was changed since the rollout began (seconds since 1970, ascending), and how long a change takes to settle. */
export interface Changes {
  readonly at: readonly number[]
  /** When each of them was announced, where the ledger knows. */
  readonly announced?: readonly number[]
  readonly settle: number
}

/** Without a word on changes, all requests since the epoch were made at one weight. */
const unchanged: Changes = { at: [0], settle: 0 }

interface Difference {
  readonly observed: Observed
  readonly earlier: readonly Observed[]
  readonly restarted: boolean
  readonly span: readonly [number, number] | null
}

const unanswered = (reason: string, restarted = false): Difference => ({
  observed: { unanswered: reason },
  earlier: [],
  restarted,
  span: null,
})

const differenceOf = (before: Reading | null, after: Answer, canary: Slot, changes: Changes): Difference => {
  if ('unanswered' in after) return unanswered(after.unanswered)
  if (before === null) return unanswered('it had no reading before; it is counted from this one on')
  if (after.at <= before.at) return unanswered('no time has passed since its last reading')
  const span = [before.at, after.at] as const
  if (after.span !== undefined) {
    const found = countsByWindow(before, after, canary, after.span, weightWindows(changes.at, changes.settle, changes.announced))
    if (found.counts === null) return unanswered(found.reason)
    return { observed: found.counts.present, earlier: found.counts.earlier, restarted: false, span }
  }
  const found = countsBetween(before, after, canary)
  return found.counts === null ? unanswered(found.reason, found.restarted) : { observed: found.counts, earlier: [], restarted: false, span }
}

/** The counts between two readings of every signal. No window where none of them can be counted; `reason` then says it of the first. */
export const windowBetween = (before: Readings, after: Readings, canary: Slot, changes: Changes = unchanged): Observation => {
  const found = [...after].map(([name, answer]) => ({ name, answer, ...differenceOf(lastOf(before.get(name)), answer, canary, changes) }))
  const counted = found.flatMap(({ span }) => (span === null ? [] : [span]))
  const restarted = found.some(of => of.restarted)
  if (counted.length === 0) {
    const first = found.find(of => of.restarted) ?? found[0]
    const reason =
      first !== undefined && 'unanswered' in first.observed
        ? `signal ${first.name}: ${withoutName(first.observed.unanswered, first.name)}`
        : 'there is no signal'
    return { window: null, reason, restarted }
  }
  const signals = Object.fromEntries(found.map(({ name, observed }) => [name, observed]))
  const late = found.flatMap(({ name, earlier }) =>
    earlier.map(counts => ({
      ...Object.fromEntries(found.map(other => [other.name, { unanswered: 'these are late labels of another signal' }])),
      [name]: counts,
    })),
  )
  const sources = Object.fromEntries(
    found.flatMap(({ name, answer }) =>
      'unanswered' in answer || answer.source === undefined ? [] : [[name, answer.source.slice(0, 2000)]],
    ),
  )
  return {
    window: {
      from: Math.max(...counted.map(([from]) => from)),
      until: Math.max(...counted.map(([, until]) => until)),
      signals,
      late,
      sources,
    },
    restarted,
  }
}

const withoutName = (text: string, name: string): string =>
  text.startsWith(`signal ${name}: `) ? text.slice(`signal ${name}: `.length) : text
