import type { ReportedValue } from '../../lineage/values.ts'
import type { RunDocument, RunsDocument } from '../../lineage/views/runs.ts'
import { plainLine } from '../escape.ts'
import { formatCount, formatPoint } from '../numbers.ts'
import { moment, textTable, type Width } from './lines.ts'

const mostMetrics = 3

/** The metrics that most of the runs have, in the order they come in. */
const commonMetrics = (runs: readonly RunDocument[]): readonly string[] => {
  const counts = new Map<string, number>()
  for (const { metrics } of runs) for (const name of Object.keys(metrics)) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts].toSorted(([, a], [, b]) => b - a).map(([name]) => name)
}

/** A metric as a script reported it: up to six digits. */
export const reportedWords = (value: ReportedValue): string => (typeof value === 'number' ? formatPoint(value) : value)

const became = ({ outcome, version }: RunDocument): string => {
  if (outcome === 'registered') return `v${version}`
  if (outcome === 'seen-again') return `v${version} again`
  return outcome === 'kept' ? 'kept out' : ''
}

/** Runs as a table, with a named metric or the most common ones. */
export const runsLines = (document: RunsDocument, metric: string | null, width: Width): readonly string[] => {
  const { model, runs, runs_in_log: all, unreadable } = document
  if (all === 0) return [`${model}: the log of runs is empty. Runs of pull requests are not in it; they travel in their artifacts.`]
  const common = commonMetrics(runs)
  const shown = metric === null ? common.slice(0, mostMetrics) : [metric]
  const hidden = metric === null ? common.length - shown.length : 0
  const table = textTable(
    [
      { title: 'run', least: 18 },
      { title: 'when' },
      { title: 'who', least: 4 },
      { title: 'commit' },
      { title: 'workflow run', least: 6 },
      { title: 'became' },
      ...shown.map(name => ({ title: plainLine(name, width === null ? 40 : 14), side: 'right' as const })),
    ],
    runs.map(run => [
      plainLine(run.run, 60),
      moment(plainLine(run.at, 30)),
      run.actor === null ? '' : plainLine(run.actor, 40),
      run.commit === null ? '' : plainLine(run.commit, 40).slice(0, 7),
      run.workflow_run === null ? '' : plainLine(run.workflow_run, 30),
      became(run),
      ...shown.map(name => (Object.hasOwn(run.metrics, name) ? reportedWords(run.metrics[name] as ReportedValue) : '')),
    ]),
    width,
  )
  return [
    ...table,
    ...(all > runs.length ? [`${formatCount(all - runs.length)} more: --last ${all} or --all shows them`] : []),
    ...(hidden > 0 ? [`${hidden} more ${hidden === 1 ? 'metric' : 'metrics'}: --metric <name> shows one, --json all`] : []),
    ...(unreadable > 0 ? [`${formatCount(unreadable)} lines of the log could not be read as runs`] : []),
  ]
}
