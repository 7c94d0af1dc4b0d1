import type { Assessment, Finding } from '../comparison/assessment.ts'
import { code, escapeMarkdown } from './escape.ts'
import { icon, type Shown } from './verdict-words.ts'

const mostShown = 20

const shown: Readonly<Record<Finding['severity'], Shown>> = { error: 'fail', warn: 'warning', info: 'info' }
const order: Readonly<Record<Finding['severity'], number>> = { error: 0, warn: 1, info: 2 }

/** The sign that a finding's severity is shown by. */
export const findingIcon = ({ severity }: Finding): string => icon(shown[severity])

/** What the user's own checks found, worst first; null where they found nothing. */
export const findingsSection = ({ findings }: Assessment): string | null => {
  if (findings.length === 0) return null
  const lines = findings
    .toSorted((a, b) => order[a.severity] - order[b.severity])
    .slice(0, mostShown)
    .map(finding => `- ${findingIcon(finding)} ${code(finding.check, 100)}: ${escapeMarkdown(finding.message, 500)}`)
  const more = findings.length > mostShown ? [`- and ${findings.length - mostShown} more`] : []
  return ['Your own checks found:', ...lines, ...more].join('\n')
}
