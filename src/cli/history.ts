import { historyOf } from '../core/lineage/views/history.ts'
import { historyLines } from '../core/report/terminal/history-view.ts'
import type { Work } from './commands.ts'
import { answer, readAll } from './look.ts'

/** Shows a metric over the versions. */
export const history: Work = async (typed, terminal) => {
  const { chronicle } = await readAll(typed, terminal)
  const { environment, last } = typed.options
  const all = historyOf(chronicle, typed.operands[0] ?? '', environment ?? null)
  const document = last === undefined ? all : { ...all, points: all.points.slice(-Number(last)) }
  return answer(typed, terminal, document, one => historyLines(one, terminal.width))
}
