import { parseArgs } from 'node:util'
import { UserError } from '../core/errors.ts'
import { nearest } from '../core/nearest.ts'

/** What completion offers for a value: files, models of refline.yml, other commands. */
export type Completes = 'file' | 'model' | 'command'

/** One option. Without `value` it is a flag; else `value` is what stands for the value in the help. */
export interface OptionSpec {
  readonly value?: string
  readonly description: string
  readonly required?: boolean
  /** The only values it takes. */
  readonly choices?: readonly string[]
  /** `whole`: a whole number of at least 1, or 0 with `from: 0`. `day`: a day or a moment in UTC. Any text where absent. */
  readonly form?: 'whole' | 'day'
  readonly from?: number
  readonly completes?: Completes
  /** Many commands have it: it stands last in the help and not in the usage line. */
  readonly common?: boolean
}

export interface OperandSpec {
  readonly name: string
  readonly required: boolean
  readonly description: string
  readonly choices?: readonly string[]
  readonly completes?: Completes
}

/** Something to type, without the word `refline`, and what it prints, shortened. */
export interface ExampleSpec {
  readonly type: string
  readonly prints: readonly string[]
}

/** Commands by what they are for, in the order of the overview. */
export const groups = {
  look: 'Look: what is live, what was decided, where a version comes from',
  judge: 'Judge: rules and files at a desk',
  decide: 'Decide: what waits for somebody',
  keep: 'Keep: the ledger and the files of versions',
  help: 'Help',
} as const

/** One command of the terminal client: the source of its help, of its parser, of the completion and of the README's table. */
export interface CommandSpec {
  readonly id: string
  readonly group: keyof typeof groups
  readonly summary: string
  /** More than the summary, for its own help: two or three sentences. */
  readonly details: string
  readonly operands: readonly OperandSpec[]
  /** By their names without the dashes. */
  readonly options: Readonly<Record<string, OptionSpec>>
  readonly examples: readonly ExampleSpec[]
  /** Whether it writes decisions (where it has `--apply`: with it). In a workflow only the default branch may. */
  readonly decides?: true
  /** Names at the top of the document that `--json` prints, each with its meaning. */
  readonly document?: Readonly<Record<string, string>>
}

/** What was typed: operands in order, options by name and flags, none of them empty and each of the form that its spec asks for. */
export interface Typed {
  readonly operands: readonly string[]
  readonly options: Readonly<Record<string, string | undefined>>
  readonly flags: ReadonlySet<string>
}

const day = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?Z)?$/

/** Why a value is not what its option takes, or null. */
const wrong = (shown: string, { choices, form, from = 1 }: Pick<OptionSpec, 'choices' | 'form' | 'from'>, value: string): string | null => {
  const found = JSON.stringify(value.slice(0, 80))
  if (choices !== undefined && !choices.includes(value)) {
    const meant = nearest(value, choices)
    return `${shown} is one of ${choices.join(', ')}, found ${found}${meant === undefined ? '' : `; did you mean ${meant}?`}`
  }
  if (form === 'whole' && !(/^\d{1,9}$/.test(value) && Number(value) >= from))
    return `${shown} is a whole number of at least ${from}, found ${found}`
  if (form === 'day' && !(day.test(value) && !Number.isNaN(Date.parse(value))))
    return `${shown} is a day such as 2026-10-01 or a moment such as 2026-10-01T12:00Z, found ${found}`
  return null
}

/** Reads what was typed after a command's name. Throws one UserError that lists every problem; an unknown option or choice names the nearest one. */
export const readArguments = (spec: CommandSpec, argv: readonly string[]): Typed => {
  const known = Object.keys(spec.options)
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(
      Object.entries(spec.options).map(([name, { value }]) => [
        name,
        { type: value === undefined ? ('boolean' as const) : ('string' as const) },
      ]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  const problems: string[] = []
  const operands: string[] = []
  const options: Record<string, string> = {}
  const flags = new Set<string>()
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value)
    if (token.kind !== 'option') continue
    const { name, rawName, value } = token
    const option = Object.hasOwn(spec.options, name) ? spec.options[name] : undefined
    if (option === undefined) {
      const meant = nearest(name, known)
      problems.push(`unknown option ${rawName}${meant === undefined ? '' : `; did you mean --${meant}?`}`)
    } else if (option.value === undefined) {
      if (value !== undefined) problems.push(`${rawName} takes no value`)
      flags.add(name)
    } else if (value === undefined || value === '' || (!token.inlineValue && value.startsWith('-')))
      problems.push(`${rawName} needs a value`)
    else if (Object.hasOwn(options, name)) problems.push(`${rawName} is given twice`)
    else {
      const problem = wrong(rawName, option, value)
      if (problem !== null) problems.push(problem)
      options[name] = value
    }
  }
  for (const [name, { required }] of Object.entries(spec.options))
    if (required && !Object.hasOwn(options, name) && problems.length === 0) problems.push(`--${name} is required`)
  for (const [index, { name, required, choices }] of spec.operands.entries()) {
    const operand = operands[index]
    if (operand === undefined || operand === '') {
      if (required || operand === '') problems.push(`<${name}> is missing`)
    } else if (choices !== undefined) {
      const problem = wrong(`<${name}>`, { choices }, operand)
      if (problem !== null) problems.push(problem)
    }
  }
  for (const more of operands.slice(spec.operands.length)) problems.push(`unexpected ${JSON.stringify(more)}`)
  if (problems.length > 0) throw new UserError(`refline ${spec.id}: ${problems.join('; ')}. See refline ${spec.id} --help`)
  return { operands, options, flags }
}
