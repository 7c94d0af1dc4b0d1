import { acceptanceAfter, acceptanceEvidence } from './acceptance.ts'
import { fine } from './alternatives.ts'
import { dispersionAfter, dispersionUsed } from './dispersion.ts'
import { chooseEdges, edgeAfter, edgesEvidence, mostEdges, newEdge } from './edges.ts'
import { harmAfter, harmEvidence } from './harm.ts'
import { harmProcessAfter, harmProcessEvidence } from './harm-process.ts'
import type { Counts, EdgeState, JudgeSettings, SignalSettings, SignalState } from './judge-state.ts'
import { kept, logAdd } from './log-space.ts'
import { answered, type Observed, type SlowerCounts, slowerOf } from './observed.ts'
import { comparable } from './relative-evidence.ts'

export const none: Counts = { canary: 0, canaryBad: 0, stable: 0, stableBad: 0 }

/** The state of a signal before anything was observed. */
export const emptySignalOf = ({ seen }: SignalSettings): SignalState => ({
  total: none,
  last: none,
  batches: 0,
  harm: [],
  acceptance: [],
  ...(seen === undefined ? {} : { dispersion: seen }),
})

const plus = (a: Counts, b: Counts): Counts => ({
  canary: a.canary + b.canary,
  canaryBad: a.canaryBad + b.canaryBad,
  stable: a.stable + b.stable,
  stableBad: a.stableBad + b.stableBad,
})

/** Share of a histogram's capital that is on its configured limit; the rest is spread over the edges. */
const onLimit = 0.25

const edgesAfter = (
  state: SignalState,
  signal: SignalSettings,
  batch: Counts,
  slower: readonly SlowerCounts[],
  at: { readonly index: number; readonly horizon: number; readonly histograms: number },
): readonly EdgeState[] | undefined => {
  // What a signal is was settled by its first batch: capital that was not set aside for edges cannot be given to them later.
  const edges = state.edges ?? (state.batches === 0 && slower.length > 1 ? [] : undefined)
  if (edges === undefined) return undefined
  if (edges.length === 0) return chooseEdges(batch, slower, mostEdges(at.histograms))?.map(edge => newEdge(edge, slower)) ?? []
  const known = { ...at, stableBefore: state.last.stable, dispersion: dispersionUsed(signal, state.dispersion) }
  return edges.map(edge => edgeAfter(edge, signal, batch, slower, known))
}

const byFirstMethod = (state: SignalState, settings: JudgeSettings, signal: SignalSettings, batch: Counts): SignalState => {
  const batches = state.batches + 1
  return {
    ...state,
    batches,
    harm: harmAfter(state.harm, batches, batch, signal.tolerate, settings.horizon),
    acceptance: acceptanceAfter(state.acceptance, batch, signal.unacceptable),
  }
}

const bySecondMethod = (
  state: SignalState,
  settings: JudgeSettings,
  signal: SignalSettings,
  batch: Counts,
  slower: readonly SlowerCounts[],
  histograms: number,
): SignalState => {
  const { horizon } = settings
  const dispersion = dispersionAfter(
    state.dispersion,
    { requests: state.last.stable, events: state.last.stableBad },
    { requests: batch.stable, events: batch.stableBad },
  )
  const compared = comparable(batch)
  const batches = state.batches + (compared ? 1 : 0)
  const edges = edgesAfter(state, signal, batch, slower, { index: batches, horizon, histograms })
  const next: SignalState = {
    ...state,
    batches,
    ...(dispersion.events > 0 ? { dispersion } : {}),
    ...(edges === undefined ? {} : { edges: [...edges] }),
  }
  if (!compared) return next
  const known = dispersionUsed(signal, state.dispersion)
  return {
    ...next,
    ...harmProcessAfter(state, fine, batches, batch, { tolerate: signal.tolerate, horizon, dispersion: known }),
    acceptance: acceptanceAfter(state.acceptance, batch, signal.unacceptable).map(kept),
  }
}

/**
 * Carries one signal over a batch. One that gave no answer adds nothing to any of its e-processes; its next batch is a neighbour of the last that it answered. The edges of
 * all `histograms` of the rollout share the room there is.
 */
export const signalAfter = (
  settings: JudgeSettings,
  signal: SignalSettings,
  before: SignalState,
  batch: Observed,
  histograms = 1,
): SignalState => {
  const { unanswered: _, ...state } = before
  if (!answered(batch)) return { ...state, unanswered: batch.unanswered.slice(0, 300).toWellFormed() }
  const { canary, canaryBad, stable, stableBad } = batch
  const last = { canary, canaryBad, stable, stableBad }
  const next =
    settings.method === 2
      ? bySecondMethod(state, settings, signal, last, slowerOf(batch), histograms)
      : comparable(last)
        ? byFirstMethod(state, settings, signal, last)
        : state
  return { ...next, total: plus(state.total, last), last }
}

/** By what a signal's evidence is divided; 1 in records of release 0.1, which did not. */
export const dispersionOfSignal = (settings: JudgeSettings, signal: SignalSettings, state: SignalState): number =>
  settings.method === 2 ? dispersionUsed(signal, state.dispersion) : 1

/** Natural logarithm of a signal's harm e-value. Of a histogram: of the weighted mean of its limit's and of its edges'. */
export const signalHarm = (settings: JudgeSettings, signal: SignalSettings, state: SignalState): number => {
  const { horizon } = settings
  if (settings.method !== 2) return harmEvidence(state.harm, state.batches, horizon)
  const { batches, edges } = state
  const dispersion = dispersionUsed(signal, state.dispersion)
  const limit = harmProcessEvidence(state, fine, batches, horizon, dispersion)
  if (edges === undefined) return limit
  return logAdd(Math.log(onLimit) + limit, Math.log(1 - onLimit) + edgesEvidence(edges, signal, { batches, horizon, dispersion }))
}

/**
 * Natural logarithm of a signal's acceptance e-value. Of a histogram: of its configured limit alone, since a mean over edges would prove only that the canary is
 * acceptable at *some* edge, and what was declared unacceptable is stated of the limit.
 */
export const signalAcceptance = (settings: JudgeSettings, signal: SignalSettings, state: SignalState): number =>
  acceptanceEvidence(
    state.acceptance,
    { requests: state.total.canary, bad: state.total.canaryBad },
    signal.acceptable,
    dispersionOfSignal(settings, signal, state),
  )
