import { twoSidedQuantile } from '../statistics/interval.ts'
import { detectableDifference } from '../statistics/power.ts'
import { aboutRows } from './figures.ts'

/** A comparison that has not told yet, and how far the truth would lie from the limit in the two cases that people ask about. */
export interface Undecided {
  readonly rows: number
  /** The difference that these rows show in 4 of 5 cases. */
  readonly detectable: number
  /** Distance to the limit if the difference seen is the true one. */
  readonly seen: number
  /** Distance to the limit if the two are equal; 0 where no number of rows would tell then. */
  readonly equal: number
}

/** More rows than anybody has say nothing. */
const mostRows = 1e10

/**
 * Rows that show a `gap` in 4 of 5 cases where `rows` of the same kind show `detectable`: standard errors shrink with the root of the rows. Null where no number
 * would.
 */
export const rowsNeeded = (rows: number, detectable: number, gap: number): number | null => {
  const needed = Math.max(rows, rows * (detectable / gap) ** 2)
  return needed <= mostRows ? needed : null
}

/** How many rows it would take, in words that follow a sentence; empty where that is not known. */
export const rowsWords = ({ rows, detectable, seen, equal }: Undecided): string => {
  const [real, same] = [seen, equal].map(gap => rowsNeeded(rows, detectable, Math.abs(gap)))
  const told = same == null ? null : aboutRows(same)
  if (real == null || aboutRows(real) === told) return told === null ? '' : `; about ${told} rows would tell if the two are equal`
  return `; about ${aboutRows(real)} rows would tell if the difference seen is real${told === null ? '' : `, ${told} if the two are equal`}`
}

/** The same for one model's value whose interval of this confidence reaches `reach` towards a bound that is `gap` away. */
export const rowsForValue = (rows: number, reach: number, gap: number, confidence: number): string => {
  const needed = rowsNeeded(rows, detectableDifference(reach / twoSidedQuantile(confidence), confidence), gap)
  return needed === null ? '' : `; about ${aboutRows(needed)} rows would tell if the value seen is real`
}
