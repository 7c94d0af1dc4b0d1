import type { ReportedValue } from '../lineage/run.ts'

/** Metrics as one file gives them. Of files with the same rank none counts more than another; a lower rank counts more. */
export interface Reading {
  /** As people name it: a path from the folder of the model. */
  readonly file: string
  readonly rank: number
  readonly metrics: Readonly<Record<string, ReportedValue>>
}

export interface Merged {
  readonly reported: Record<string, ReportedValue>
  /** The file that each metric was taken from. */
  readonly from: Record<string, string>
  /** Metrics that are not taken because files of one rank disagree. */
  readonly disputed: readonly string[]
  /** Which file counts where files of different ranks disagree. */
  readonly overruled: readonly string[]
}

const mostNamed = 5

const listed = (names: readonly string[]): string =>
  names.length <= mostNamed ? names.join(', ') : `${names.slice(0, mostNamed).join(', ')} and ${names.length - mostNamed} more`

/**
 * Puts readings together: the file of the lowest rank has the word on each metric, and others only fill in what it lacks. Files of one rank that disagree on a
 * metric leave it out, also for all files after them: a number that nobody can vouch for is no number.
 */
export const mergeReadings = (readings: readonly Reading[]): Merged => {
  const taken = new Map<string, { readonly value: ReportedValue; readonly file: string }>()
  const blocked = new Set<string>()
  const disputed: string[] = []
  const overruled: string[] = []
  for (const rank of [...new Set(readings.map(reading => reading.rank))].sort((a, b) => a - b)) {
    const group = readings.filter(reading => reading.rank === rank)
    const earlier = new Map(taken)
    const refused = new Map<string, Set<string>>()
    for (const { file, metrics } of group) {
      const others = new Map<string, string[]>()
      for (const [name, value] of Object.entries(metrics)) {
        const above = earlier.get(name)
        if (above !== undefined) {
          if (!Object.is(above.value, value)) others.set(above.file, [...(others.get(above.file) ?? []), name])
          continue
        }
        const beside = taken.get(name)
        if (blocked.has(name) && !refused.has(name)) continue
        if (beside === undefined && !blocked.has(name)) taken.set(name, { value, file })
        else if (beside !== undefined && Object.is(beside.value, value)) continue
        else {
          refused.set(name, (refused.get(name) ?? new Set(beside ? [beside.file] : [])).add(file))
          blocked.add(name)
          taken.delete(name)
        }
      }
      for (const [winner, names] of others)
        overruled.push(`${file} holds other values of ${listed(names)} than ${winner}: those of ${winner} count`)
    }
    for (const [name, files] of refused)
      disputed.push(
        `${[...files].join(' and ')} hold different values of ${name}, so none is taken: name the file that counts in train.metrics`,
      )
  }
  const entries = [...taken]
  return {
    reported: Object.fromEntries(entries.map(([name, { value }]) => [name, value])),
    from: Object.fromEntries(entries.map(([name, { file }]) => [name, file])),
    disputed,
    overruled,
  }
}
