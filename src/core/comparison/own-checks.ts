import type { ModelConfiguration } from '../configuration/schema.ts'
import type { RunRecord } from '../lineage/run.ts'
import type { Finding } from './assessment.ts'

/** What the user's own checks say: `blocked` fails the gate, one sentence each, `warnings` do not. */
export interface CheckedByUser {
  readonly findings: Finding[]
  readonly blocked: string[]
  readonly warnings: string[]
}

/** The rules decide whether checks must have run: a change that takes them away, or a run that has lost them, does not take their answer away. */
const problemOf = (rules: ModelConfiguration, run: RunRecord): string | null => {
  if (run.checks) return run.checks.problem === null ? null : `your own checks gave no answer: ${run.checks.problem}`
  if (rules.checks === undefined) return null
  return 'the rules name `checks`, but this run did not run them, so nothing shows what they would find'
}

/** Takes what the user's own checks found into the answer. */
export const judgeChecks = (rules: ModelConfiguration, run: RunRecord): CheckedByUser => {
  const findings = run.checks?.findings ?? []
  const problem = problemOf(rules, run)
  const saying = (severity: Finding['severity']): string[] =>
    findings.filter(finding => finding.severity === severity).map(({ check, message }) => `check ${check}: ${message}`)
  return {
    findings: findings.map(finding => ({ ...finding })),
    blocked: [...saying('error'), ...(problem === null ? [] : [problem])],
    warnings: saying('warn'),
  }
}
