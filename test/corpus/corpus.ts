import { writeFile } from 'node:fs/promises'
import { expect } from 'vitest'
import { readPredictions } from '../../src/adapters/files/predictions.ts'
import { readMetricsFile } from '../../src/adapters/files/reported/metrics-file.ts'
import { jobLog } from '../../src/adapters/runner/log.ts'
import { type AssessmentRequest, assess } from '../../src/core/comparison/assess.ts'
import { type Assessment, assessment } from '../../src/core/comparison/assessment.ts'
import { requireUniqueIds } from '../../src/core/comparison/pair.ts'
import type { ModelConfiguration } from '../../src/core/configuration/schema.ts'
import { UserError } from '../../src/core/errors.ts'
import { canonicalJson } from '../../src/core/lineage/canonical.ts'
import type { ReportedValue } from '../../src/core/lineage/run.ts'
import { renderComment } from '../../src/core/report/comment.ts'
import { renderLogLines } from '../../src/core/report/log-lines.ts'
import { runOf } from '../core/evaluation/fixtures.ts'
import { emptyContext } from '../support/assessments.ts'
import { elements, rendered } from '../support/rendered.ts'
import { parseWorkflowCommands } from '../support/runner-files.ts'

export type Bytes = string | Uint8Array

/** What became of an input: the value that was read from it and, where something was judged, the answer. */
export interface Outcome {
  readonly value?: unknown
  readonly assessment?: Assessment
}

/**
 * One hostile or broken input. `refused`: a UserError whose message matches, standing in `file` where one is named and at `line`. `failed`: read, and the gate says
 * no for this reason. `accepted`: read as exactly this value, and whatever it is judged to be is not looked at beyond its report.
 */
export interface CorpusCase {
  readonly name: string
  readonly run: (folder: string) => Promise<Outcome> | Outcome
  readonly refused?: RegExp
  readonly file?: string
  readonly line?: number
  readonly failed?: RegExp
  readonly accepted?: unknown
}

const zero = '0'.repeat(64)
const request = (rules: ModelConfiguration, part: Partial<AssessmentRequest>): AssessmentRequest => ({
  model: 'churn',
  rules,
  policy: { from: 'refline.yml of main', digest: zero, loosened: [] },
  run: runOf(),
  runDigest: zero,
  challenger: null,
  opponent: { kind: 'first', proof: 'the ledger was read' },
  champion: null,
  change: 'first',
  override: null,
  problem: null,
  ...part,
})

/** Judges, writes the result as `result.json` is written, and looks at the reports. */
export const judged = (rules: ModelConfiguration, part: Partial<AssessmentRequest>): Assessment => {
  const found = assessment.parse(assess(request(rules, part)))
  canonicalJson(found)
  checkReports(found)
  return found
}

const writable = async (folder: string, name: string, content: Bytes): Promise<string> => {
  const path = `${folder}/${name}`
  await writeFile(path, content)
  return path
}

/** Metrics as `train` reads them and as a gate without predictions judges them. */
export const metricsFile =
  (rules: ModelConfiguration, content: Bytes | (() => Bytes), name = 'metrics.json') =>
  async (folder: string) => {
    const path = await writable(folder, name, typeof content === 'function' ? content() : content)
    return judgedMetrics(rules, await readMetricsFile(path, name))
  }

/** Metrics that were read, as a gate without predictions judges them. */
export const judgedMetrics = (rules: ModelConfiguration, reported: Readonly<Record<string, ReportedValue>>): Outcome => {
  canonicalJson(reported)
  return { value: reported, assessment: judged(rules, { run: runOf({ ...reported }, false) }) }
}

/** Predictions as the gate reads and judges them. What is refused must fail the gate too, since there it is the reason and no error. */
export const predictionsFile =
  (rules: ModelConfiguration, content: Bytes | (() => Bytes), name = 'predictions.csv') =>
  async (folder: string) => {
    const path = await writable(folder, name, typeof content === 'function' ? content() : content)
    try {
      const challenger = await readPredictions(path, rules)
      requireUniqueIds(challenger)
      return { value: challenger, assessment: judged(rules, { challenger }) }
    } catch (error) {
      if (error instanceof UserError) {
        const { verdict, decision } = judged(rules, { problem: `the predictions cannot be read: ${error.message}` })
        expect({ verdict, decision }).toEqual({ verdict: 'fail', decision: 'keep' })
      }
      throw error
    }
  }

