import { UserError } from '../core/errors.ts'
import { nearest } from '../core/nearest.ts'
import type { ActionSpec, InputSpec, InputsOf, OutputSpec } from './action.ts'

/** The variable that the runner passes an input in: upper case, hyphens kept. */
export const inputVariable = (name: string): string => `INPUT_${name.replaceAll(' ', '_').toUpperCase()}`

/** camelCase, as handlers see a name. */
export const camel = (name: string): string => name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())

/** A default such as `${{ github.token }}` is filled in by the runner; elsewhere there is none, and the input is ''. */
export const isExpression = (value: string): boolean => value.includes('${{')

export interface ReadInputs<I extends Record<string, InputSpec>> {
  readonly inputs: InputsOf<I>
  readonly warnings: readonly string[]
}

/** Values of the secret inputs, to be masked before anything else is done. */
export const secretsOf = (spec: ActionSpec, env: NodeJS.ProcessEnv): readonly string[] =>
  Object.entries(spec.inputs)
    .filter(([, input]) => input.secret === true)
    .map(([name]) => (env[inputVariable(name)] ?? '').trim())
    .filter(value => value !== '')

/**
 * Reads all inputs of an action from its environment. An empty value counts as not given. Throws one UserError that lists every problem: missing
 * and malformed inputs, unknown ones that are a near miss of a real one, and broken rules across inputs. Other unknown inputs are warnings.
 */
export const readInputs = async <I extends Record<string, InputSpec>, O extends Record<string, OutputSpec>>(
  spec: ActionSpec<I, O>,
  env: NodeJS.ProcessEnv,
): Promise<ReadInputs<I>> => {
  const problems: string[] = []
  const warnings: string[] = []
  const values: Record<string, unknown> = {}
  for (const [name, input] of Object.entries<InputSpec>(spec.inputs)) {
    const given = (env[inputVariable(name)] ?? '').trim()
    if (given !== '' && given !== input.default && input.deprecated !== undefined)
      warnings.push(`input \`${name}\` is deprecated: ${input.deprecated}`)
    const raw = given !== '' ? given : input.default === undefined ? undefined : isExpression(input.default) ? '' : input.default
    if (raw === undefined) {
      values[camel(name)] = undefined
      if (input.required === true) problems.push(`input \`${name}\` is required: ${input.description}`)
      continue
    }
    const parsed = await input.schema.safeParseAsync(raw)
    if (parsed.success) values[camel(name)] = parsed.data
    else
      for (const issue of parsed.error.issues)
        problems.push(
          `input \`${name}\`${issue.path.length === 0 ? '' : ` at ${issue.path.join('.')}`}: ${hidden(input, raw, issue.message)}`,
        )
  }
  for (const unknown of unknownInputs(spec, env)) {
    const meant = nearest(unknown, Object.keys(spec.inputs))
    if (meant === undefined) warnings.push(`unknown input \`${unknown}\` is ignored; ${spec.id} has ${Object.keys(spec.inputs).join(', ')}`)
    else problems.push(`unknown input \`${unknown}\`; did you mean \`${meant}\`?`)
  }
  if (problems.length === 0 && spec.check !== undefined) problems.push(...spec.check(values as InputsOf<I>))
  if (problems.length > 0)
    throw new UserError(
      problems.length === 1
        ? `${spec.id}: ${problems[0]}`
        : `${spec.id}: ${problems.length} problems with the inputs:\n- ${problems.join('\n- ')}`,
    )
  return { inputs: values as InputsOf<I>, warnings }
}

const hidden = (input: InputSpec, raw: string, message: string): string =>
  input.secret === true && raw !== '' && message.includes(raw) ? 'is malformed' : message

const unknownInputs = (spec: ActionSpec, env: NodeJS.ProcessEnv): readonly string[] => {
  const known = new Set(Object.keys(spec.inputs).map(inputVariable))
  return Object.keys(env)
    .filter(variable => /^INPUT_./i.test(variable) && !known.has(variable.toUpperCase()))
    .map(variable => variable.slice('INPUT_'.length).toLowerCase())
}
