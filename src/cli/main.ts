import manifest from '../../package.json' with { type: 'json' }
import { UserError } from '../core/errors.ts'
import { nearest } from '../core/nearest.ts'
import { runCommand } from '../kernel/terminal.ts'
import { print } from '../kernel/workflow-commands.ts'
import { aligned, helpOf, readArguments } from './command.ts'
import { commands, evaluateSpec, importSpec } from './commands.ts'

const overview = (): string =>
  [
    'Usage: refline <command> [options]',
    '',
    'Refline at a terminal: the same rules and the same arithmetic as the actions.',
    '',
    ...aligned(commands.map(({ id, summary }) => [id, summary])),
    '',
    'refline <command> --help tells more of a command, refline --version which release this is.',
  ].join('\n')

/** Runs the terminal client. The exit code is left in `process.exitCode`. */
export const main = (argv: readonly string[]): Promise<void> =>
  runCommand(async () => {
    const [name, ...rest] = argv
    if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
      print(overview())
      return {}
    }
    if (name === '--version') {
      print(`refline ${manifest.version}`)
      return {}
    }
    const spec = commands.find(({ id }) => id === name)
    if (spec === undefined) {
      const ids = commands.map(({ id }) => id)
      const meant = nearest(name, ids)
      throw new UserError(
        `there is no command ${JSON.stringify(name.slice(0, 60))}; ${meant === undefined ? `there is ${ids.join(', ')}` : `did you mean ${meant}?`}`,
      )
    }
    if (rest.includes('--help') || rest.includes('-h')) {
      print(helpOf(spec))
      return {}
    }
    const typed = readArguments(spec, rest)
    switch (spec.id) {
      case evaluateSpec.id:
        return (await import('./evaluate.ts')).evaluate(typed, print)
      case importSpec.id:
        return (await import('./import.ts')).importThresholds(typed, print)
      default:
        throw new Error(`the command ${spec.id} is declared and not there`)
    }
  })
