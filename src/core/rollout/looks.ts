import type { Counts, JudgeSettings, LooksState, SignalSettings } from './judge-state.ts'
import { answered, type Batch } from './observed.ts'

const noLooks: LooksState = { failed: 0, passed: 0, newest: 'no-data' }

const lookAt = (signal: SignalSettings, max: number, counts: Counts): LooksState['newest'] => {
  if (counts.canary < signal.breakerRequests) return 'no-data'
  return counts.canaryBad / counts.canary > max ? 'failed' : 'passed'
}

/**
 * Carries the threshold rule over a batch. A look fails where the canary's share of bad requests is above `max` of any signal, and passes where every required one is at or below it.
 * Too few requests, or no answer, are neither: they never fail a service for being idle and never let it advance.
 *
 * @param sameWeight whether the weight is that of the batch before: passed looks count in a row at one weight
 */
export const looksAfter = (settings: JudgeSettings, state: LooksState | undefined, batch: Batch, sameWeight: boolean): LooksState => {
  const { failed, passed: inRow } = state ?? noLooks
  const passed = sameWeight ? inRow : 0
  const seen = Object.entries(settings.signals).flatMap(([name, signal]) => {
    const observed = batch.signals[name]
    if (signal.max === undefined) return []
    const newest = observed !== undefined && answered(observed) ? lookAt(signal, signal.max, observed) : ('no-data' as const)
    return [{ required: signal.required, newest }]
  })
  if (seen.some(({ newest }) => newest === 'failed')) return { failed: failed + 1, passed: 0, newest: 'failed' }
  const required = seen.filter(one => one.required)
  if (required.length === 0 || required.some(({ newest }) => newest === 'no-data')) return { failed, passed, newest: 'no-data' }
  return { failed, passed: passed + 1, newest: 'passed' }
}

/** How many failed looks roll back, and how many in a row let traffic take its next step. */
export const looksNeeded = (settings: JudgeSettings): { readonly failures: number; readonly looks: number } => ({
  failures: settings.failures ?? 1,
  looks: settings.looks ?? 1,
})
