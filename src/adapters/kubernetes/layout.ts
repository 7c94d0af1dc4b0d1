import type { Slot } from '../../core/lineage/events.ts'
import { otherSlot } from '../../core/rollout/batch.ts'
import type { Marks, Withdrawn } from './marks.ts'
import type { BackendRef, HttpRoute, Rule } from './route.ts'
import type { Weights } from './weights.ts'

export type Services = Readonly<Record<Slot, string>>

/** A rule that splits its traffic between the two slots. */
export interface Split {
  readonly rule: number
  /** Positions among the rule's backends: one, none where it was withdrawn and gets nothing, several where the rule names the Service more than once. */
  readonly at: Readonly<Record<Slot, readonly number[]>>
  readonly weights: Weights
  /** What other backends of the rule weigh. */
  readonly others: number
  /** Sessions stay with their backend even at weight 0 (GEP-1619). */
  readonly sticky: boolean
  readonly withdrawn: Withdrawn | null
}

/** A filter that sends copies of requests to a slot: of a rule, or of one of its backends. */
export interface Mirror {
  readonly rule: number
  readonly backend: number | null
  readonly filter: number
  readonly slot: Slot
}

/** A rule that names one slot only, such as one for a header. `ours`: its name says that Refline may remove it. */
export interface Single {
  readonly rule: number
  readonly slot: Slot
  readonly ours: boolean
}

/** Everything in a route that leads to a slot. */
export interface Layout {
  readonly splits: readonly Split[]
  readonly singles: readonly Single[]
  readonly mirrors: readonly Mirror[]
}

/** Rules whose name begins so may be removed when all traffic is given back. */
export const ownRulePrefix = 'refline-'

/** A rule for people: "rule 2", or "rule 2 (checkout)"; rules count from 1. */
export const ruleInWords = (route: HttpRoute, rule: number): string => {
  const name = route.spec.rules[rule]?.name
  return name === undefined ? `rule ${rule + 1}` : `rule ${rule + 1} (${name})`
}

/** Finds what leads to the two Services of a namespace. */
export const layoutOf = (route: HttpRoute, namespace: string, services: Services, marks: Marks): Layout => {
  const slotOf = (ref: BackendRef): Slot | null => {
    if (ref.group !== '' || ref.kind !== 'Service' || (ref.namespace ?? namespace) !== namespace) return null
    if (ref.name === services.blue) return 'blue'
    return ref.name === services.green ? 'green' : null
  }
  const mirrorsOf = (rule: Rule, index: number): readonly Mirror[] =>
    [{ backend: null, filters: rule.filters }, ...rule.backendRefs.map(({ filters }, backend) => ({ backend, filters }))].flatMap(
      ({ backend, filters }) =>
        filters.flatMap(({ requestMirror }, filter) => {
          const slot = requestMirror === undefined ? null : slotOf(requestMirror.backendRef)
          return slot === null ? [] : [{ rule: index, backend, filter, slot }]
        }),
    )
  const splits: Split[] = []
  const singles: Single[] = []
  for (const [index, rule] of route.spec.rules.entries()) {
    const places: Record<Slot, number[]> = { blue: [], green: [] }
    for (const [at, ref] of rule.backendRefs.entries()) {
      const slot = slotOf(ref)
      if (slot !== null) places[slot].push(at)
    }
    const withdrawn = marks.withdrawn.find(({ rule: of }) => of === index) ?? null
    const missing = places.blue.length === 0 ? 'blue' : 'green'
    const isWithdrawn = withdrawn?.ref.name === services[missing] && places[missing].length === 0 && places[otherSlot(missing)].length > 0
    if ((places.blue.length > 0 && places.green.length > 0) || isWithdrawn) {
      const weighOf = (slot: Slot) => places[slot].reduce((sum, at) => sum + (rule.backendRefs[at]?.weight ?? 0), 0)
      const all = rule.backendRefs.reduce((sum, { weight }) => sum + weight, 0)
      const weights = { blue: weighOf('blue'), green: weighOf('green') }
      splits.push({
        rule: index,
        at: places,
        weights,
        others: all - weights.blue - weights.green,
        sticky: rule.sessionPersistence !== undefined,
        withdrawn: isWithdrawn ? withdrawn : null,
      })
    } else
      for (const slot of ['blue', 'green'] as const)
        if (places[slot].length > 0) singles.push({ rule: index, slot, ours: rule.name?.startsWith(ownRulePrefix) ?? false })
  }
  return { splits, singles, mirrors: route.spec.rules.flatMap(mirrorsOf) }
}

/** The share of a slot in one rule, in per cent; 0 where nothing has a weight (the gateway then answers every request with an error). */
export const shareOf = ({ weights, others }: Split, slot: Slot): number => {
  const sum = weights.blue + weights.green + others
  return sum === 0 ? 0 : (weights[slot] / sum) * 100
}

/**
 * The split to show for the whole route. Where rules disagree it is the one that is farthest from what Refline last wrote, so that nobody takes a route half of
 * which was changed for one that is as it should be.
 */
export const shownSplit = (splits: readonly Split[], marks: Marks): Split | null => {
  const written = marks.weights?.weights
  const expected = written === undefined ? 0 : (written.green / (written.blue + written.green || 1)) * 100
  const distance = (split: Split) => Math.abs(shareOf(split, 'green') - expected)
  return splits.reduce<Split | null>((worst, split) => (worst === null || distance(split) > distance(worst) ? split : worst), null)
}
