import type { Audit } from './audit.ts'
import { adviceFor, type Finding } from './finding.ts'

const mostShown = 25

const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`

const parts = ({ events, versions, witnesses, releases, workflowRuns }: Audit): readonly string[] => [
  counted(events, 'event'),
  counted(versions.size, 'version'),
  counted(witnesses, 'witness', 'witnesses'),
  ...(releases === null ? ['releases not read'] : [counted(releases, 'release')]),
  ...(workflowRuns === null ? [] : [counted(workflowRuns, 'workflow run')]),
]

const line = ({ severity, sentence }: Finding): string => `${severity}: ${sentence}.`

/** Whether a verification failed. */
export const failed = ({ findings }: Audit): boolean => findings.some(({ severity }) => severity === 'error')

/** A verification in words: one line where all is well, else a line for each finding and what to do. `seconds` is how long it took. */
export const auditLines = (audit: Audit, seconds: number): readonly string[] => {
  const { model, findings, unproven } = audit
  const took = `in ${seconds.toFixed(1)} s`
  const left = findings.length - mostShown
  const kinds = [...new Set(findings.map(({ kind }) => kind))]
  return [
    failed(audit)
      ? `${model}: NOT verified: ${counted(findings.length, 'finding')} (${parts(audit).join(', ')}, ${took})`
      : `${model}: chain verified: ${parts(audit).join(', ')} ${took}`,
    ...findings.slice(0, mostShown).map(line),
    ...(left > 0 ? [`and ${left} more (--json has them all)`] : []),
    ...kinds.map(kind => `what to do (${kind}): ${adviceFor(kind)}.`),
    ...(unproven.length === 0
      ? []
      : [
          `note: the store has no digest for files of ${unproven
            .slice(0, 10)
            .map(version => `v${version}`)
            .join(', ')}${unproven.length > 10 ? ` and ${unproven.length - 10} more` : ''}; --deep downloads and checks them`,
        ]),
  ]
}

/** The same as data, for `--json`. */
export const auditDocument = (audit: Audit) => ({
  model: audit.model,
  verified: !failed(audit),
  events: audit.events,
  versions: audit.versions.size,
  witnesses: audit.witnesses,
  releases: audit.releases,
  workflow_runs: audit.workflowRuns,
  unproven: audit.unproven,
  findings: audit.findings.map(finding => ({ ...finding, advice: adviceFor(finding.kind) })),
})
