import type { DispersionState, SignalSettings } from './judge-state.ts'

/** Requests of the stable arm in one batch, and how many of them showed the event. */
export interface Window {
  readonly requests: number
  readonly events: number
}

const nothing: DispersionState = { between: 0, events: 0, squared: 0 }

/** From this on counts are called dispersed; below it the evidence is left alone. */
const noticed = 1.2

/** Standard errors by which what was seen must lie above 1: for independent requests chance alone should hardly ever cost power. */
const standardErrors = 2

/**
 * What one pair may add at most, as a multiple of what it should add by all that was seen before. Chance is beyond it once in 70 pairs (chi-squared with one degree of
 * freedom); where there are thousands of events a minute the one jump of an incident would outweigh hours.
 */
const most = 6

/**
 * Carries the dispersion over one more batch. Neighbouring batches are compared with each other and not with a common mean, and no pair counts for more than a few, so that a
 * base rate that changes slowly, or once (an incident of both arms), is not taken for dispersion. For independent events and given their number m in the pair,
 * n1 n2 (e1/n1 - e2/n2)^2 has expectation m whatever the base rate.
 */
export const dispersionAfter = (state: DispersionState | undefined, before: Window, now: Window): DispersionState => {
  const { between, events, squared } = state ?? nothing
  const both = before.events + now.events
  if (before.requests === 0 || now.requests === 0 || both === 0) return { between, events, squared }
  const difference = before.events / before.requests - now.events / now.requests
  const usual = Math.max(1, events === 0 ? 1 : between / events) * both
  const added = Math.min(before.requests * now.requests * difference ** 2, most * usual)
  return {
    between: between + Math.round(added * 1e6) / 1e6,
    events: events + both,
    squared: squared + both ** 2,
  }
}

/**
 * Variance of the counts over their mean as seen so far, a standard error more than the estimate so that it is rarely too little; exactly 1 where nothing is clearly above 1. The relative standard
 * error is at most sqrt(3 sum m^2) / sum m: 2 of each pair, and half as much again since neighbouring pairs share a batch.
 */
export const dispersionSeen = (state: DispersionState | undefined): number => {
  if (state === undefined || state.events === 0) return 1
  const seen = state.between / state.events
  const error = Math.sqrt(3 * state.squared) / state.events
  return seen >= noticed && seen - 1 >= standardErrors * error ? seen * (1 + error) : 1
}

/** What a series of windows of one arm, oldest first, says of its dispersion: such as the hours before a rollout, for the setting `seen`. */
export const dispersionOf = (windows: readonly Window[]): DispersionState =>
  windows.slice(1).reduce((state, now, at) => dispersionAfter(state, windows[at] ?? now, now), nothing)

/** What a rollout leaves to the next one of the same signal: half the weight of what it knew, so that what is long past fades. */
export const handedOn = (state: DispersionState): DispersionState => ({
  between: Math.floor((state.between / 2) * 1e6) / 1e6,
  events: Math.floor(state.events / 2),
  squared: Math.floor(state.squared / 2),
})

/** What evidence is divided by: what was declared or what is seen, whichever is more; 1 where the settings say `off`. */
export const dispersionUsed = (signal: Pick<SignalSettings, 'dispersion'>, state: DispersionState | undefined): number => {
  const declared = signal.dispersion ?? 1
  return declared === 'off' ? 1 : Math.max(declared < noticed ? 1 : declared, dispersionSeen(state))
}

/**
 * The logarithm of a likelihood ratio, divided by the dispersion where it is evidence. Never more than it was, so all that holds for independent requests
 * holds whatever the dispersion was estimated to be, also from the same batches.
 */
export const deflated = (log: number, dispersion: number): number => (log > 0 ? log / dispersion : log)
