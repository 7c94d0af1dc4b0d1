import type { LedgerRecord } from '../events.ts'
import type { Link } from './chain.ts'
import { type Finding, short } from './finding.ts'

/** A workflow run as GitHub tells of it. Times in milliseconds since 1970. */
export interface ReadWorkflowRun {
  readonly actor: string | null
  readonly commit: string
  /** Of the workflow file, such as `.github/workflows/train.yml`, with or without `@ref`. */
  readonly path: string
  readonly event: string
  readonly created: number
  /** When it was last heard of; null while it runs. */
  readonly ended: number | null
}

/** GitHub forgets workflow runs after 400 days, and people delete them. */
const rememberedDays = 90
const slack = 3_600_000

/** Workflow runs of the newest records, newest first, each once. */
export const workflowRunsOf = (links: readonly Link[], most: number): readonly string[] => {
  const runs = new Set<string>()
  for (const { record } of links.toReversed()) {
    if (runs.size === most) break
    const { workflow_run: run } = record.writer
    if (run !== null && /^\d{1,20}$/.test(run)) runs.add(run)
  }
  return [...runs]
}

/** `acme/churn/.github/workflows/train.yml@refs/heads/main` and `.github/workflows/train.yml@main` name the same file. */
const fileOf = (workflow: string): string => /(?:^|\/)(\.github\/workflows\/[^@]+)/.exec(workflow)?.[1] ?? workflow.split('@', 1)[0] ?? ''

const contradiction = ({ writer }: LedgerRecord, run: ReadWorkflowRun): string | null => {
  const at = Date.parse(writer.at)
  if (at < run.created - slack || (run.ended !== null && at > run.ended + slack))
    return `it is dated ${writer.at}, and that run was at work from ${new Date(run.created).toISOString()}${run.ended === null ? '' : ` to ${new Date(run.ended).toISOString()}`}`
  if (writer.workflow !== null && fileOf(writer.workflow) !== fileOf(run.path))
    return `it names the workflow ${fileOf(writer.workflow)}, and that run was of ${fileOf(run.path)}`
  if (writer.actor !== null && run.actor !== null && writer.actor !== run.actor)
    return `it names the actor ${writer.actor}, and ${run.actor} started that run`
  // On a pull request the job's commit is the trial merge, which the run does not name.
  if (writer.commit !== null && writer.commit !== run.commit && !/^(pull_request|merge_group)/.test(run.event))
    return `it names commit ${short(writer.commit)}, and that run was of ${short(run.commit)}`
  return null
}

/**
 * Holds records against the workflow runs that they name: whoever may push can write a record that is well formed, and cannot make a workflow run for it. `runs`
 * has the runs that were asked for, null for one that GitHub does not know.
 */
export const auditWriters = (links: readonly Link[], runs: ReadonlyMap<string, ReadWorkflowRun | null>, now: number): readonly Finding[] =>
  links.flatMap(({ commit, record }): readonly Finding[] => {
    const { seq, writer } = record
    const run = writer.workflow_run === null ? undefined : runs.get(writer.workflow_run)
    if (run === undefined) return []
    const about = { kind: 'forged', seq, since: writer.at, subject: `seq ${seq}` } as const
    const name = `Seq ${seq} (commit ${short(commit)}, ${writer.at})`
    if (run === null) {
      const old = now - Date.parse(writer.at) > rememberedDays * 86_400_000
      return [
        {
          ...about,
          severity: old ? 'warning' : 'error',
          sentence: `${name} says that workflow run ${writer.workflow_run} wrote it, and GitHub knows no such run${old ? ' (any more)' : ': it was forged, or that run was deleted'}`,
        },
      ]
    }
    const why = contradiction(record, run)
    return why === null
      ? []
      : [{ ...about, severity: 'error', sentence: `${name} was not written by workflow run ${writer.workflow_run}, as it says: ${why}` }]
  })
