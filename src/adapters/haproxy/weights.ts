import { UserError } from '../../core/errors.ts'
import type { Slot } from '../../core/lineage/events.ts'

/** Both slots together always have this much, the largest weight that HAProxy takes. */
export const fullWeight = 256

/** Per cent points within which a share other than 0 and 100 counts as met: whole weights of 256 are at most 0.2 away. */
export const grain = 0.25

export type Weights = Readonly<Record<Slot, number>>

/** HAProxy's weights are whole numbers from 0 to 256, so a share is met within 0.2 per cent points. Both slots are set, since weights are relative. */
export const nearestWeights = (slot: Slot, percent: number): Weights => {
  const weight = percent === 100 ? fullWeight : Math.min(fullWeight - 1, Math.round((percent / 100) * fullWeight))
  return slot === 'blue' ? { blue: weight, green: fullWeight - weight } : { blue: fullWeight - weight, green: weight }
}

/** The weights of a share. Throws a UserError where a share above 0 would become 0. */
export const weightsFor = (slot: Slot, percent: number): Weights => {
  const weights = nearestWeights(slot, percent)
  if (percent > 0 && weights[slot] === 0)
    throw new UserError(`HAProxy cannot give ${percent} % of the traffic: the smallest share is 1/256 (0.39 %). Use a larger first step.`)
  return weights
}

/** The share of a slot in per cent; 0 where neither has any weight. */
export const shareOf = (weights: Weights, slot: Slot): number => {
  const sum = weights.blue + weights.green
  return sum === 0 ? 0 : (weights[slot] / sum) * 100
}

/** Whether weights stand for a share: 0 and 100 exactly, others within HAProxy's grain. */
export const isShare = (weights: Weights, slot: Slot, percent: number): boolean => {
  const share = shareOf(weights, slot)
  if (percent === 0 || percent === 100) return share === percent && weights.blue + weights.green > 0
  return Math.abs(share - percent) <= grain
}

/** Whether a move between two weights was stopped in its middle: each server has its weight from before or from after. */
export const isBetween = (weights: Weights, before: Weights, after: Weights): boolean =>
  (weights.blue === before.blue || weights.blue === after.blue) && (weights.green === before.green || weights.green === after.green)
