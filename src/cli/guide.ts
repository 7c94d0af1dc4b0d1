import { commands, type Work } from './commands.ts'
import { helpOf, overviewOf } from './help.ts'
import { commandNamed } from './run.ts'

/** Prints the overview or the help of one command. */
export const guide: Work = async ({ operands: [name] }, terminal) => {
  terminal.say(name === undefined ? overviewOf(commands) : helpOf(commandNamed(name).spec))
  return {}
}
