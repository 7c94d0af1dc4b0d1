import { UserError } from '../../core/errors.ts'
import type { Slot } from '../../core/lineage/events.ts'

/** Both slots together always have this much, the largest weight that HAProxy takes. */
export const fullWeight = 256

export type Weights = Readonly<Record<Slot, number>>

/**
 * HAProxy's weights are whole numbers from 0 to 256, so a share is met within 0.2 per cent points. Both slots are set, since weights are relative.
 * Throws where a share above 0 would become 0.
 */
export const weightsFor = (slot: Slot, percent: number): Weights => {
  const weight = percent === 100 ? fullWeight : Math.min(fullWeight - 1, Math.round((percent / 100) * fullWeight))
  if (percent > 0 && weight === 0)
    throw new UserError(`HAProxy cannot give ${percent} % of the traffic: the smallest share is 1/256 (0.39 %). Use a larger first step.`)
  return slot === 'blue' ? { blue: weight, green: fullWeight - weight } : { blue: fullWeight - weight, green: weight }
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
  return Math.abs(share - percent) <= 0.25
}

/** Whether a move between two weights was stopped in its middle: each server has its weight from before or from after. */
export const isBetween = (weights: Weights, before: Weights, after: Weights): boolean =>
  (weights.blue === before.blue || weights.blue === after.blue) && (weights.green === before.green || weights.green === after.green)
