import type { Assessment } from '../comparison/assessment.ts'
import { shortFigure } from '../comparison/figures.ts'
import { opponentName } from '../comparison/opponent.ts'
import { shownBy } from '../comparison/promotion.ts'
import { isPromotion } from './verdict-words.ts'

const primaryFigures = ({ rows }: Assessment): string => {
  const primary = rows.find(row => row.primary)
  const [ours, theirs] = [primary?.challenger.value, primary?.champion?.value]
  return primary === undefined || ours == null || theirs == null ? '' : ` (${primary.metric} ${shortFigure(theirs)} → ${shortFigure(ours)})`
}

/** Why a run is registered as a version, for the ledger's subject and the job's log: plain text, not escaped. The headline would tell of a merge, which is long past. */
export const registrationWords = (assessment: Assessment): string => {
  const { opponent, decision, override, verdict } = assessment
  if (override !== null) return `verdict ${assessment.verdict}, overridden by ${override.actor}: ${override.reason}`
  if (opponent.kind === 'first')
    return verdict === 'pass'
      ? 'the first version, all absolute gates pass'
      : 'the first version, its gates are not proven, which the rules let pass'
  if (opponent.kind === 'unreachable') return assessment.headline
  const champion = opponentName(opponent)
  const gates = verdict === 'pass' ? 'passes its gates' : 'its gates are not proven, which the rules let pass'
  if (decision !== 'promote') return `${gates}, ${champion} stays live${primaryFigures(assessment)}`
  const shown = assessment.rows.find(row => row.primary)?.rules.find(isPromotion)
  return `${shownBy(shown?.kind)} ${champion}${primaryFigures(assessment)}`
}
