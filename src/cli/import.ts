import { writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { readText } from '../adapters/files/text.ts'
import { parseConfiguration, selectModel } from '../core/configuration/parse.ts'
import { UserError } from '../core/errors.ts'
import type { Task } from '../core/evaluation/predictions.ts'
import { type Carried, carryOver } from '../core/migration/gates.ts'
import { taskOf } from '../core/migration/mlflow-metrics.ts'
import { type ReadThresholds, readThresholds } from '../core/migration/thresholds.ts'
import { lostSentence, mergedGates, writtenGates } from '../core/migration/written.ts'
import type { Work } from './commands.ts'
import type { Terminal } from './terminal.ts'

const tasks = ['binary', 'multiclass', 'regression'] as const

/** Makes gates out of MLflow's MetricThresholds: printed, or written into a configuration. Throws a UserError where nothing can be carried over. */
export const importThresholds: Work = async ({ operands, options, flags }, terminal) => {
  const file = operands[0] ?? ''
  const text = await readText(file, file)
  if (text === null) throw new UserError(`there is no file ${file}`)
  if (options.model !== undefined && options.into === undefined)
    throw new UserError('--model names the model of the file that --into names; leave it out, or add --into refline.yml')
  const asked = tasks.find(task => task === options.task)

  const read = readThresholds(text, file)
  if (options.into === undefined) {
    const task = asked ?? taskOf(read.thresholds.map(({ name }) => name)) ?? 'binary'
    const carried = something(carryOver(read, task), read, file)
    if (flags.has('json')) print(terminal, { file, task, into: null, added: [] }, carried)
    else terminal.say(writtenGates(carried, task, basename(file)).trimEnd())
    return {}
  }
  const { into } = options
  const before = await readText(into, into)
  if (before === null)
    throw new UserError(`there is no ${into}; print the gates without --into and begin a configuration with them`, {
      place: { file: into },
    })
  const { name, model } = modelOf(before, into, options.model)
  if (asked !== undefined && asked !== model.task) throw new UserError(`--task ${asked}: the model ${name} of ${into} is ${model.task}`)
  const carried = something(carryOver(read, model.task), read, file)
  const merged = mergedGates(before, into, name, carried)
  if (merged.added.length > 0)
    await writeFile(into, merged.text).catch((cause: NodeJS.ErrnoException) => {
      throw new UserError(`${into} cannot be written: ${cause.code}`, { place: { file: into }, cause })
    })
  if (flags.has('json')) print(terminal, { file, task: model.task, into, added: merged.added }, carried)
  else for (const line of summary(carried, merged.added, `${into}, models.${name}`)) terminal.say(line)
  return {}
}

const print = (
  terminal: Terminal,
  around: { readonly file: string; readonly task: Task; readonly into: string | null; readonly added: readonly string[] },
  { gates, lost, notes, primary }: Carried,
): void =>
  terminal.document({
    schema: 1,
    ...around,
    primary,
    gates: Object.fromEntries([...gates].map(([metric, { gate }]) => [metric, gate])),
    lost: lost.map(({ what, line, why }) => ({ name: what, line, reason: why })),
    notes,
  })

const modelOf = (
  text: string,
  file: string,
  wanted: string | undefined,
): { readonly name: string; readonly model: { readonly task: Task } } => {
  const configuration = parseConfiguration(text, file)
  const names = Object.keys(configuration.models)
  if (wanted === undefined && names.length > 1)
    throw new UserError(`${file} has ${names.length} models; name one with --model: ${names.join(', ')}`)
  return selectModel(configuration, wanted)
}

const something = (carried: Carried, { thresholds, lost }: ReadThresholds, file: string): Carried => {
  if (carried.gates.size > 0) return carried
  const found = thresholds.length === 0 && lost.length === 0 ? 'it holds no MetricThreshold' : carried.lost.map(lostSentence).join('; ')
  throw new UserError(`nothing of ${file} can be carried over: ${found}`, { place: { file } })
}

const summary = (carried: Carried, added: readonly string[], where: string): readonly string[] => [
  added.length === 0
    ? `${where} has these gates already`
    : `${where}: ${added.length} ${added.length === 1 ? 'gate' : 'gates'} added (${added.join(', ')})`,
  ...carried.notes.map(note => `note: ${note}`),
  ...(carried.lost.length === 0 ? [] : ['not carried over:', ...carried.lost.map(one => `  - ${lostSentence(one)}`)]),
]
