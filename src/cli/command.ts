import { parseArgs } from 'node:util'
import { UserError } from '../core/errors.ts'
import { nearest } from '../core/nearest.ts'

/** One command of the terminal client: the source of its help, of its parser and of the README's table. */
export interface CommandSpec {
  readonly id: string
  readonly summary: string
  /** More than the summary, for its own help. */
  readonly details: string
  readonly operands: readonly { readonly name: string; readonly required: boolean; readonly description: string }[]
  /** By their names without the dashes; `value` is what stands for the value in the help. */
  readonly options: Readonly<Record<string, { readonly value: string; readonly description: string; readonly required?: boolean }>>
}

/** What was typed: operands in order and options by name, none of them empty. */
export interface Typed {
  readonly operands: readonly string[]
  readonly options: Readonly<Record<string, string | undefined>>
}

/** Reads what was typed after a command's name. Throws one UserError that lists every problem; an unknown option names the nearest one. */
export const readArguments = (spec: CommandSpec, argv: readonly string[]): Typed => {
  const known = Object.keys(spec.options)
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(known.map(name => [name, { type: 'string' as const }])),
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  const problems: string[] = []
  const operands: string[] = []
  const options: Record<string, string> = {}
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value)
    if (token.kind !== 'option') continue
    const { name, rawName, value } = token
    if (!known.includes(name)) {
      const meant = nearest(name, known)
      problems.push(`unknown option ${rawName}${meant === undefined ? '' : `; did you mean --${meant}?`}`)
    } else if (value === undefined || value === '' || (!token.inlineValue && value.startsWith('-')))
      problems.push(`${rawName} needs a value`)
    else if (Object.hasOwn(options, name)) problems.push(`${rawName} is given twice`)
    else options[name] = value
  }
  for (const [name, { required }] of Object.entries(spec.options))
    if (required && !Object.hasOwn(options, name) && problems.length === 0) problems.push(`--${name} is required`)
  for (const { name, required } of spec.operands.slice(operands.length)) if (required) problems.push(`<${name}> is missing`)
  for (const more of operands.slice(spec.operands.length)) problems.push(`unexpected ${JSON.stringify(more)}`)
  if (problems.length > 0) throw new UserError(`refline ${spec.id}: ${problems.join('; ')}. See refline ${spec.id} --help`)
  return { operands, options }
}

/** How a command is typed: `refline import <file> [--into <file>]`. */
export const usageOf = ({ id, operands, options }: CommandSpec): string =>
  [
    `refline ${id}`,
    ...operands.map(({ name, required }) => (required ? `<${name}>` : `[${name}]`)),
    ...Object.entries(options).map(([name, { value, required }]) => (required ? `--${name} <${value}>` : `[--${name} <${value}>]`)),
  ].join(' ')

/** The help of one command. */
export const helpOf = (spec: CommandSpec): string => {
  const rows = [
    ...spec.operands.map(({ name, description }) => [`<${name}>`, description] as const),
    ...Object.entries(spec.options).map(([name, { value, description }]) => [`--${name} <${value}>`, description] as const),
  ]
  return [`Usage: ${usageOf(spec)}`, '', `${spec.summary} ${spec.details}`, '', ...aligned(rows)].join('\n')
}

/** Two columns, the second one aligned. */
export const aligned = (rows: readonly (readonly [string, string])[]): readonly string[] => {
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, description]) => `  ${name.padEnd(width)}  ${description}`)
}
