import { UserError } from '../../core/errors.ts'
import { type FileFormat, formatOf } from '../../core/evaluation/file-formats.ts'
import type { Slot } from '../../core/lineage/events.ts'
import { LateLabels, type LogRow, span } from '../../core/rollout/late-labels.ts'
import { type RateSettings, rateOf } from '../../core/rollout/rate.ts'
import { summed } from '../../core/rollout/series.ts'
import { count } from '../../core/rollout/words.ts'
import type { Clock } from '../../ports/clock.ts'
import type { HttpClient } from '../../ports/http-client.ts'
import type { AskedColumn, LogRows, OnLogRow } from '../../ports/log-rows.ts'
import type { Followed, Reading, Signal } from '../../ports/signals.ts'

/** Where rows are: files of the workspace by a path with `*` in it, or an address with ${since} in it. */
export type LogPlace = { readonly file: string } | { readonly url: string }

export interface PredictionLogSettings {
  readonly name: string
  readonly predictions: LogPlace
  /** Where labels are written apart from predictions; joined by id. */
  readonly labels?: LogPlace
  /** Of what comes from an address; of files their name says it. */
  readonly format?: FileFormat
  readonly columns: {
    readonly id: string
    readonly arm: string
    readonly prediction: string
    readonly label: string
    readonly time: string
  }
  /** What stands in the column `arm`. */
  readonly arms: 'version' | 'slot'
  readonly rate: RateSettings
  /** Seconds after its request within which a label counts; null for any time. */
  readonly within: number | null
  readonly token: string | null
  readonly rows: LogRows
  readonly http: HttpClient
  readonly clock: Clock
  readonly timeoutSeconds?: number
  /** Told by `check` how much of the log could be used. */
  readonly say?: (line: string) => void
}

const largestAnswer = 512 * 1024 * 1024
/** How much of the past a log is read for where no rollout is under way. */
const day = 86_400

/**
 * Requests counted from a log of predictions, each once, as soon as what its rate needs is known, and by the minute in which it was made. A log that cannot be read, or that
 * contradicts itself, throws a UserError that names file, line and column; labels that are not there yet are waited for.
 */
