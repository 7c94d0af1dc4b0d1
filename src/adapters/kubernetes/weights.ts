import { UserError } from '../../core/errors.ts'
import type { Slot } from '../../core/lineage/events.ts'

export type Weights = Readonly<Record<Slot, number>>

/** The largest weight that the Gateway API takes. */
const largestWeight = 1_000_000

/**
 * Weights that give `slot` this share: out of 100 where that meets it, else out of the smallest power of ten that does, at most a million. Throws a UserError
 * where a share above 0 would become 0, or one below 100 everything.
 */
export const weightsFor = (slot: Slot, percent: number): Weights => {
  let whole = 100
  const exact = (total: number) => (percent * total) / 100
  while (whole < largestWeight && Math.abs(exact(whole) - Math.round(exact(whole))) > 1e-6) whole *= 10
  const weight = Math.round(exact(whole))
  if ((percent > 0 && weight === 0) || (percent < 100 && weight === whole))
    throw new UserError(`an HTTPRoute cannot give ${percent} % of the traffic: weights are whole numbers up to a million`)
  return slot === 'blue' ? { blue: weight, green: whole - weight } : { blue: whole - weight, green: weight }
}

/** Per cent points within which a share counts as met; 0 and 100 are exact. */
const grain = 0.001

export const sameShare = (share: number, percent: number): boolean =>
  percent === 0 || percent === 100 ? share === percent : share > 0 && share < 100 && Math.abs(share - percent) <= grain

/** A share for people: at most four decimals. */
export const shareInWords = (share: number): string => `${Number(share.toFixed(4))} %`
