import { Document, isMap, parseDocument, type YAMLMap } from 'yaml'
import { parseConfiguration } from '../configuration/parse.ts'
import type { Gate, ModelConfiguration } from '../configuration/schema.ts'
import { UserError } from '../errors.ts'
import type { Task } from '../evaluation/predictions.ts'
import { canonicalJson } from '../lineage/canonical.ts'
import { plainLine } from '../report/escape.ts'
import type { Carried, WrittenGate } from './gates.ts'
import type { Lost } from './thresholds.ts'

/** A sentence on one thing that could not be carried over. Plain text, one line. */
export const lostSentence = ({ what, line, why }: Lost): string =>
  plainLine(`${what}${line === null ? '' : ` (line ${line})`}: ${why}`, 400)

const comment = (lines: readonly string[]): string => lines.map(line => ` ${plainLine(line, 400)}`).join('\n')

/** The gates as our own schema understands them. Throws where it does not, which names the metric. */
const understood = (carried: Carried, task: Task): ModelConfiguration['gates'] => {
  const gates = Object.fromEntries([...carried.gates].map(([metric, { gate }]) => [metric, gate]))
  const text = JSON.stringify({ models: { imported: { task, primary: carried.primary ?? 'none', gates } } })
  return parseConfiguration(text, 'the gates made of this file').models.imported?.gates ?? {}
}

/**
 * The gates as YAML for a model of refline.yml, with a comment on where each came from and on all that could not be carried over. They are read back by our own
 * schema first; what that refuses is a UserError.
 */
export const writtenGates = (carried: Carried, task: Task, from: string): string => {
  understood(carried, task)
  const document = new Document({})
  const root = document.contents as unknown as YAMLMap
  const primary = document.createPair('primary', carried.primary)
  root.items.push(primary as never)
  const gates = document.createNode({}) as YAMLMap
  for (const [metric, { gate, from: sources }] of carried.gates) gates.items.push(pairOf(document, metric, gate, sources) as never)
  root.items.push(document.createPair('gates', gates) as never)
  document.commentBefore = comment([
    `Gates of ${from}, for a ${task} model. \`primary\` is a suggestion.`,
    'MLflow compares points, Refline intervals: on_inconclusive says what becomes of what these rows cannot tell.',
    ...([...carried.gates.values()].some(({ gate }) => gate.min_gain !== undefined)
      ? ['Without a baseline MLflow fails; here min_gain does not apply to a version that is proven to be the first.']
      : []),
    ...carried.notes,
  ])
  if (carried.lost.length > 0) document.comment = comment(['Not carried over:', ...carried.lost.map(one => `- ${lostSentence(one)}`)])
  return document.toString({ lineWidth: 0 })
}

const pairOf = (document: Document, metric: string, gate: WrittenGate, sources: readonly string[]) => {
  const value = document.createNode(gate, { flow: true })
  value.comment = comment([`MLflow: ${sources.join('; ')}`])
  return document.createPair(metric, value)
}

/**
 * The text of a configuration with the gates in a model of it; comments stay. A gate that is there already is left where it says the same. Throws a UserError where
 * one says something else, and nothing is merged.
 */
export const mergedGates = (
  text: string,
  file: string,
  model: string,
  carried: Carried,
): { readonly text: string; readonly added: readonly string[] } => {
  const effective = parseConfiguration(text, file).models[model]
  if (effective === undefined) throw new UserError(`${file} has no model ${model}`, { place: { file } })
  const wanted = understood(carried, effective.task)
  const same = (one: Gate | undefined, other: Gate | undefined): boolean =>
    one !== undefined && other !== undefined && canonicalJson(one) === canonicalJson(other)
  const present = [...carried.gates.keys()].filter(metric => Object.hasOwn(effective.gates, metric))
  const differing = present.filter(metric => !same(effective.gates[metric], wanted[metric]))
  if (differing.length > 0)
    throw new UserError(
      `${file} has other gates on ${differing.map(metric => plainLine(metric, 60)).join(', ')} for ${model}: nothing was written. Take them out first, or print the gates without --into and merge them by hand.`,
      { place: { file } },
    )
  const added = [...carried.gates.keys()].filter(metric => !present.includes(metric))
  const document = parseDocument(text)
  const section = document.getIn(['models', model])
  if (!isMap(section))
    throw new UserError(`models.${model} of ${file} is no plain section, such as an alias: merge the gates by hand`, { place: { file } })
  if (!section.has('gates')) section.set('gates', document.createNode({}))
  const gates = section.get('gates')
  if (!isMap(gates))
    throw new UserError(`models.${model}.gates of ${file} is no plain section, such as an alias: merge the gates by hand`, {
      place: { file },
    })
  if (added.length > 0) gates.flow = false
  for (const metric of added) {
    const { gate, from } = carried.gates.get(metric) as { gate: WrittenGate; from: readonly string[] }
    gates.items.push(pairOf(document, metric, gate, from) as never)
  }
  const written = added.length === 0 ? text : document.toString({ lineWidth: 0 })
  parseConfiguration(written, file)
  return { text: text.includes('\r\n') ? written.replace(/\r?\n/g, '\r\n') : written, added }
}
