import { type Direction, directionOf, registeredDirection } from '../core/comparison/direction.ts'
import { UserError } from '../core/errors.ts'
import { bestFirst, type RunsDocument, runsOf } from '../core/lineage/views/runs.ts'
import { nearest } from '../core/nearest.ts'
import { runsLines } from '../core/report/terminal/runs-view.ts'
import { configurationAround } from './around.ts'
import type { Typed } from './command.ts'
import type { Work } from './commands.ts'
import { answer, readAll } from './look.ts'
import type { Terminal } from './terminal.ts'

const shownByDefault = 20

/** Lists the log of runs, newest first or the best first. */
export const runs: Work = async (typed, terminal) => {
  const { metric, last } = typed.options
  if (typed.flags.has('sort') && metric === undefined) throw new UserError('--sort puts the best by a metric first: name it with --metric')
  const { model, ledger, chronicle } = await readAll(typed, terminal, { asked: typed.operands[0], empty: true })
  const all = runsOf(chronicle, await ledger.runs(model))
  if (metric !== undefined) checkMetric(all, metric)
  const most = last === undefined ? (typed.flags.has('all') ? all.runs.length : shownByDefault) : Number(last)
  const ordered =
    metric !== undefined && typed.flags.has('sort') ? bestFirst(all.runs, metric, await betterBy(typed, terminal, model, metric)) : all.runs
  const document: RunsDocument = { ...all, runs: ordered.slice(0, most) }
  return answer(typed, terminal, document, one => runsLines(one, metric ?? null, terminal.width))
}

/** By refline.yml where it has the model, else by the registry of metrics; what nothing says is taken as better where it is higher, as the help says. */
const betterBy = async (typed: Typed, terminal: Terminal, model: string, metric: string): Promise<Direction> => {
  const models = (await configurationAround(typed, terminal).catch(() => null))?.of.models ?? {}
  const rules = Object.hasOwn(models, model) ? models[model] : undefined
  const said = rules === undefined ? registeredDirection(metric, 'binary') : directionOf(metric, rules)
  return said ?? 'higher'
}

const checkMetric = ({ model, runs: all }: RunsDocument, metric: string): void => {
  const known = [...new Set(all.flatMap(run => Object.keys(run.metrics)))]
  if (known.length === 0 || known.includes(metric)) return
  const meant = nearest(metric, known)
  throw new UserError(
    `no run of ${model} has the metric ${JSON.stringify(metric.slice(0, 80))}; ${meant === undefined ? `there is ${known.toSorted().slice(0, 30).join(', ')}` : `did you mean ${meant}?`}`,
  )
}
