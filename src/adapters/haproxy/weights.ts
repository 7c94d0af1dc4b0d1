import { UserError } from '../../core/errors.ts'
import type { Slot } from '../../core/lineage/events.ts'
import { otherSlot } from '../../core/rollout/batch.ts'

/** The largest weight that HAProxy takes, and ours for both servers together. */
const largestSum = 256

/** Per cent points within which a share other than 0 and 100 counts as met. */
export const grain = 0.25

/** All of the traffic in hundredths of a per cent, the smallest difference between two shares that is told. */
export const everything = 10_000

/** Hundredths of a per cent by which small weights may miss a share. */
const tolerance = 5

export type Weights = Readonly<Record<Slot, number>>

/** The share of blue in hundredths of a per cent where `slot` has so many per cent. Neither nothing nor everything unless it is exactly that. */
export const blueShareOf = (slot: Slot, percent: number): number => {
  const own = percent <= 0 ? 0 : percent >= 100 ? everything : Math.min(everything - 1, Math.max(1, Math.round(percent * 100)))
  return slot === 'blue' ? own : everything - own
}

/**
 * How large weights are to be, by the balance algorithm. After a change round robin goes on from the places that its servers had in a turn of 16 times the sum of
 * the weights, and of a long turn that can be hundreds of requests to one server. Hashes and `random` give a server 16 places on a ring for each 1 of its weight,
 * and the fewer there are, the less equal they are.
 */
export type Size = 'small' | 'large'

/** The size for an algorithm as `show stat` names it; null (it does not say) is taken for round robin. */
export const sizeFor = (algorithm: string | null): Size => (algorithm === null || algorithm === 'roundrobin' ? 'small' : 'large')

const smallest = (blueShare: number): Weights => {
  if (blueShare === 0 || blueShare === everything) return { blue: blueShare / everything, green: 1 - blueShare / everything }
  const candidates = Array.from({ length: largestSum - 1 }, (_, index) => {
    const sum = index + 2
    const blue = Math.min(sum - 1, Math.max(1, Math.round((blueShare * sum) / everything)))
    return { blue, green: sum - blue, missed: Math.abs(blue * everything - blueShare * sum) / sum }
  })
  const nearest = Math.min(...candidates.map(({ missed }) => missed))
  const within = (most: number) => candidates.find(({ missed }) => missed <= most)
  const { blue, green } = within(0) ?? (within(Math.max(tolerance, nearest)) as (typeof candidates)[number])
  return { blue, green }
}

/**
 * The weights of a share of blue (hundredths of a per cent): of all whole weights with a sum of at most 256 the smallest that meet it exactly, else the smallest
 * within 0.05 per cent points, else the nearest. Large ones are the same times the largest whole number that keeps the sum.
 */
export const weightsOf = (blueShare: number, size: Size): Weights => {
  const { blue, green } = smallest(blueShare)
  const times = size === 'small' ? 1 : Math.floor(largestSum / (blue + green))
  return { blue: blue * times, green: green * times }
}

/** Throws a UserError where no weights come near a share: one just above 0, or just below everything. */
export const assertMet = (slot: Slot, percent: number): void => {
  if (isShare(smallest(blueShareOf(slot, percent)), slot, percent)) return
  throw new UserError(
    percent < 50
      ? `HAProxy cannot give ${percent} % of the traffic: the smallest share is 1/256 (0.39 %). Use a larger first step.`
      : `HAProxy cannot give ${percent} % of the traffic: the largest share below 100 % is 255/256 (99.61 %). Use a smaller step, or 100.`,
  )
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

/**
 * Whose weight to write first, so that in between `slot` never has more than the larger of its shares before and after, and somebody always has some. One of
 * the two orders always is so. Where both are, the one that is not below the smaller share either, then the one with the smaller sum in between: a server that
 * gets its first weight beside a large one waits for its turn among as many.
 */
export const firstToWrite = (before: Weights, after: Weights, slot: Slot): Slot => {
  const [least = 0, most = 0] = [shareOf(before, slot), shareOf(after, slot)].sort((one, two) => one - two)
  const safe = [slot, otherSlot(slot)]
    .map(first => {
      const between: Weights = { ...before, [first]: after[first] }
      return { first, sum: between.blue + between.green, share: shareOf(between, slot) }
    })
    .filter(({ sum, share }) => sum > 0 && share <= most)
    .sort((one, two) => one.sum - two.sum)
  return (safe.find(({ share }) => share >= least) ?? safe[0])?.first ?? slot
}
