import { UserError } from '../../core/errors.ts'
import type { Slot } from '../../core/lineage/events.ts'
import { nearest } from '../../core/nearest.ts'
import { edgesOfAll, requireEdge } from '../../core/rollout/histogram.ts'
import { count } from '../../core/rollout/words.ts'
import { type Asked, slots } from './asked.ts'
import type { Prometheus, Row } from './client.ts'
import { histogramsOf, inBoth, shownSeries } from './counters.ts'

interface Checked {
  readonly where: string
  readonly asked: readonly Asked[]
  readonly api: Prometheus
  /** Now, in seconds since 1970. */
  readonly at: number
  readonly say: (line: string) => void
  /** The edge in seconds of a histogram signal, else null. */
  readonly over: number | null
}

/** How far back a metric or series still counts as known: an idle service may not have been scraped for hours. */
const day = 86_400

/** Throws where Prometheus has never heard of a metric or label, where neither slot has a series, or where `over` is no edge. What is asked and what it shows is said. */
export const checkSignal = async (checked: Checked): Promise<void> => {
  for (const asked of checked.asked) {
    await checkMetric(checked, asked)
    await checkLabels(checked, asked)
    await checkSlots(checked, asked)
  }
}

const metricOf = ({ selector, suffix }: Asked): string => `${selector.metric}${suffix}`

const find = ({ api, at }: Checked, match: string) => api.series(match, at - day, at, 1)

const checkMetric = async (checked: Checked, asked: Asked): Promise<void> => {
  const { where, api, at } = checked
  const metric = metricOf(asked)
  if ((await find(checked, metric)).length > 0) return
  const place = `${where}: ${asked.role}: ${api.place} knows no metric ${metric} in the last 24 hours`
  if (asked.suffix !== '') {
    const plain = await api.query(`last_over_time(${asked.selector.metric}[10m])`, at).catch(() => [])
    if (plain.some(({ histogram }) => histogram))
      throw new UserError(
        `${where}: ${asked.selector.metric} is a native histogram; Refline counts by classic buckets: set always_scrape_classic_histograms (scrape_classic_histograms before Prometheus 3) for this job`,
      )
    if (plain.length > 0)
      throw new UserError(`${place}: ${asked.selector.metric} is there, but without buckets; is it a summary or a plain counter?`)
  }
  const meant = nearest(metric, await api.metricNames())
  throw new UserError(
    `${place}${meant === undefined ? '' : `; did you mean ${meant.replace(/_bucket$/, asked.suffix === '' ? '_bucket' : '')}?`}${
      asked.role === 'bad'
        ? '. A counter of errors must be exposed as 0 before the first error: one that is missing cannot be told from a wrong name'
        : ''
    }`,
  )
}

/** Whether a matcher also takes series that lack its label. */
const matchesNothing = (operator: '=' | '=~', value: string): boolean => {
  if (operator === '=') return value === ''
  try {
    return new RegExp(`^(?:${value})$`).test('')
  } catch {
    // RE2 knows more than this one; whether it is one at all is answered by Prometheus.
    return false
  }
}

/** A label that no series has would match nothing for ever: no errors, where there may be many. */
const checkLabels = async (checked: Checked, asked: Asked): Promise<void> => {
  const metric = metricOf(asked)
  for (const { label, operator, value } of asked.selector.matchers) {
    if (operator === '!=' || operator === '!~' || matchesNothing(operator, value)) continue
    if ((await find(checked, `${metric}{${label}!=""}`)).length > 0) continue
    const example = await find(checked, metric)
    throw new UserError(
      `${checked.where}: ${asked.role}: no series of ${metric} has a label ${label}${example === 'many' || example[0] === undefined ? '' : `; one is ${shownSeries(example[0])}`}`,
    )
  }
}

const checkSlots = async (checked: Checked, asked: Asked): Promise<void> => {
  const { where, api, at, say, over } = checked
  const found: Slot[] = []
  const answers = new Map<Slot, readonly Row[]>()
  for (const slot of slots) {
    const query = asked.resolved[slot]
    if (query === null) {
      say(`${where}: ${asked.role} ${slot}: there is no version in this slot to ask for`)
      continue
    }
    const rows = await api.query(query, at)
    answers.set(slot, rows)
    const isThere = rows.length > 0 || (await find(checked, query)).length > 0
    if (isThere) found.push(slot)
    const sum = rows.filter(({ labels }) => labels.le === undefined || labels.le === '+Inf').reduce((all, { value }) => all + value, 0)
    say(
      `${where}: ${asked.role} ${slot}: ${query} ${
        rows.length > 0
          ? `= ${count(sum)} in ${rows.length} series`
          : isThere
            ? 'has no series now, but had some in the last 24 hours'
            : `has no series${asked.role === 'bad' ? ', which is taken as none bad' : ', as is expected of a slot without traffic'}`
      }`,
    )
    if (asked.role === 'histogram' && rows.length > 0) requireEdge(edgesOfAll([...histogramsOf(rows).values()]), over ?? 0, where)
  }
  const twice = inBoth(answers.get('blue') ?? [], answers.get('green') ?? [])
  if (twice !== undefined)
    throw new UserError(
      `${where}: ${asked.role} matches ${twice} in both slots, so its requests would count twice: \${slot} must tell the arms apart`,
    )
  if (found.length > 0 || asked.role === 'bad') return
  const metric = metricOf(asked)
  const example = await find(checked, metric)
  throw new UserError(
    `${where}: ${asked.role}: neither slot has a series in the last 24 hours: ${slots.flatMap(slot => asked.resolved[slot] ?? []).join(' nor ')}${
      example === 'many' || example[0] === undefined ? '' : `; what there is looks like ${shownSeries(example[0])}`
    }. A service that has had no request yet must expose its counter as 0`,
  )
}
