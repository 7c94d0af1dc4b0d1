import { coarse } from './alternatives.ts'
import { dispersionAfter, dispersionUsed } from './dispersion.ts'
import { harmProcessAfter, harmProcessEvidence } from './harm-process.ts'
import type { Counts, EdgeState, SignalSettings } from './judge-state.ts'
import { logMean } from './log-space.ts'
import type { SlowerCounts } from './observed.ts'
import { comparable } from './relative-evidence.ts'

/** Shares of the stable arm's requests that the edges should have above them, those first that are wanted also where there may be few: the tail, the median and what lies between. */
const wanted = [0.1, 0.5, 0.02, 0.3, 0.05, 0.2, 0.01] as const

/** Edges of all signals together: each is half a kilobyte of a ledger's state of 32 in all, which holds a rollout for each of several environments. */
const mostOfAll = 10

/** How many edges each of so many histograms may have. */
export const mostEdges = (histograms: number): number =>
  Math.max(1, Math.min(wanted.length, Math.floor(mostOfAll / Math.max(1, histograms))))

/** Requests of the stable arm that its edges are chosen from. */
const enough = 50

/** Shares beyond which an edge says little: almost all requests are slower, or almost none. */
const [rarest, commonest] = [0.003, 0.9] as const

const distance = (share: number, target: number): number => Math.abs(Math.log(share / target))

/**
 * Chooses up to `most` edges, or null where the batch is too small: all that a fair share of the stable arm's requests is slower than, or where there are more those whose shares
 * are nearest to the wanted ones. The edge whose counts are those of `bad` is left out: it is the configured limit, which is judged anyway. What a batch was used for choosing, it is
 * not judged by: the choice would favour what it shows.
 */
export const chooseEdges = (batch: Counts, slower: readonly SlowerCounts[], most: number = wanted.length): readonly number[] | null => {
  if (batch.stable < enough) return null
  const candidates = slower
    .map(({ edge, canary, stable }) => ({
      edge,
      share: stable / batch.stable,
      limit: canary === batch.canaryBad && stable === batch.stableBad,
    }))
    .filter(({ share, limit }) => share >= rarest && share <= commonest && !limit)
  const chosen = new Set(candidates.length <= most ? candidates.map(({ edge }) => edge) : [])
  for (const target of chosen.size === 0 ? wanted.slice(0, most) : []) {
    const [first, ...others] = candidates.filter(({ edge }) => !chosen.has(edge))
    if (first === undefined) break
    chosen.add(others.reduce((best, one) => (distance(one.share, target) < distance(best.share, target) ? one : best), first).edge)
  }
  return [...chosen].sort((a, b) => a - b)
}

export const newEdge = (edge: number, slower: readonly SlowerCounts[]): EdgeState => ({
  edge,
  last: slower.find(one => one.edge === edge)?.stable ?? null,
  harm: [],
})

/** Carries one edge over a batch. An edge that the batch does not have adds nothing. `dispersion` is that of the signal's limit, before this batch: an edge is taken for no steadier. */
export const edgeAfter = (
  state: EdgeState,
  signal: SignalSettings,
  batch: Counts,
  slower: readonly SlowerCounts[],
  at: { readonly index: number; readonly horizon: number; readonly stableBefore: number; readonly dispersion: number },
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
  const known = Math.max(at.dispersion, dispersionUsed(signal, state.dispersion))
  return {
    ...next,
    ...harmProcessAfter(state, coarse, at.index, seen, { tolerate: signal.tolerate, horizon: at.horizon, dispersion: known }),
  }
}

/** Natural logarithm of the mean of the edges' harm e-values: one-sided, against "slower at no edge". 0 before they were chosen. `dispersion` is that of the signal's limit. */
export const edgesEvidence = (
  edges: readonly EdgeState[],
  signal: SignalSettings,
  at: { readonly batches: number; readonly horizon: number; readonly dispersion: number },
): number =>
  logMean(
    edges.map(edge =>
      harmProcessEvidence(edge, coarse, at.batches, at.horizon, Math.max(at.dispersion, dispersionUsed(signal, edge.dispersion))),
    ),
  )
