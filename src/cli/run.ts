import manifest from '../../package.json' with { type: 'json' }
import { UserError } from '../core/errors.ts'
import { nearest } from '../core/nearest.ts'
import { readArguments } from './command.ts'
import { commands, table } from './commands.ts'
import { helpOf, overviewOf } from './help.ts'
import type { Terminal } from './terminal.ts'

const asksForHelp = (argv: readonly string[]): boolean => {
  const end = argv.indexOf('--')
  return (end < 0 ? argv : argv.slice(0, end)).some(word => word === '--help' || word === '-h')
}

/** The command of that name. Throws a UserError that names the nearest one, or all. */
export const commandNamed = (name: string): (typeof table)[number] => {
  const found = table.find(({ spec }) => spec.id === name)
  if (found !== undefined) return found
  const ids = commands.map(({ id }) => id)
  const meant = nearest(name, ids)
  throw new UserError(
    `there is no command ${JSON.stringify(name.slice(0, 60))}; ${meant === undefined ? `there is ${ids.join(', ')}` : `did you mean ${meant}?`}`,
  )
}

/** Runs what was typed after `refline`. Returns a `failure` where a verdict says no; throws a UserError where it cannot be done. */
export const runTyped = async (argv: readonly string[], terminal: Terminal): Promise<{ readonly failure?: string }> => {
  const [name, ...rest] = argv
  if (name === undefined || name === '--help' || name === '-h') {
    terminal.say(overviewOf(commands))
    return {}
  }
  if (name === '--version') {
    terminal.say(`refline ${manifest.version}`)
    return {}
  }
  const { spec, load } = commandNamed(name)
  if (asksForHelp(rest)) {
    terminal.say(helpOf(spec))
    return {}
  }
  const typed = readArguments(spec, rest)
  const work = await load()
  const decides = spec.decides === true && (spec.options.apply === undefined || typed.flags.has('apply'))
  if (decides) await terminal.mayDecide?.()
  try {
    return await work(typed, terminal)
  } catch (error) {
    throw (await import('./around.ts')).withCredentialsHint(error)
  }
}
