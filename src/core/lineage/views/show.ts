import { z } from 'zod'
import { UserError } from '../../errors.ts'
import { nearest } from '../../nearest.ts'
import type { Chronicle, RolloutFacts } from './chronicle.ts'
import { head, stamp, versionNumber } from './documents.ts'
import { outcomesOf, type RunsDocument, runDocument, runOutcome } from './runs.ts'
import { versionDocument, versionOf } from './version.ts'

const rolloutDocument = z.strictObject({
  rollout: z.string(),
  environment: z.string(),
  version: versionNumber,
  from: versionNumber.nullable(),
  canary: z.string(),
  steps: z.array(z.number()),
  started: stamp,
  weights: z.array(z.strictObject({ percent: z.number(), at: stamp })).describe('as confirmed, oldest first'),
  looks: z.int().min(0),
  judgement: z.string().nullable().describe('of the last look'),
  end: z
    .strictObject({ decision: z.enum(['promoted', 'rolled-back', 'withdrawn', 'aborted']), reason: z.string(), at: stamp })
    .nullable()
    .describe('null: it is under way'),
})

/** `refline show --json`: exactly one of `version`, `run` and `rollout` is not null. */
export const showDocument = z.strictObject({
  ...head,
  version: versionDocument.nullable(),
  run: z
    .strictObject({ run: z.string(), ...runOutcome.shape, record: runDocument.nullable().describe('its line in the log of runs') })
    .nullable(),
  rollout: rolloutDocument.nullable(),
})
export type ShowDocument = z.output<typeof showDocument>

const versionPattern = /^v?([1-9]\d{0,8})$/
const runPattern = /^([a-z0-9-]{1,40})-[0-9a-f]{12}$/
const rolloutPattern = /^[0-9a-f]{12}$/

/** The model that a run's name begins with, or null where it is no name of a run. */
export const modelOfRun = (what: string): string | null => runPattern.exec(what)?.[1] ?? null

const list = (chronicle: Chronicle): string =>
  chronicle.versions.size === 0 ? 'no version is registered' : `there is v1 to v${chronicle.versions.size}`

/** The number of the version that `v12`, `12`, an alias or the run it was made from means. Throws a UserError that says what there is. */
export const versionNamed = (chronicle: Chronicle, what: string): number => {
  const { model, versions, aliases } = chronicle
  const number = versionPattern.exec(what)?.[1]
  if (number !== undefined) {
    if (versions.has(Number(number))) return Number(number)
    throw new UserError(`${model} has no version ${number}: ${list(chronicle)}`)
  }
  const alias = aliases.get(what)
  if (alias !== undefined) return alias
  if (modelOfRun(what) !== null) {
    const { version, outcome } = outcomesOf(chronicle)(what)
    if (version !== null) return version
    throw new UserError(`run ${what} became no version${outcome === 'kept' ? ': it was judged and kept out, see refline show' : ''}`)
  }
  const meant = nearest(what, [...aliases.keys()])
  throw new UserError(
    `${model} has no version or alias ${JSON.stringify(what.slice(0, 80))}${meant === undefined ? `: ${[list(chronicle), ...(aliases.size === 0 ? [] : [`and the aliases ${[...aliases.keys()].sort().join(', ')}`])].join(' ')}` : `; did you mean ${meant}?`}`,
  )
}

const rolloutOf = ({ start, started, weights, looks, judgement, end }: RolloutFacts): NonNullable<ShowDocument['rollout']> => ({
  rollout: start.rollout,
  environment: start.environment,
  version: start.version,
  from: start.from,
  canary: start.canary,
  steps: [...start.steps],
  started,
  weights: [...weights],
  looks,
  judgement,
  end,
})

/**
 * All that is known of a version (`v12`, `12`, an alias), a run by its name, or a rollout by its id. `runs` is the log of runs, read only where it is needed. A
 * run that became a version is that version. Throws a UserError where nothing has this name.
 */
export const showOf = async (chronicle: Chronicle, what: string, runs: () => Promise<RunsDocument>): Promise<ShowDocument> => {
  const nothing: ShowDocument = { schema: 1, model: chronicle.model, version: null, run: null, rollout: null }
  if (rolloutPattern.test(what)) {
    const rollout = chronicle.rollouts.findLast(({ start }) => start.rollout === what)
    if (rollout !== undefined) return { ...nothing, rollout: rolloutOf(rollout) }
    if (!versionPattern.test(what)) throw new UserError(`${chronicle.model} has no rollout ${what}; refline log --kind rollout lists them`)
  }
  const outcome = modelOfRun(what) === null ? null : outcomesOf(chronicle)(what)
  if (outcome !== null && outcome.version === null) {
    const record = (await runs()).runs.find(({ run }) => run === what) ?? null
    if (record === null && outcome.outcome === 'none')
      throw new UserError(
        `no run ${what} is known: it is neither in the log of runs of ${chronicle.model} nor in its decisions. Runs of pull requests travel in their artifacts only.`,
      )
    return { ...nothing, run: { run: what, ...outcome, record } }
  }
  const facts = chronicle.versions.get(versionNamed(chronicle, what))
  if (facts === undefined) throw new Error(`${what} was found and is not there`)
  return { ...nothing, version: versionOf(chronicle, facts) }
}
