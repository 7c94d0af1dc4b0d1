import { UserError } from '../core/errors.ts'
import { metrics } from '../core/evaluation/metrics.ts'
import { bestFirst, type RunsDocument, runsOf } from '../core/lineage/views/runs.ts'
import { nearest } from '../core/nearest.ts'
import { runsLines } from '../core/report/terminal/runs-view.ts'
import type { Work } from './commands.ts'
import { answer, readAll } from './look.ts'

const shownByDefault = 20

/** Lists the log of runs, newest first or the best first. */
export const runs: Work = async (typed, terminal) => {
  const { metric, last } = typed.options
  if (typed.flags.has('sort') && metric === undefined) throw new UserError('--sort puts the best by a metric first: name it with --metric')
  const { model, ledger, chronicle } = await readAll(typed, terminal, { asked: typed.operands[0], empty: true })
  const all = runsOf(chronicle, await ledger.runs(model))
  if (metric !== undefined) checkMetric(all, metric)
  const most = last === undefined ? (typed.flags.has('all') ? all.runs.length : shownByDefault) : Number(last)
  const ordered = metric !== undefined && typed.flags.has('sort') ? bestFirst(all.runs, metric, directionOf(metric)) : all.runs
  const document: RunsDocument = { ...all, runs: ordered.slice(0, most) }
  return answer(typed, terminal, document, one => runsLines(one, metric ?? null, terminal.width))
}

/** By the registry of metrics; a metric of the user's own is taken as better where it is higher. */
const directionOf = (metric: string): 'higher' | 'lower' => metrics.find(({ name }) => name === metric)?.direction ?? 'higher'

const checkMetric = ({ model, runs: all }: RunsDocument, metric: string): void => {
  const known = [...new Set(all.flatMap(run => Object.keys(run.metrics)))]
  if (known.length === 0 || known.includes(metric)) return
  const meant = nearest(metric, known)
  throw new UserError(
    `no run of ${model} has the metric ${JSON.stringify(metric.slice(0, 80))}; ${meant === undefined ? `there is ${known.toSorted().slice(0, 30).join(', ')}` : `did you mean ${meant}?`}`,
  )
}
