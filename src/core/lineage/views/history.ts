import { z } from 'zod'
import { UserError } from '../../errors.ts'
import { nearest } from '../../nearest.ts'
import type { Chronicle, VersionFacts } from './chronicle.ts'
import { head, stamp, versionNumber } from './documents.ts'

/** `refline history --json`. */
export const historyDocument = z.strictObject({
  ...head,
  metric: z.string(),
  environment: z.string().nullable().describe('only versions that were live there, in the order they went live'),
  points: z.array(
    z.strictObject({
      version: versionNumber,
      registered: stamp,
      value: z.number().nullable(),
      low: z.number().nullable(),
      high: z.number().nullable(),
      became_champion: stamp.nullable().describe('the first time'),
      is_champion: z.boolean(),
      went_live: stamp.nullable().describe('the first time, in `environment` where it is named, else anywhere'),
      live_in: z.array(z.string()).describe('environments it is live in now'),
      quarantined: z.boolean(),
    }),
  ),
})
export type HistoryDocument = z.output<typeof historyDocument>

const measured = ({ version, event }: VersionFacts, metric: string) => {
  const judged = version.metrics.find(({ name }) => name === metric)
  if (judged !== undefined) return { value: judged.value, low: judged.low, high: judged.high }
  const reported = Object.hasOwn(event.record.reported, metric) ? event.record.reported[metric] : undefined
  return { value: typeof reported === 'number' ? reported : null, low: null, high: null }
}

const has = ({ version, event }: VersionFacts, metric: string): boolean =>
  version.metrics.some(({ name }) => name === metric) || Object.hasOwn(event.record.reported, metric)

/** Names of all metrics that any version has. */
const metricsOf = (all: readonly VersionFacts[]): readonly string[] =>
  [
    ...new Set(all.flatMap(({ version, event }) => [...version.metrics.map(({ name }) => name), ...Object.keys(event.record.reported)])),
  ].sort()

/**
 * A metric over the versions, oldest first: as it was judged with its interval, else as the script reported it. Throws a UserError where no version has the
 * metric or the environment was never named, with the nearest name.
 */
export const historyOf = (chronicle: Chronicle, metric: string, environment: string | null): HistoryDocument => {
  const all = [...chronicle.versions.values()]
  const known = metricsOf(all)
  if (!known.includes(metric)) {
    const meant = nearest(metric, known)
    const there = known.length === 0 ? 'no version is registered' : `there is ${known.slice(0, 30).join(', ')}`
    throw new UserError(
      `no version of ${chronicle.model} has the metric ${JSON.stringify(metric.slice(0, 80))}; ${meant === undefined ? there : `did you mean ${meant}?`}`,
    )
  }
  if (environment !== null && !chronicle.environments.includes(environment)) throw noEnvironment(chronicle, environment)
  const points = all
    .filter(facts => has(facts, metric))
    .map(facts => {
      const live = facts.live.filter(span => environment === null || span.environment === environment)
      return {
        version: facts.version.version,
        registered: facts.registered,
        ...measured(facts, metric),
        became_champion: facts.champion[0]?.since ?? null,
        is_champion: facts.aliases.includes('champion'),
        went_live: live[0]?.since ?? null,
        live_in: facts.live.filter(({ until }) => until === null).map(span => span.environment),
        quarantined: facts.quarantine !== null,
      }
    })
  const shown = environment === null ? points : points.filter(point => point.went_live !== null)
  return {
    schema: 1,
    model: chronicle.model,
    metric,
    environment,
    points: environment === null ? shown : shown.toSorted((a, b) => (a.went_live?.seq ?? 0) - (b.went_live?.seq ?? 0)),
  }
}

/** The error for an environment that no event of the ledger has named. */
export const noEnvironment = ({ model, environments }: Chronicle, environment: string): UserError => {
  const meant = nearest(environment, environments)
  const there = environments.length === 0 ? 'nothing was rolled out yet' : `there is ${environments.join(', ')}`
  return new UserError(
    `the ledger of ${model} knows no environment ${JSON.stringify(environment.slice(0, 80))}; ${meant === undefined ? there : `did you mean ${meant}?`}`,
  )
}
