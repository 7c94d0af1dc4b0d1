import { z } from 'zod'
import { type ReportedValue, reportedValue } from '../values.ts'
import type { Chronicle } from './chronicle.ts'
import { head } from './documents.ts'

/** A line of the log of runs, of which nothing was verified. */
interface LogLine {
  /** When it was written, ISO 8601 in UTC. */
  readonly at: string
  readonly writer: object
  readonly entry: Readonly<Record<string, unknown>>
}

/** What became of a run. */
export const runOutcome = z.strictObject({
  version: z.int().min(1).nullable().describe('the version it became, or whose bytes it made again'),
  outcome: z.enum(['registered', 'seen-again', 'kept', 'none']).describe('none: no decision was made on it'),
  verdict: z.enum(['pass', 'fail', 'inconclusive']).nullable(),
  reason: z.string().nullable(),
})
export type RunOutcome = z.output<typeof runOutcome>

export const runDocument = z.strictObject({
  run: z.string(),
  at: z.string(),
  actor: z.string().nullable(),
  commit: z.string().nullable(),
  event: z.string().nullable(),
  pull_request: z.int().nullable(),
  workflow_run: z.string().nullable(),
  job: z.string().nullable(),
  input: z.string().nullable().describe('digest of code, data, params and train section'),
  metrics: z.record(z.string(), reportedValue).describe('as the script reported them'),
  ...runOutcome.shape,
})
export type RunDocument = z.output<typeof runDocument>

/** `refline runs --json`. */
export const runsDocument = z.strictObject({
  ...head,
  runs_in_log: z.int().min(0),
  unreadable: z.int().min(0).describe('lines of the log that are no runs of a form known here'),
  runs: z.array(runDocument),
})
export type RunsDocument = z.output<typeof runsDocument>

const text = z.string().max(300).nullish().catch(null)
const entry = z.object({
  kind: z.literal('run'),
  run: z.string().min(1).max(100),
  created: z
    .object({
      at: z.iso.datetime().optional().catch(undefined),
      actor: text,
      event: text,
      workflow_run: text,
      job: text,
      pull_request: z.int().nullish().catch(null),
    })
    .catch({}),
  input: text,
  reported: z.record(z.string(), reportedValue).catch({}),
})
const writer = z.object({ actor: text, workflow_run: text, commit: text })

const undecided: RunOutcome = { version: null, outcome: 'none', verdict: null, reason: null }

/** What became of runs by the decisions on their model, by their names. */
export const outcomesOf = (chronicle: Chronicle): ((run: string) => RunOutcome) => {
  const outcomes = new Map<string, RunOutcome>()
  for (const { event } of chronicle.kept)
    outcomes.set(event.run, { version: null, outcome: 'kept', verdict: event.verdict, reason: event.reason })
  for (const { version, seenAgain } of chronicle.versions.values())
    for (const { run } of seenAgain) outcomes.set(run, { version: version.version, outcome: 'seen-again', verdict: null, reason: null })
  for (const { version, event } of chronicle.versions.values())
    outcomes.set(version.run, { version: version.version, outcome: 'registered', verdict: event.verdict, reason: null })
  return run => outcomes.get(run) ?? undecided
}

const runOf = (line: LogLine, outcomeOf: (run: string) => RunOutcome): RunDocument | null => {
  const parsed = entry.safeParse(line.entry)
  if (!parsed.success) return null
  const { run, created, input, reported } = parsed.data
  const who = writer.safeParse(line.writer).data
  return {
    run,
    at: created.at ?? line.at,
    actor: created.actor ?? who?.actor ?? null,
    commit: who?.commit ?? null,
    event: created.event ?? null,
    pull_request: created.pull_request ?? null,
    workflow_run: created.workflow_run ?? who?.workflow_run ?? null,
    job: created.job ?? null,
    input: input ?? null,
    metrics: reported,
    ...outcomeOf(run),
  }
}

/** The log of runs, newest first. Nothing in it was verified, so lines that are no runs are counted and never stand in the way. */
export const runsOf = (chronicle: Chronicle, lines: readonly LogLine[]): RunsDocument => {
  const runs: RunDocument[] = []
  const outcomeOf = outcomesOf(chronicle)
  let unreadable = 0
  for (const line of lines) {
    if (line.entry.kind !== undefined && line.entry.kind !== 'run') continue
    const run = runOf(line, outcomeOf)
    if (run === null) unreadable += 1
    else runs.push(run)
  }
  return { schema: 1, model: chronicle.model, runs_in_log: runs.length, unreadable, runs }
}

const rank = (value: ReportedValue | undefined): number =>
  typeof value === 'number'
    ? value
    : value === 'Infinity'
      ? Number.POSITIVE_INFINITY
      : value === '-Infinity'
        ? Number.NEGATIVE_INFINITY
        : Number.NaN

/** Runs by a metric, the best first; those without it or with NaN last, in the order they had. */
export const bestFirst = (runs: readonly RunDocument[], metric: string, direction: 'higher' | 'lower'): readonly RunDocument[] =>
  runs.toSorted((a, b) => {
    const [ours, theirs] = [a, b].map(({ metrics }) => rank(Object.hasOwn(metrics, metric) ? metrics[metric] : undefined)) as [
      number,
      number,
    ]
    if (Number.isNaN(ours) || Number.isNaN(theirs)) return Number(Number.isNaN(ours)) - Number(Number.isNaN(theirs))
    if (ours === theirs) return 0
    return ours > theirs === (direction === 'higher') ? -1 : 1
  })
