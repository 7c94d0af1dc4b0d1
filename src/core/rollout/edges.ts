import { coarse } from './alternatives.ts'
import { dispersionAfter, dispersionUsed } from './dispersion.ts'
import { harmProcessAfter, harmProcessEvidence } from './harm-process.ts'
import type { Counts, EdgeState, SignalSettings } from './judge-state.ts'
import { logMean } from './log-space.ts'
import type { SlowerCounts } from './observed.ts'
import { comparable } from './relative-evidence.ts'

/** Shares of the stable arm's requests that the edges should have above them: the median, the tail and what lies between. */
const wanted = [0.5, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01] as const

/** Requests of the stable arm that its edges are chosen from. */
const enough = 50

const distance = (share: number, target: number): number => Math.abs(Math.log(share / target))

/**
 * Chooses up to seven edges whose share of slower requests in the stable arm is nearest to the wanted ones, or null where the batch is too small. The edge whose counts are
 * those of `bad` is left out: it is the configured limit, which is judged anyway. What a batch was used for choosing, it is not judged by: the choice would favour what it shows.
 */
export const chooseEdges = (batch: Counts, slower: readonly SlowerCounts[]): readonly number[] | null => {
  if (batch.stable < enough) return null
  const candidates = slower.filter(
    ({ canary, stable }) => stable > 0 && stable < batch.stable && !(canary === batch.canaryBad && stable === batch.stableBad),
  )
  const chosen = new Set<number>()
  for (const target of wanted) {
    const left = candidates.filter(({ edge }) => !chosen.has(edge))
    const nearest = left.reduce<SlowerCounts | undefined>(
      (best, one) =>
        best === undefined || distance(one.stable / batch.stable, target) < distance(best.stable / batch.stable, target) ? one : best,
      undefined,
    )
    // An edge that is nearer to another wanted share is not taken twice over: neighbours say almost the same.
    if (nearest !== undefined && distance(nearest.stable / batch.stable, target) < Math.log(2)) chosen.add(nearest.edge)
  }
  return [...chosen].sort((a, b) => a - b)
}

export const newEdge = (edge: number, slower: readonly SlowerCounts[]): EdgeState => ({
  edge,
  last: slower.find(one => one.edge === edge)?.stable ?? null,
  harm: [],
})

/** Carries one edge over a batch. An edge that the batch does not have adds nothing. */
export const edgeAfter = (
  state: EdgeState,
  signal: SignalSettings,
  batch: Counts,
  slower: readonly SlowerCounts[],
  at: { readonly index: number; readonly horizon: number; readonly stableBefore: number },
): EdgeState => {
  const found = slower.find(({ edge }) => edge === state.edge)
  if (found === undefined) return { ...state, last: null }
  const dispersion = dispersionAfter(
    state.dispersion,
    { requests: state.last === null ? 0 : at.stableBefore, events: state.last ?? 0 },
    { requests: batch.stable, events: found.stable },
  )
  const next: EdgeState = { ...state, last: found.stable, ...(dispersion.events > 0 ? { dispersion } : {}) }
  if (!comparable(batch)) return next
  const seen = { ...batch, canaryBad: found.canary, stableBad: found.stable }
  const known = dispersionUsed(signal, state.dispersion)
  return {
    ...next,
    ...harmProcessAfter(state, coarse, at.index, seen, { tolerate: signal.tolerate, horizon: at.horizon, dispersion: known }),
  }
}

/** Natural logarithm of the mean of the edges' harm e-values: one-sided, against "slower at no edge". 0 before they were chosen. */
export const edgesEvidence = (edges: readonly EdgeState[], signal: SignalSettings, batches: number, horizon: number): number =>
  logMean(edges.map(edge => harmProcessEvidence(edge, coarse, batches, horizon, dispersionUsed(signal, edge.dispersion))))