export const predictionLogSignal = (settings: PredictionLogSettings): Signal => {
  const { name, clock, columns, http, rows } = settings
  const where = `signal ${name}`
  const rate = rateOf(settings.rate, where)
  const flag = rate.flagColumn
  let followed: Followed | null = null
  let log: LateLabels | null = null

  const slotOf =
    (of: Followed) =>
    (arm: string): Slot | null => {
      if (settings.arms === 'slot') return arm === 'blue' || arm === 'green' ? arm : null
      const version = Number(arm.replace(/^v/, ''))
      return version === of.versions.blue ? 'blue' : version === of.versions.green ? 'green' : null
    }
  const needsLabels = settings.labels === undefined && (settings.rate.of === 'actual_positive' || settings.rate.bad === 'wrong')
  const asked: readonly AskedColumn[] = [
    { name: columns.id, required: true },
    { name: columns.arm, required: true },
    { name: columns.prediction, required: rate.needsPrediction },
    { name: columns.label, required: needsLabels },
    { name: columns.time, required: true },
    ...(flag === null ? [] : [{ name: flag, required: settings.labels === undefined }]),
  ]
  const askedOfLabels: readonly AskedColumn[] = [
    { name: columns.id, required: true },
    { name: columns.label, required: flag === null },
    ...(flag === null ? [] : [{ name: flag, required: true }]),
  ]

  const readPlace = async (
    place: LogPlace,
    since: number,
    wanted: readonly AskedColumn[],
    onRow: (name: string) => OnLogRow,
  ): Promise<void> => {
    if ('file' in place) {
      for (const file of await rows.files(place.file)) await rows.file(file, wanted, onRow(file.name))
      return
    }
    const filled = place.url.replaceAll('${since}', encodeURIComponent(new Date(since * 1000).toISOString()))
    if (!URL.canParse(filled)) throw new UserError(`its url is not a URL once \${since} is filled in`)
    const url = new URL(filled)
    const shown = `${url.origin}${url.pathname}`
    const format = settings.format ?? formatOf(url.pathname)?.format
    if (format === undefined) throw new UserError(`${shown} does not say by its ending how it is written; set \`format\` to csv or jsonl`)
    if (format === 'parquet') throw new UserError(`${shown}: Parquet is read from files only; let the address answer with csv or jsonl`)
    const answer = await http.stream({
      url,
      headers: settings.token === null ? {} : { authorization: `Bearer ${settings.token}` },
      largest: largestAnswer,
      seconds: settings.timeoutSeconds ?? 120,
    })
    if (answer.status === 204) return
    if (answer.status !== 200) throw new UserError(`${shown} answered with status ${answer.status}`)
    await rows.pieces(answer.pieces, { name: shown, format }, wanted, onRow(shown))
  }

  const take = async (): Promise<{ readonly log: LateLabels; readonly at: number }> => {
    const at = clock.now() / 1000
    const of = followed ?? { versions: { blue: null, green: null }, since: at - day }
    if (followed === null && settings.arms === 'version')
      throw new UserError('it is not known which version is in which slot: no rollout is under way')
    log ??= new LateLabels({
      rate,
      columns: { ...columns, flag: flag ?? '' },
      slotOf: slotOf(of),
      since: of.since,
      within: settings.within,
    })
    const into = log
    const none = { arm: null, prediction: null, label: null, time: null, flag: null }
    const add = (file: string, line: number, row: LogRow): void => into.add(row, at, { file, line })
    await readPlace(
      settings.predictions,
      of.since,
      asked,
      file =>
        ([id = null, arm = null, prediction = null, label = null, time = null, is = null], line) =>
          add(file, line, { id, arm, prediction, label, time, flag: is }),
    )
    if (settings.labels !== undefined)
      await readPlace(settings.labels, of.since, askedOfLabels, file => ([id = null, label = null, is = null], line) => {
        // A row without a label is one that waits for it.
        if (label !== null || is !== null) add(file, line, { ...none, id, label, flag: is })
      })
    return { log, at }
  }
  const words = (of: LateLabels): string => {
    const { requests, waiting, unknown, tooLate, otherArms } = of.summary()
    return [
      `${count(requests)} requests, ${count(waiting)} of them wait for a label`,
      ...(unknown > 0 ? [`${count(unknown)} labels without a request`] : []),
      ...(tooLate > 0 ? [`${count(tooLate)} labels too late`] : []),
      ...(otherArms.length > 0 ? [`of neither arm: ${otherArms.join(', ')}`] : []),
    ]
      .join('; ')
      .slice(0, 1000)
  }
  const named = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof UserError) || error.message.startsWith(where)) throw error
      const file = error.place?.file
      const text = file === undefined || error.message.includes(file) ? error.message : `${file}: ${error.message}`
      throw new UserError(`${where}: ${text}`, { ...(error.place === undefined ? {} : { place: error.place }), cause: error })
    }
  }

  const read = async (): Promise<Reading> => {
    const { log: taken, at } = await take()
    const { requests, otherArms } = taken.summary()
    if (requests === 0 && otherArms.length > 0)
      throw new UserError(
        `no row since ${new Date((followed?.since ?? 0) * 1000).toISOString()} is of one of the arms: column ${columns.arm} holds ${otherArms.join(', ').slice(0, 200)}, expected ${
          settings.arms === 'slot'
            ? 'blue or green'
            : [followed?.versions.blue, followed?.versions.green].filter(version => version != null).join(' or ')
        }`,
      )
    const series = { blue: taken.series('blue'), green: taken.series('green') }
    return {
      at,
      slots: { blue: summed(Object.values(series.blue)), green: summed(Object.values(series.green)) },
      series,
      span,
      source: words(taken),
    }
  }

  return {
    name,
    follow: rollout => {
      const isSame =
        followed !== null &&
        followed.since === rollout.since &&
        followed.versions.blue === rollout.versions.blue &&
        followed.versions.green === rollout.versions.green
      if (isSame) return
      followed = rollout
      log = null
    },
    read: () => named(read),
    check: () =>
      named(async () => {
        const { log: taken } = await take()
        settings.say?.(`${where}: ${words(taken)}`)
      }),
  }
}
