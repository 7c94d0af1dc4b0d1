import { commands, type Work } from './commands.ts'
import { helpOf, overviewOf, usageOf } from './help.ts'
import { commandNamed } from './run.ts'

/** Prints the overview or the help of one command, or the same for a program. */
export const guide: Work = async ({ operands: [name], flags }, terminal) => {
  const asked = name === undefined ? null : commandNamed(name).spec
  if (flags.has('json')) {
    const all = (asked === null ? commands : [asked]).map(({ id, ...spec }) => ({ command: id, usage: usageOf({ id, ...spec }), ...spec }))
    terminal.document({ schema: 1, commands: all })
  } else terminal.say(asked === null ? overviewOf(commands) : helpOf(asked))
  return {}
}
