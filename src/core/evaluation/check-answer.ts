import { type ChecksResult, checksResult, type ReportedValue } from '../lineage/run.ts'
import { metricOf } from './metrics.ts'
import type { Task } from './predictions.ts'

const mostMetrics = 200
const mostFindings = 40
const longest = { metric: 80, check: 100, message: 500, problem: 500 } as const
const severities = ['error', 'warn', 'info'] as const

type Finding = ChecksResult['findings'][number]

class Wrong extends Error {}

/** The result of checks that gave nothing, and why in one sentence. It fails the gate. */
export const checksProblem = (why: string): ChecksResult => ({ metrics: {}, findings: [], problem: cut(oneLine(why), longest.problem) })

/**
 * What a module of the user's own checks returned, as it is kept: metrics by name and findings, the gravest first. NaN and infinities become words. Of more than 40
 * findings the gravest 39 stay and one says how many are not shown, as grave as the gravest of those. Anything of another shape is a `problem`, so that nothing a check
 * found is lost in silence; so is a metric of a name that is computed from the rows, which a check must not overrule.
 */
export const readCheckAnswer = (answer: unknown, task: Task): ChecksResult => {
  try {
    const { metrics, findings } = entries(answer, ['metrics', 'findings'], 'its answer')
    return checksResult.parse({ metrics: readMetrics(metrics, task), findings: readFindings(findings), problem: null })
  } catch (error) {
    if (error instanceof Wrong) return checksProblem(error.message)
    throw error
  }
}

const readMetrics = (metrics: unknown, task: Task): Record<string, ReportedValue> => {
  if (metrics === undefined) return {}
  if (!isRecord(metrics)) throw new Wrong(`\`metrics\` is ${kindOf(metrics)}; it must be an object of numbers by name`)
  const names = Object.keys(metrics)
  if (names.length > mostMetrics) throw new Wrong(`\`metrics\` has ${names.length} names; at most ${mostMetrics} are kept`)
  return Object.fromEntries(
    names.map(name => {
      const value = metrics[name]
      const shown = JSON.stringify(cut(name, longest.metric))
      if (name === '' || name.length > longest.metric || name === '__proto__' || /\p{Cc}/u.test(name))
        throw new Wrong(`the metric ${shown} has no usable name; 1 to ${longest.metric} printable characters are possible`)
      if (typeof value !== 'number') throw new Wrong(`the metric ${shown} is ${kindOf(value)}; it must be a number`)
      if (metricOf(name, task) !== undefined)
        throw new Wrong(`the metric ${shown} is computed from the rows, so a check cannot give it; call it something else`)
      return [name, Number.isFinite(value) ? value : (String(value) as ReportedValue)]
    }),
  )
}

const readFindings = (findings: unknown): readonly Finding[] => {
  if (findings === undefined) return []
  if (!Array.isArray(findings)) throw new Wrong(`\`findings\` is ${kindOf(findings)}; it must be a list`)
  const read = findings.map((finding: unknown, index): Finding => {
    const where = `finding ${index + 1}`
    const { check, severity, message } = entries(finding, ['check', 'severity', 'message'], where)
    const known = severities.find(name => name === severity)
    if (known === undefined) throw new Wrong(`${where} has the severity ${cut(said(severity), 40)}; it must be error, warn or info`)
    if (typeof check !== 'string' || oneLine(check) === '') throw new Wrong(`${where} has no text as \`check\``)
    if (typeof message !== 'string' || oneLine(message) === '') throw new Wrong(`${where} has no text as \`message\``)
    return { check: cut(oneLine(check), longest.check), severity: known, message: cut(oneLine(message), longest.message) }
  })
  read.sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity))
  if (read.length <= mostFindings) return read
  const rest = read.slice(mostFindings - 1)
  const { severity } = rest[0] as Finding
  return [...read.slice(0, mostFindings - 1), { check: 'more', severity, message: `${rest.length} more findings are not shown` }]
}

/** The members of an object that may have only these; anything else is most likely a slip that would lose a finding. */
const entries = <N extends string>(value: unknown, names: readonly N[], what: string): { readonly [name in N]?: unknown } => {
  if (!isRecord(value)) throw new Wrong(`${what} is ${kindOf(value)}; it must be an object with ${names.join(', ')}`)
  const other = Object.keys(value).find(name => !names.includes(name as N))
  if (other !== undefined) throw new Wrong(`${what} has ${JSON.stringify(cut(other, 40))}; it may have ${names.join(', ')}`)
  return value as { readonly [name in N]?: unknown }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && [Object.prototype, null].includes(Object.getPrototypeOf(value))

const kindOf = (value: unknown): string => {
  if (value === null || value === undefined) return String(value)
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object of another kind' : `a ${typeof value}`
}

const said = (value: unknown): string => (typeof value === 'string' ? JSON.stringify(value) : kindOf(value))

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim()

const cut = (text: string, length: number): string => (text.length <= length ? text : `${text.slice(0, length - 1)}…`).toWellFormed()