const allowed = new Set([
  'h3',
  'h4',
  'p',
  'table',
  'thead',
  'tbody',
  'tr',
  'th',
  'td',
  'ul',
  'li',
  'strong',
  'code',
  'pre',
  'sub',
  'details',
  'summary',
  'blockquote',
  'br',
  'em',
])
const unseen = /[\p{Cf}\u2028\u2029]|(?!\n)\p{Cc}|\p{Cs}/u

const checkMarkdown = (markdown: string): void => {
  expect(unseen.exec(markdown)?.[0]).toBeUndefined()
  expect(markdown.length).toBeLessThanOrEqual(65_536)
  expect(elements(rendered(markdown)).filter(element => !allowed.has(element))).toEqual([])
}

/** No command, no element, no invisible character comes out of what was read. */
export const checkReports = (found: Assessment): void => {
  checkMarkdown(renderComment(found, emptyContext('0.0.0')))
  let log = ''
  const out = jobLog({ GITHUB_ACTIONS: 'true' }, text => {
    log += text
  })
  for (const line of renderLogLines(found)) out.info(line)
  checkLog(log)
}

/** What the runner would take for commands in a log of ours; there is none but what the caller expects. */
export const checkLog = (log: string, expected: readonly string[] = []): void => {
  expect(
    parseWorkflowCommands(log)
      .map(command => command.name)
      .filter(name => !expected.includes(name)),
  ).toEqual([])
  expect(log).not.toMatch(/##\[/)
  expect(log.replaceAll(/[\n\t]/g, '')).not.toMatch(/\p{Cc}|[\u202a-\u202e\u2066-\u2069\u2028\u2029]/u)
  expect(log).not.toMatch(/^\s+at .*:\d+:\d+\)?$/m)
}

/** A cause in words: short, no stack, no bug of ours in disguise. */
export const checkMessage = (message: string): void => {
  expect(message.length).toBeGreaterThan(10)
  expect(message.length).toBeLessThan(6000)
  expect(message).not.toMatch(
    /\bat .*\.[tj]s:\d+|node:internal|TypeError|RangeError|Cannot read propert|is not a function|is not iterable|\[object Object\]|undefined is/,
  )
  expect(message.split('\n').length).toBeLessThanOrEqual(22)
}

const secondsAllowed = 10
const bytesAllowed = 1e9

/** Runs a case and holds it to what it expects. */
export const check = async (one: CorpusCase, folder: string): Promise<void> => {
  const start = performance.now()
  let outcome: Outcome | null = null
  let error: unknown = null
  try {
    outcome = await one.run(folder)
  } catch (thrown) {
    error = thrown
  }
  expect((performance.now() - start) / 1000).toBeLessThan(secondsAllowed)
  expect(process.memoryUsage.rss()).toBeLessThan(bytesAllowed)
  if (one.refused !== undefined) {
    if (error !== null && !(error instanceof UserError)) throw error
    expect(error, `it was accepted: ${JSON.stringify(outcome?.value)?.slice(0, 300)}`).toBeInstanceOf(UserError)
    const { message, place } = error as UserError
    checkMessage(message)
    expect(message).toMatch(one.refused)
    if (one.file !== undefined) expect(place?.file).toBe(one.file)
    if (one.line !== undefined) expect(place?.line).toBe(one.line)
    return
  }
  if (error !== null) throw error
  if (one.failed !== undefined) {
    expect(outcome?.assessment?.verdict).toBe('fail')
    expect(outcome?.assessment?.decision).toBe('keep')
    expect(outcome?.assessment?.because.join('\n')).toMatch(one.failed)
    for (const sentence of outcome?.assessment?.because ?? []) checkMessage(`${sentence}          `)
  } else {
    expect(one, 'a case that is neither refused nor failed says what is accepted').toHaveProperty('accepted')
    expect(outcome?.value).toEqual(one.accepted)
  }
}
