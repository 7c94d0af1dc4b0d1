import { UserError } from '../../core/errors.ts'
import { edgeOf } from '../../core/rollout/histogram.ts'
import type { Minute } from '../../ports/signals.ts'
import type { Range } from './client.ts'
import { shownSeries } from './counters.ts'

/** Growth of one series in each minute: from 0 where it begins after the first instant, all that it shows where it went down. */
const growthOf = (range: Range, from: number, minutes: number): readonly number[] => {
  const at = new Map(range.samples.map(([instant, value]) => [Math.round((instant - from) / 60), value] as const))
  for (const value of at.values())
    if (!Number.isFinite(value) || value < 0) throw new UserError(`${shownSeries(range.labels)} is ${value} in its history, and no counter`)
  let last: number | null = at.get(0) ?? 0
  return Array.from({ length: minutes }, (_, index) => {
    const value = at.get(index + 1)
    if (value === undefined) return 0
    const grown = value >= (last ?? 0) ? value - (last ?? 0) : value
    last = value
    return grown
  })
}

const sums = (ranges: readonly Range[], from: number, minutes: number): readonly number[] => {
  const total = new Array<number>(minutes).fill(0)
  for (const range of ranges)
    for (const [minute, grown] of growthOf(range, from, minutes).entries()) total[minute] = (total[minute] ?? 0) + grown
  return total
}

/** Requests and bad ones of each minute, oldest first. With `over`, `bad` are all buckets of a histogram, and bad is slower than that edge. */
export const minutesOf = (
  total: readonly Range[],
  bad: readonly Range[],
  span: { readonly from: number; readonly minutes: number; readonly over?: number },
): readonly Minute[] => {
  const { from, minutes, over } = span
  const all = sums(total, from, minutes)
  if (over === undefined) {
    const wrong = sums(bad, from, minutes)
    return all.map((count, minute) => ({ total: count, bad: wrong[minute] ?? 0 }))
  }
  const within = sums(
    bad.filter(({ labels }) => edgeOf(labels.le ?? '') === over),
    from,
    minutes,
  )
  return all.map((count, minute) => ({ total: count, bad: Math.max(0, count - (within[minute] ?? 0)) }))
}
