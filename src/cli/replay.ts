import { replayOf } from '../core/lineage/views/replay.ts'
import { replayLines } from '../core/report/terminal/replay-view.ts'
import type { Work } from './commands.ts'
import { answer, readAll } from './look.ts'

/** Judges a rollout anew from its ledger. The failure is that some verdict comes out otherwise: exit code 1. */
export const replay: Work = async (typed, terminal) => {
  const { model, ledger, records } = await readAll(typed, terminal)
  const document = replayOf(model, records, await ledger.evidenceOf(model), typed.operands[1] ?? null)
  answer(typed, terminal, document, one => replayLines(one, terminal.width))
  return document.difference === null
    ? {}
    : { failure: `rollout ${document.rollout} is not recomputed as it was recorded: ${document.difference}` }
}
