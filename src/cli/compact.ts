import { compactRunLog } from '../adapters/git/compaction.ts'
import { around } from './around.ts'
import type { Work } from './commands.ts'

/** Moves the lines of a long log of runs into segments. */
export const compact: Work = async (typed, terminal) => {
  const look = around(typed, terminal, typed.operands[0])
  const model = await look.model()
  const moved = await compactRunLog(await look.settings(), model)
  if (typed.flags.has('json')) terminal.document({ schema: 1, model, moved })
  else
    terminal.say(
      moved === 0
        ? `${model}: the log of runs is short enough, nothing was moved`
        : `${model}: ${moved} lines of the log of runs moved into segments`,
    )
  return {}
}
