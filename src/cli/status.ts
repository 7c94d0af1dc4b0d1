import { statusOf } from '../core/lineage/views/status.ts'
import { statusLines } from '../core/report/terminal/status-view.ts'
import { around, unknownModel } from './around.ts'
import type { Work } from './commands.ts'
import { answer } from './look.ts'

/** Says what is live where, from the newest record alone. */
export const status: Work = async (typed, terminal) => {
  const look = around(typed, terminal, typed.operands[0])
  const model = await look.model()
  const state = await (await look.ledger()).read(model)
  if (state.seq === 0) throw await unknownModel(typed, terminal, model, await look.remote())
  return answer(typed, terminal, statusOf(state), document => statusLines(document, terminal.width))
}
