import { type Fault, faultsOf, noFaults, plannedFaults } from './faults.ts'
import type { Production } from './production.ts'
import { type Finished, runSchedule, type Story } from './schedule.ts'

const grouped = new Intl.NumberFormat('en-US')

/** Counts what was run. */
export const tally = () => {
  const counts = { schedules: 0, calls: 0, faults: 0, violations: 0 }
  return {
    counts,
    add: ({ trace, violations }: Finished) => {
      counts.schedules += 1
      counts.calls += trace.length
      counts.faults += trace.reduce((sum, [, , , fault]) => sum + (fault === '' ? 0 : 1), 0)
      counts.violations += violations.length
    },
    words: (what: string, milliseconds: number): string => {
      const seconds = milliseconds / 1000
      const rate = grouped.format(Math.round(counts.calls / seconds))
      return `${grouped.format(counts.schedules)} ${what}: ${grouped.format(counts.calls)} I/Os (${rate}/s), ${grouped.format(counts.faults)} faults, ${counts.violations} violations, ${seconds.toFixed(1)} s`
    },
  }
}

export type Tally = ReturnType<typeof tally>

const scheduleSeed = 7

/**
 * Runs a story with every fault at every call, or every pair of them. The second fault of a pair may hit any call after the first, as that one has changed the
 * course of things. `part` of `parts` is run.
 */
export async function* exhaustive(
  production: Production,
  story: Story,
  size: 1 | 2,
  part: number,
  parts: number,
): AsyncGenerator<{ readonly finished: Finished; readonly faults: string }> {
  const run = (planned: ReadonlyMap<number, Fault>) =>
    runSchedule(production, story, scheduleSeed, () => (planned.size === 0 ? noFaults : plannedFaults(planned)))
  const named = (planned: ReadonlyMap<number, Fault>) => [...planned].map(([at, fault]) => `call ${at} ${fault}`).join(' and ')
  const calm = await run(new Map())
  let turn = 0
  for (const [at, kind] of calm.kinds.entries())
    for (const fault of faultsOf[kind]) {
      turn += 1
      if (turn % parts !== part - 1) continue
      const planned = new Map([[at, fault]])
      const single = await run(planned)
      if (size === 1) yield { finished: single, faults: named(planned) }
      else
        for (const [later, laterKind] of single.kinds.entries())
          if (later > at)
            for (const second of faultsOf[laterKind]) {
              const both = new Map([...planned, [later, second]])
              yield { finished: await run(both), faults: named(both) }
            }
    }
}
