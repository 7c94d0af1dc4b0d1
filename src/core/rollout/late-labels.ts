import { UserError } from '../errors.ts'
import type { Slot } from '../lineage/events.ts'
import { instantOf, isFraction, type LogValue, labelOf, truthOf } from './log-values.ts'
import { decided, type Rate } from './rate.ts'
import type { SeriesCounters } from './series.ts'

/** Seconds of request time that are one series: changes of weight are told apart that finely. */
export const span = 60

/** Requests that are kept in mind at once. */
const most = 2_000_000

/** Cells of one row as they stand in the log; `label` of a file of labels may be all there is. */
export interface LogRow {
  readonly id: LogValue
  readonly arm: LogValue
  readonly prediction: LogValue
  readonly label: LogValue
  readonly time: LogValue
  /** The column of a rate such as `refunded is true`. */
  readonly flag: LogValue
}

export interface LateLabelSettings {
  readonly rate: Rate
  /** Names of the columns, for messages. */
  readonly columns: Readonly<Record<keyof LogRow, string>>
  /** The slot that a value of the column `arm` stands for, null for others: earlier versions, shadow traffic. */
  readonly slotOf: (arm: string) => Slot | null
  /** Requests made before this (seconds since 1970) are of no interest. */
  readonly since: number
  /** Seconds after its request within which a label counts; null for any time. */
  readonly within: number | null
}

interface Request {
  arm: string | null
  /** Null: of neither arm. Undefined: not known yet. */
  slot: Slot | null | undefined
  time: number
  prediction: string | null
  label: string | null
  flag: boolean | null
  counted: boolean
}

/** How much of a log could be used. */
export interface LogSummary {
  /** Requests of both arms since the rollout began, and those of them whose rate is not known yet. */
  readonly requests: number
  readonly waiting: number
  /** Labels whose request has not been seen, and those that came too late. */
  readonly unknown: number
  readonly tooLate: number
  /** Values of the column `arm` that are of neither arm. */
  readonly otherArms: readonly string[]
}

/**
 * Predictions and what became known of them later, joined by id. Each request is counted once over all looks, as soon as all is known that its rate needs, and by the minute
 * in which it was made; the same rows may be read again and again. Rows that contradict each other are UserErrors that name row and id.
 */
export class LateLabels {
  readonly #settings: LateLabelSettings
  readonly #requests = new Map<string, Request>()
  readonly #counted: Readonly<Record<Slot, Map<number, { total: number; bad: number }>>> = { blue: new Map(), green: new Map() }
  readonly #others = new Set<string>()
  #tooLate = 0

  constructor(settings: LateLabelSettings) {
    this.#settings = settings
  }

  /** Takes one row. `now` is the instant of the look, `place` names file and line. */
  add(row: LogRow, now: number, place: { readonly file: string; readonly line: number }): void {
    const { columns, rate } = this.#settings
    const refused = (what: string): UserError => new UserError(`line ${place.line}${what}`, { place })
    if (row.id === null) throw refused(`, column ${columns.id} is empty`)
    const id = String(row.id instanceof Date ? row.id.toISOString() : row.id)
    const isLabelOnly = row.arm === null && row.prediction === null && (row.label !== null || row.flag !== null)
    let time = Number.NaN
    let arm: string | null = null
    if (!isLabelOnly) {
      if (row.arm === null) throw refused(`, column ${columns.arm} is empty`)
      if (row.time === null) throw refused(`, column ${columns.time} is empty`)
      arm = labelOf(row.arm)
      const instant = instantOf(row.time)
      if (instant === null)
        throw refused(`, column ${columns.time} is no time; expected ISO 8601 with its zone, or seconds or milliseconds since 1970`)
      if (instant > now + 86_400) throw refused(`, column ${columns.time} lies more than a day ahead of now`)
      time = instant
      if (time < this.#settings.since) return
    }
    const prediction = row.prediction === null ? null : this.#decision(row.prediction, refused)
    const label = row.label === null ? null : labelOf(row.label)
    const flag = row.flag === null ? null : truthOf(row.flag)
    if (row.flag !== null && flag === null) throw refused(`, column ${columns.flag} is neither true nor false`)
    if (!isLabelOnly && prediction === null && rate.needsPrediction) throw refused(`, column ${columns.prediction} is empty`)

    const known = this.#requests.get(id)
    if (known === undefined) {
      if (this.#requests.size >= most)
        throw new UserError(
          `${place.file} brings more than ${most.toLocaleString('en')} requests since the rollout began: log a sample of them, by id`,
        )
      const request: Request = { arm, slot: undefined, time, prediction, label, flag, counted: false }
      this.#requests.set(id, request)
      this.#settle(request, now)
      return
    }
    const same = <K extends 'arm' | 'prediction' | 'label' | 'flag'>(key: K, value: Request[K]): void => {
      if (value === null || known[key] === value) return
      if (known[key] !== null)
        throw refused(
          `: id ${JSON.stringify(id.slice(0, 60))} was there before with another value in column ${columns[key]}: which one is true is not known`,
        )
      known[key] = value
    }
    same('arm', arm)
    same('prediction', prediction)
    same('label', label)
    same('flag', flag)
    if (!Number.isNaN(time)) {
      if (!Number.isNaN(known.time) && known.time !== time)
        throw refused(`: id ${JSON.stringify(id.slice(0, 60))} was there before at another time`)
      known.time = time
    }
    this.#settle(known, now)
  }

  /** What was decided, as text: with a threshold 1 or 0 by the score. */
  #decision(value: Exclude<LogValue, null>, refused: (what: string) => UserError): string {
    const { columns, rate } = this.#settings
    const text = labelOf(value)
    if (rate.threshold !== null) {
      const score = Number(text)
      if (text === '' || Number.isNaN(score)) throw refused(`, column ${columns.prediction} is no score, although a threshold is set`)
      return score >= rate.threshold ? decided.positive : decided.negative
    }
    if (isFraction(text))
      throw refused(
        `, column ${columns.prediction} holds a score and not a decision: name the column of the decision, or set \`threshold\``,
      )
    return text
  }

  #settle(request: Request, now: number): void {
    const { rate, slotOf, within } = this.#settings
    if (request.counted || request.arm === null || Number.isNaN(request.time)) return
    if (request.slot === undefined) {
      request.slot = slotOf(request.arm)
      if (request.slot === null && this.#others.size < 20) this.#others.add(request.arm)
    }
    if (request.slot === null) return
    const answer = rate.judge(request)
    if (answer === 'waits') return
    request.counted = true
    if (within !== null && now - request.time > within) {
      this.#tooLate++
      return
    }
    if (answer === 'outside') return
    const minute = Math.floor(request.time / span) * span
    const counters = this.#counted[request.slot].get(minute) ?? { total: 0, bad: 0 }
    counters.total++
    if (answer === 'bad') counters.bad++
    this.#counted[request.slot].set(minute, counters)
  }

  /** Counts by minute of request time, in seconds since 1970, for one slot. They never go down. */
  series(slot: Slot): SeriesCounters {
    return Object.fromEntries([...this.#counted[slot]].map(([minute, { total, bad }]) => [String(minute), { total, bad }]))
  }

  summary(): LogSummary {
    let [requests, waiting, unknown] = [0, 0, 0]
    for (const request of this.#requests.values()) {
      if (request.arm === null) unknown++
      else if (request.slot !== null) {
        requests++
        if (!request.counted) waiting++
      }
    }
    return { requests, waiting, unknown, tooLate: this.#tooLate, otherArms: [...this.#others] }
  }
}
