import { UserError } from '../../core/errors.ts'
import type { Slot } from '../../core/lineage/events.ts'
import type { HistogramSeries } from '../../core/rollout/histogram.ts'
import { type SeriesCounters, summed } from '../../core/rollout/series.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Minute, Reading, Signal } from '../../ports/signals.ts'
import { type Asked, type CountedBy, type Filling, parsedOf, resolvedFor, slots } from './asked.ts'
import { checkSignal } from './check.ts'
import { type Prometheus, type PrometheusAccess, prometheus, type Row } from './client.ts'
import { countsOf, histogramsJoined, histogramsOf, inBoth, joined, scrapedEvery } from './counters.ts'
import { minutesOf } from './history.ts'

export interface PrometheusSignalSettings extends PrometheusAccess {
  readonly name: string
  readonly counts: CountedBy
  readonly model: string
  readonly environment: string
  /** Seconds that readings lie back, so that scrapes and remote writes have arrived. */
  readonly lag?: number
  readonly clock: Clock
  /** Told by `check` what is asked and what it shows. */
  readonly say?: (line: string) => void
}

/** How far back series are looked for that had vanished when the first reading was taken: they may come back, and then only their growth counts. */
const remembered = '15m'

/** Seconds between scrapes as long as they were not measured. */
const usualInterval = 15

/** Answers to one selector by slot. */
type Rows = Readonly<Record<Slot, readonly Row[]>>

/** What has been seen of one slot: series that vanish keep what they showed last, so that one that comes back is no flood of new requests. */
class Memory {
  readonly total = new Map<string, number>()
  readonly bad = new Map<string, number>()
  readonly histograms = new Map<string, HistogramSeries>()
}

const keep = <T>(memory: Map<string, T>, seen: ReadonlyMap<string, T>): void => {
  for (const [key, value] of seen) memory.set(key, value)
}

/** A process that began again may show no errors until its first one: what it had before then is not its any more. */
const forgetRestarted = ({ total, bad }: Memory, seen: ReadonlyMap<string, number>): void => {
  for (const [key, value] of seen) if (value < (total.get(key) ?? 0)) bad.delete(key)
}

/**
 * Requests counted by a Prometheus, read as raw counters at one instant for both slots and for `total` and `bad` alike. Selectors that are expressions are refused when
 * it is made. Rows that are missing where `total` has some are zeros; where no slot has any row any more, nobody scrapes the service, and that is an error and no silence.
 */
