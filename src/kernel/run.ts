import { UserError } from '../core/errors.ts'
import { type ActionSpec, type InputSpec, type InputsOf, type Outcome, type OutputSpec, outputText } from './action.ts'
import { failpoint } from './failpoint.ts'
import { camel, readInputs, secretsOf } from './inputs.ts'
import { annotate, mask, print, writeOutputs } from './workflow-commands.ts'

/**
 * Exit codes: it did what was asked or there was nothing to do · a verdict said no (gate failed, canary rolled back or held) · it could not answer
 * (configuration, network, no such run: a UserError) · a bug of ours (EX_SOFTWARE of sysexits.h).
 */
export const exitCodes = { done: 0, verdict: 1, user: 2, bug: 70 } as const

const bugReport = 'This is a bug in Refline, not in your workflow: please report it with the lines above.'

/**
 * Runs an action: masks secrets, reads the inputs, calls the handler, writes the outputs, then ends the process with one of the exit codes. Outputs are
 * written before a failure is reported. It never returns to its caller with an error.
 */
export const runAction = async <I extends Record<string, InputSpec>, O extends Record<string, OutputSpec>>(
  spec: ActionSpec<I, O>,
  handler: (inputs: InputsOf<I>) => Promise<Outcome<O>>,
): Promise<void> => {
  const env = process.env
  const secrets = guard(spec, env)
  try {
    const { inputs, warnings } = await prepare(spec, env)
    for (const warning of warnings) annotate('warning', warning)
    const outcome = await handler(inputs)
    failpoint('outputs', 'before')
    writeOutputs(outputTexts(spec, outcome), env)
    failpoint('outputs', 'after')
    if (outcome.failure === undefined) end(exitCodes.done)
    annotate('error', redact(outcome.failure, secrets))
    end(exitCodes.verdict)
  } catch (error) {
    fail(error, secrets)
  }
}

/** Refuses bad inputs before the handler's code, which is heavy, is even loaded. Ends the process with a message where there are problems. */
export const checkInputs = async (spec: ActionSpec, env: NodeJS.ProcessEnv = process.env): Promise<void> => {
  const secrets = guard(spec, env)
  try {
    await prepare(spec, env)
  } catch (error) {
    fail(error, secrets)
  }
}

let guarded: readonly string[] | undefined

const guard = (spec: ActionSpec, env: NodeJS.ProcessEnv): readonly string[] => {
  if (guarded !== undefined) return guarded
  const secrets = secretsOf(spec, env)
  guarded = secrets
  for (const secret of secrets) mask(secret, env)
  process.on('uncaughtException', error => fail(error, secrets))
  process.on('unhandledRejection', reason => fail(reason, secrets))
  return secrets
}

const prepare = async <I extends Record<string, InputSpec>, O extends Record<string, OutputSpec>>(
  spec: ActionSpec<I, O>,
  env: NodeJS.ProcessEnv,
) => {
  if ((env.ACTIONS_ALLOW_UNSECURE_COMMANDS ?? '') !== '')
    throw new UserError(
      'ACTIONS_ALLOW_UNSECURE_COMMANDS is set, so any line that a script prints could change the environment of this job. Remove it from the workflow.',
    )
  return readInputs(spec, env)
}

const outputTexts = (spec: ActionSpec, outcome: { readonly outputs: object }): ReadonlyMap<string, string> => {
  const values = new Map(Object.entries(outcome.outputs))
  const texts = new Map<string, string>()
  for (const [name, output] of Object.entries(spec.outputs)) {
    const value: unknown = values.get(camel(name))
    values.delete(camel(name))
    const parsed = output.schema.safeParse(value)
    if (!parsed.success) throw new Error(`output ${name} of ${spec.id} is not what its spec says: ${parsed.error.message}`)
    texts.set(name, outputText(value))
  }
  if (values.size > 0) throw new Error(`outputs that the spec of ${spec.id} does not have: ${[...values.keys()].join(', ')}`)
  return texts
}

function fail(error: unknown, secrets: readonly string[]): never {
  if (error instanceof UserError) {
    annotate('error', redact(withPlace(error), secrets), error.place)
    if (process.env.RUNNER_DEBUG === '1' && error.cause !== undefined) print(redact(stackOf(error.cause), secrets))
    end(exitCodes.user)
  }
  print(redact(stackOf(error), secrets))
  annotate('error', redact(`${error instanceof Error ? error.message : String(error)}\n${bugReport}`, secrets))
  end(exitCodes.bug)
}

/** The message of a user's error, with file and line in front where it does not begin with them. */
export const withPlace = ({ message, place }: UserError): string => {
  if (place === undefined) return message
  const where = place.line === undefined ? place.file : `${place.file}:${place.line}`
  return message.startsWith(place.file) ? message : `${where}: ${message}`
}

/** The stack of an error and of what caused it. */
export const stackOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const stack = error.stack ?? error.message
  return error.cause === undefined ? stack : `${stack}\ncaused by ${stackOf(error.cause)}`
}

const redact = (message: string, secrets: readonly string[]): string =>
  secrets.reduce((text, secret) => text.replaceAll(secret, '***'), message)

// Open sockets and timers must not keep a finished step alive.
function end(code: number): never {
  process.exit(code)
}
