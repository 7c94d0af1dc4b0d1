import { runsOf } from '../core/lineage/views/runs.ts'
import { modelOfRun, showOf } from '../core/lineage/views/show.ts'
import { showLines } from '../core/report/terminal/show-view.ts'
import type { Work } from './commands.ts'
import { answer, readAll } from './look.ts'

/** Shows all that is known of a version, a run or a rollout. A run's name says its model. */
export const show: Work = async (typed, terminal) => {
  const what = typed.operands[0] ?? ''
  const run = modelOfRun(what)
  const asked = typed.options.model === undefined ? (run ?? undefined) : undefined
  const { model, ledger, chronicle } = await readAll(typed, terminal, { asked, empty: run !== null })
  const document = await showOf(chronicle, what, async () => runsOf(chronicle, await ledger.runs(model)))
  return answer(typed, terminal, document, one => showLines(one, terminal.width))
}