export const prometheusSignal = (settings: PrometheusSignalSettings): Signal => {
  const { name, clock, lag = 15, counts } = settings
  const where = `signal ${name}`
  const parsed = parsedOf(where, counts)
  const api: Prometheus = prometheus(settings, where)
  let versions: Filling['versions'] = null
  let memory: Readonly<Record<Slot, Memory>> = { blue: new Memory(), green: new Memory() }
  let primed = false
  let interval = usualInterval
  const queries = (): readonly Asked[] =>
    parsed.map(of => resolvedFor(of, { model: settings.model, environment: settings.environment, versions }))

  const named = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw error instanceof UserError && !error.message.startsWith(where)
        ? new UserError(`${where}: ${error.message}`, { cause: error })
        : error
    }
  }
  const instant = (): number => Math.round(clock.now() - lag * 1000) / 1000
  const rowsOf = async ({ resolved }: Asked, at: number, wrapped = (query: string) => query): Promise<Rows> => {
    const of = async (slot: Slot): Promise<readonly Row[]> => {
      const query = resolved[slot]
      return query === null ? [] : api.query(wrapped(query), at)
    }
    const [blue, green] = await Promise.all([of('blue'), of('green')])
    return { blue, green }
  }
  const remember = (role: Asked['role'], rows: Rows): void => {
    for (const slot of slots) {
      if (role === 'histogram') {
        keep(memory[slot].histograms, histogramsOf(rows[slot]))
        continue
      }
      const seen = countsOf(rows[slot])
      if (role === 'total') forgetRestarted(memory[slot], seen)
      keep(memory[slot][role], seen)
    }
  }
  const known = (): number => slots.reduce((sum, slot) => sum + memory[slot].total.size + memory[slot].histograms.size, 0)

  /** How far scrapes are apart: what a reading shows may be that old already. It stays as it was where that cannot be told. */
  const measure = async ([first]: readonly Asked[], at: number): Promise<void> => {
    const queries = slots.flatMap(slot => first?.resolved[slot] ?? [])
    try {
      const ranges = await Promise.all(queries.map(query => api.samples(`${query}[2m]`, at)))
      interval = scrapedEvery(ranges.flat()) ?? interval
    } catch (error) {
      if (!(error instanceof UserError)) throw error
    }
  }

  const read = async (): Promise<Reading> => {
    const at = instant()
    const asked = queries()
    const past = primed ? [] : await Promise.all(asked.map(of => rowsOf(of, at, query => `last_over_time(${query}[${remembered}])`)))
    if (!primed) await measure(asked, at)
    const live = await Promise.all(asked.map(of => rowsOf(of, at)))
    for (const [index, rows] of [...past, ...live].entries()) remember((asked[index % asked.length] as Asked).role, rows)
    primed = true
    const [first] = live
    if (first !== undefined && first.blue.length + first.green.length === 0 && known() > 0)
      throw new UserError(
        `${api.place} has no series any more for ${asked[0]?.resolved.blue ?? asked[0]?.resolved.green} nor for the other slot, where there were ${known()}: nobody scrapes the service, so it is not known what it does`,
      )
    const twice = first === undefined ? undefined : inBoth(first.blue, first.green)
    if (twice !== undefined)
      throw new UserError(
        `${asked[0]?.role} matches ${twice} in both slots, so its requests would count twice: \${slot} must tell the arms apart`,
      )
    const counters =
      'histogram' in counts
        ? histogramsJoined(
            { blue: memory.blue.histograms, green: memory.green.histograms },
            live[0] ?? { blue: [], green: [] },
            counts.over,
            where,
          )
        : { series: { blue: joined(memory.blue.total, memory.blue.bad), green: joined(memory.green.total, memory.green.bad) } }
    const total = (of: SeriesCounters) => summed(Object.values(of))
    return {
      at,
      slots: { blue: total(counters.series.blue), green: total(counters.series.green) },
      ...counters,
      source: asked.flatMap((of, index) => slots.flatMap(slot => told(of, slot, live[index]?.[slot] ?? []))).join('; '),
    }
  }

  const history = async (slot: Slot, minutes: number): Promise<readonly Minute[]> => {
    const until = instant()
    const of = (role: Asked['role']) => {
      const query = queries().find(one => one.role === role)?.resolved[slot] ?? null
      return query === null ? Promise.resolve([]) : api.range(query, until - minutes * 60, until, 60)
    }
    const [total, bad, buckets] = await Promise.all([of('total'), of('bad'), of('histogram')])
    return 'histogram' in counts
      ? minutesOf(
          buckets.filter(({ labels }) => labels.le === '+Inf'),
          buckets,
          { from: until - minutes * 60, minutes, over: counts.over },
        )
      : minutesOf(total, bad, { from: until - minutes * 60, minutes })
  }

  return {
    name,
    get lag() {
      return lag + interval
    },
    follow: rollout => {
      if (versions?.blue === rollout.versions.blue && versions?.green === rollout.versions.green) return
      // What is remembered of a slot is of the version that was in it.
      if (versions !== null) {
        memory = { blue: new Memory(), green: new Memory() }
        primed = false
      }
      versions = rollout.versions
    },
    read: () => named(read),
    history: (slot, minutes) => named(() => history(slot, minutes)),
    check: () =>
      named(async () => {
        const asked = queries()
        const at = clock.now() / 1000
        const over = 'histogram' in counts ? counts.over : null
        await checkSignal({ where, asked, api, at, over, say: settings.say ?? (() => undefined) })
        await measure(asked, at)
      }),
  }
}

/** What was asked for a slot and what came, for the evidence. */
const told = ({ role, resolved }: Asked, slot: Slot, rows: readonly Row[]): readonly string[] => {
  const query = resolved[slot]
  if (query === null) return []
  const sum = rows.filter(({ labels }) => labels.le === undefined || labels.le === '+Inf').reduce((all, { value }) => all + value, 0)
  return [`${role} ${slot}: ${query} = ${sum} in ${rows.length} series`.slice(0, 400)]
}
