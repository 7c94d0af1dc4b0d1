import type { Slot } from '../../core/lineage/events.ts'
import { otherSlot } from '../../core/rollout/batch.ts'
import { type Layout, type Services, type Split, shareOf } from './layout.ts'
import { markOperations, type Withdrawn } from './marks.ts'
import { type Operation, pointer } from './patch.ts'
import type { HttpRoute } from './route.ts'
import { type Weights, weightsFor } from './weights.ts'

const bothSlots = ['blue', 'green'] as const
const refPath = (rule: number, at: number, ...rest: readonly string[]) => pointer('spec', 'rules', rule, 'backendRefs', at, ...rest)

/** That the object is the one that was read: its version, and the Service at each place that is written to. */
const guards = (route: HttpRoute, services: Services, splits: readonly Split[]): readonly Operation[] => [
  { op: 'test', path: pointer('metadata', 'resourceVersion'), value: route.metadata.resourceVersion },
  ...splits.flatMap(({ rule, at }) =>
    bothSlots.flatMap(slot =>
      at[slot].map((place): Operation => ({ op: 'test', path: refPath(rule, place, 'name'), value: services[slot] })),
    ),
  ),
]

const hasWeights = (split: Split, weights: Weights): boolean => split.weights.blue === weights.blue && split.weights.green === weights.green

/** Explicit weights for both, since one that is left out is 1. A backend that was withdrawn is put back once it is to get traffic. */
const weigh = ({ rule, at, withdrawn }: Split, weights: Weights): readonly Operation[] =>
  bothSlots.flatMap((slot): readonly Operation[] => {
    if (at[slot].length > 0)
      return at[slot].map((place, index) => ({ op: 'add', path: refPath(rule, place, 'weight'), value: index === 0 ? weights[slot] : 0 }))
    if (withdrawn === null || weights[slot] === 0) return []
    return [{ op: 'add', path: pointer('spec', 'rules', rule, 'backendRefs', '-'), value: { ...withdrawn.ref, weight: weights[slot] } }]
  })

const stillWithdrawn = (splits: readonly Split[], weights: Weights): readonly Withdrawn[] =>
  splits.flatMap(({ withdrawn, at }) => {
    const gone = bothSlots.find(slot => at[slot].length === 0)
    return withdrawn !== null && gone !== undefined && weights[gone] === 0 ? [withdrawn] : []
  })

export interface Move {
  /** Empty where the route is as wanted. */
  readonly operations: readonly Operation[]
  /** Slots that get more traffic by it. */
  readonly raised: readonly Slot[]
}

/** What gives `slot` this share in every rule that names both Services. */
export const shareMove = (
  route: HttpRoute,
  services: Services,
  layout: Layout,
  change: { readonly slot: Slot; readonly percent: number; readonly seq: number },
): Move => {
  const weights = weightsFor(change.slot, change.percent)
  const moved = layout.splits.filter(split => !hasWeights(split, weights))
  const marks = markOperations(route, services, { seq: change.seq, weights, withdrawn: stillWithdrawn(layout.splits, weights) })
  const changes = [...moved.flatMap(split => weigh(split, weights)), ...marks]
  const share = weights.blue + weights.green
  return {
    operations: changes.length === 0 ? [] : [...guards(route, services, layout.splits), ...changes],
    raised: bothSlots.filter(slot => layout.splits.some(split => shareOf(split, slot) < (weights[slot] / share) * 100 - 1e-9)),
  }
}

/**
 * What leaves all traffic in `slot`: the weights of every split, mirrors to the other slot, rules of ours that lead to it, and the other slot's place in rules
 * that keep sessions.
 */
export const restoreMove = (
  route: HttpRoute,
  services: Services,
  layout: Layout,
  change: { readonly slot: Slot; readonly seq: number },
): Move => {
  const other = otherSlot(change.slot)
  const weights = weightsFor(change.slot, 100)
  const left = layout.splits.filter(split => split.sticky && split.at[other].length > 0)
  // A slot that is given everything is never one that stays withdrawn.
  const withdrawn: readonly Withdrawn[] = [
    ...stillWithdrawn(layout.splits, weights),
    ...left.flatMap(({ rule, at }) => {
      const ref = route.spec.rules[rule]?.backendRefs[at[other][0] ?? -1]
      return ref === undefined ? [] : [{ rule, ref }]
    }),
  ]
  const removedRules = layout.singles.filter(({ slot, ours }) => slot === other && ours).map(({ rule }) => rule)
  // Positions of rules that move up when one before them is removed.
  const shifted = withdrawn.map(({ rule, ref }) => ({ rule: rule - removedRules.filter(removed => removed < rule).length, ref }))
  const removals = [
    ...layout.mirrors
      .filter(({ slot }) => slot === other)
      .map(({ rule, backend, filter }) =>
        backend === null ? pointer('spec', 'rules', rule, 'filters', filter) : refPath(rule, backend, 'filters', String(filter)),
      )
      // From the last to the first, so that a removal moves none that is still to be removed.
      .reverse(),
    ...left.flatMap(({ rule, at }) => at[other].toReversed().map(place => refPath(rule, place))),
    ...removedRules.toReversed().map(rule => pointer('spec', 'rules', rule)),
  ].map((path): Operation => ({ op: 'remove', path }))
  const moved = layout.splits.filter(split => !hasWeights(split, weights))
  const changes = [
    ...moved.flatMap(split => weigh(split, weights)),
    ...removals,
    ...markOperations(route, services, { seq: change.seq, weights, withdrawn: shifted }),
  ]
  return { operations: changes.length === 0 ? [] : [...guards(route, services, layout.splits), ...changes], raised: [] }
}
