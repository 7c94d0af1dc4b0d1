import { type CommandSpec, groups, type OptionSpec } from './command.ts'

const optionWord = (name: string, { value }: OptionSpec): string => (value === undefined ? `--${name}` : `--${name} <${value}>`)
const operandWord = ({ name, required }: CommandSpec['operands'][number]): string => (required ? `<${name}>` : `[${name}]`)

/** How a command is typed: `refline import <file> [--into <file>]`. Options that many commands have are left out, but for `--json`. */
export const usageOf = ({ id, operands, options }: CommandSpec): string =>
  [
    `refline ${id}`,
    ...operands.map(operandWord),
    ...Object.entries(options)
      .filter(([name, { common }]) => common !== true || name === 'json')
      .map(([name, option]) => (option.required ? optionWord(name, option) : `[${optionWord(name, option)}]`)),
  ].join(' ')

const section = (title: string, lines: readonly string[]): readonly string[] => (lines.length === 0 ? [] : ['', `${title}:`, ...lines])

const described = ({ description, choices }: { readonly description: string; readonly choices?: readonly string[] }): string =>
  choices === undefined ? description : `${description}: ${choices.join(', ')}`

/** The help of one command: how it is typed, what it does, its operands and options, examples with what they print, and the names of its JSON. */
export const helpOf = (spec: CommandSpec): string => {
  const options = Object.entries(spec.options)
  const ordered = [...options.filter(([, { common }]) => common !== true), ...options.filter(([, { common }]) => common === true)]
  const examples = spec.examples.flatMap(({ type, prints }, index) => [
    ...(index === 0 ? [] : ['']),
    `  $ refline ${type}`,
    ...prints.map(line => `  ${line}`.trimEnd()),
  ])
  return [
    `Usage: ${usageOf(spec)}`,
    '',
    spec.summary,
    ...sentencesOf(spec.details),
    ...section('Operands', aligned(spec.operands.map(operand => [operandWord(operand), described(operand)]))),
    ...section('Options', aligned(ordered.map(([name, option]) => [optionWord(name, option), described(option)]))),
    ...section('Examples', examples),
    ...section('What --json prints, one document', aligned(Object.entries(spec.document ?? {}))),
  ].join('\n')
}

/** One sentence a line, since a terminal is read in lines. */
const sentencesOf = (text: string): readonly string[] => text.split(/(?<=[.:]) (?=[A-Z])/)

/** All commands by what they are for, and where to begin. */
export const overviewOf = (commands: readonly CommandSpec[]): string => {
  const width = Math.max(...commands.map(({ id }) => id.length))
  const lists = Object.entries(groups).flatMap(([group, title]) =>
    section(
      title,
      aligned(
        commands.filter(command => command.group === group).map(({ id, summary }) => [id, summary]),
        width,
      ),
    ),
  )
  return [
    'Usage: refline <command> [options]',
    '',
    'Refline at a terminal: the same rules, the same arithmetic and the same ledger as the actions. Looking needs no token where git can read the repository.',
    ...lists,
    '',
    'Where to begin, in a checkout of a repository that uses Refline:',
    ...aligned([
      ['refline status', 'what is live now'],
      ['refline log', 'how it came to that'],
      ['refline show champion', 'how good the champion is and what it was made from'],
      ['refline help log', 'all of one command, with examples; so for every other'],
      ['refline completion bash', 'completion by the Tab key; also zsh and fish'],
      ['refline --version', 'which release this is'],
    ]),
  ].join('\n')
}

/** Two columns, the second one aligned. */
export const aligned = (rows: readonly (readonly [string, string])[], least = 0): readonly string[] => {
  const width = Math.max(least, ...rows.map(([name]) => name.length))
  return rows.map(([name, description]) => `  ${name.padEnd(width)}  ${description}`)
}
