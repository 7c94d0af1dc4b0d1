import type { ModelConfiguration } from '../configuration/schema.ts'
import { plainLine } from '../report/escape.ts'
import type { Assessment } from './assessment.ts'

/** Of an annotation; a rule on slices can have hundreds. */
const mostReasons = 20

/**
 * Why a gate fails by this assessment, in lines of plain text, or null. Inconclusive fails too, except where the rules only warn and there was a champion to compare
 * with. An override, which only somebody who may write can give, lets it through.
 */
export const gateFailure = (assessment: Assessment, policy: ModelConfiguration['on_inconclusive']): string | null => {
  if (assessment.verdict === 'pass' || assessment.override !== null) return null
  const warns = policy === 'warn' && assessment.opponent.kind !== 'unreachable'
  if (assessment.verdict === 'inconclusive' && warns) return null
  return sentencesOf(assessment)
}

/**
 * Why a comparison alone shall fail, for those who do not gate, or null. `worse`: a gate fails, or the primary metric is undefined or proven worse; `inconclusive`: that,
 * or it could not be told.
 */
export const comparisonFailure = (assessment: Assessment, failOn: 'never' | 'worse' | 'inconclusive'): string | null => {
  if (failOn === 'never') return null
  const primary = assessment.rows.find(row => row.primary)
  const worse = assessment.verdict === 'fail' || primary === undefined || primary.challenger.value === null || isProvenWorse(primary)
  const open = assessment.verdict === 'inconclusive' || assessment.decision === 'inconclusive'
  return worse || (failOn === 'inconclusive' && open) ? sentencesOf(assessment) : null
}

const isProvenWorse = ({ difference, direction }: Assessment['rows'][number]): boolean => {
  if (difference === null || difference.low === null || difference.high === null) return false
  return direction === 'higher' ? difference.high < 0 : difference.low > 0
}

const sentencesOf = ({ because, headline }: Assessment): string => {
  const others = because.filter(sentence => !headline.includes(sentence))
  const more = others.length > mostReasons ? [`and ${others.length - mostReasons} more, all in the report`] : []
  return [headline, ...others.slice(0, mostReasons), ...more].map(line => plainLine(line)).join('\n')
}
