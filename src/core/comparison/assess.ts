import type { ModelConfiguration } from '../configuration/schema.ts'
import { holdoutDigest } from '../evaluation/holdout.ts'
import { predictionSettings } from '../evaluation/prediction-settings.ts'
import type { Predictions } from '../evaluation/predictions.ts'
import { classRows, forgetOrder, type Sample, unnoticed } from '../evaluation/sample.ts'
import type { VersionRecord } from '../lineage/events.ts'
import type { RunRecord } from '../lineage/run.ts'
import { defaultSeed } from '../statistics/random.ts'
import type { Assessment, JudgedRow, Opponent } from './assessment.ts'
import { checkRules } from './check-rules.ts'
import { rocCurve } from './curves.ts'
import { noPredictions, type Sources } from './evidence.ts'
import { judgeFairness } from './fairness.ts'
import { judgeChecks } from './own-checks.ts'
import { type Pairing, pair, requireUniqueIds, sideBySide } from './pair.ts'
import { decidingRules, judgeRows } from './rows.ts'
import { judgeSlices } from './slices.ts'
import { conclude, type Judged } from './verdict.ts'

export { loosened } from './loosened.ts'

/** Everything that an assessment is made from; the same values always give the same answer. */
export interface AssessmentRequest {
  readonly model: string
  readonly rules: ModelConfiguration
  /** Where the rules come from, their digest, and what the change loosens in them. */
  readonly policy: { readonly from: string; readonly digest: string; readonly loosened: readonly string[] }
  readonly run: RunRecord
  /** Digest of run.json. */
  readonly runDigest: string
  readonly challenger: Predictions | null
  readonly opponent: Opponent
  /** The champion's predictions on the same holdout; null where there are none, which is inconclusive if there is a champion. */
  readonly champion: Predictions | null
  /** The champion's record, for figures without rows such as its size. */
  readonly championVersion?: VersionRecord | null
  readonly change: Assessment['change']
  readonly override: { readonly reason: string; readonly actor: string } | null
  /** Why the challenger's predictions could not be read: makes every metric undefined with that reason. */
  readonly problem: string | null
  /** How often this holdout has decided before; null where that is not known. */
  readonly decided?: number | null
}

const resamples = 2000

type Face = {
  readonly opponent: Opponent
  readonly pairing: Extract<Pairing, { paired: true }> | null
  readonly independent: Sources['independent']
  readonly lost: number
}

/** The two models on the same rows, or side by side where the rules ask for it, or why not. Everything but "first" without rows of both ends up unreachable. */
const face = ({ opponent, champion, challenger, rules }: AssessmentRequest): Face => {
  const nothing = { opponent, pairing: null, independent: null, lost: 0 }
  if (opponent.kind !== 'champion') return nothing
  const unreachable = (reason: string, lost = 0): Face => ({
    ...nothing,
    opponent: { ...opponent, kind: 'unreachable', reason },
    lost,
  })
  if (champion === null) {
    // Where no rows are asked for at all, figures without rows can still be compared.
    return challenger === null && rules.predictions === undefined ? nothing : unreachable('there are no predictions of the champion')
  }
  const problem = champion.problem ?? unnoticed(champion)
  if (problem !== null) return unreachable(`its predictions cannot be used: ${problem}`)
  if (challenger === null) return nothing
  if (!predictionSettings(rules).paired) {
    const sides = sideBySide(challenger, champion)
    return 'reason' in sides ? unreachable(`it cannot be compared: ${sides.reason}`) : { ...nothing, independent: sides }
  }
  const pairing = pair(challenger, champion)
  return pairing.paired ? { ...nothing, pairing } : unreachable(`it cannot be compared: ${pairing.reason}`, pairing.lost)
}

const comparisonOf = ({ opponent, pairing, independent }: Face, challenger: Predictions | null): Sources['comparison'] => {
  if (opponent.kind === 'first') return 'first'
  if (independent) return 'independent'
  return opponent.kind === 'champion' && (pairing || !challenger) ? 'paired' : 'unreachable'
}

/** From here on, what was chosen on these rows fits them a little by luck. */
const manyDecisions = 20

/** What a reader must know of the rows. */
const holdoutNotes = ({ decided = null }: AssessmentRequest, { independent }: Face): string[] => [
  ...(independent === null
    ? []
    : [
        'the two models are compared as on unrelated rows (`predictions.paired: false`): unpaired on request, intervals are wider than on the same rows',
      ]),
  ...(decided === null || decided < manyDecisions
    ? []
    : [
        `this holdout has decided ${decided} times: models that were chosen on the same rows again and again fit them a little by luck, so these figures flatter and their intervals are too narrow; fresh rows would be honest`,
      ]),
]

const holdoutOf = (request: AssessmentRequest, challenger: Predictions, { pairing, lost }: Face): Assessment['holdout'] => ({
  digest: holdoutDigest(challenger),
  rows: challenger.rows,
  positive: request.rules.task === 'binary' ? (classRows(challenger)[1] ?? 0) : null,
  paired: pairing ? challenger.rows : null,
  lost,
  weighted: challenger.weights !== null,
  clusters: challenger.clusters && challenger.rows > 0 ? new Set(challenger.clusters).size : null,
  decided: request.decided ?? null,
})

/** Judges a run against the champion by the rules: the one answer behind `compare-champion`, `evaluate-gate` and `register`. */
export const assess = (request: AssessmentRequest): Assessment => {
  const { model, rules, run, challenger } = request
  checkRules(rules, request.opponent, model)
  const problem = request.problem ?? challenger?.problem ?? null
  if (challenger) requireUniqueIds(challenger)
  const faced = face(request)
  const { opponent, pairing, independent } = faced
  const marked = <S extends Sample>(sample: S): S => (problem === null ? sample : { ...sample, problem })
  const broken = challenger && marked(challenger)
  const method = { confidence: rules.confidence, seed: defaultSeed, resamples }
  const sources: Sources = {
    task: rules.task,
    run,
    challenger: broken,
    noRows: problem ?? (rules.predictions === undefined ? noPredictions : 'the run has no predictions, although refline.yml names a file'),
    paired: pairing && { challenger: marked(pairing.challenger), champion: pairing.champion },
    independent: independent && { challenger: marked(independent.challenger), champion: independent.champion },
    comparison: comparisonOf(faced, challenger),
    championVersion: request.championVersion ?? null,
    method,
  }
  const { rows, notes } = judgeRows(rules, sources, request.change)
  const roc =
    rules.task === 'binary' && problem === null && challenger
      ? rocCurve(challenger, pairing?.champion ?? independent?.champion ?? null)
      : null
  for (const sample of [broken, pairing?.challenger, pairing?.champion, independent?.champion]) if (sample) forgetOrder(sample)
  const slices = judgeSlices(rules, broken, sources)
  const fairness = judgeFairness(rules, broken, sources)
  const checks = judgeChecks(rules, run)
  const blocked = [...slices.blocked, ...fairness.blocked, ...checks.blocked]
  const judged: Judged = {
    model,
    rules,
    opponent,
    change: request.change,
    rows,
    slices: slices.judged,
    fairness: fairness.judged,
    blocked: [],
  }
  const conclusion = conclude({
    ...judged,
    blocked: [...blocked, ...nothingJudged(judged, blocked), ...unusable(judged, blocked, problem)],
  })
  return {
    schema: 1,
    model,
    run: run.run,
    verdict: conclusion.verdict,
    decision: conclusion.decision,
    headline: conclusion.headline,
    because: conclusion.because,
    opponent,
    change: request.change,
    rows,
    slices: slices.judged,
    fairness: fairness.judged,
    findings: checks.findings,
    warnings: [...conclusion.warnings, ...checks.warnings],
    holdout: challenger && holdoutOf(request, challenger, faced),
    roc,
    confidence: rules.confidence,
    seed: usesSeed([...rows, ...slices.judged]) ? method.seed : null,
    rules: { from: request.policy.from, digest: request.policy.digest, loosened: [...request.policy.loosened] },
    override: request.override,
    notes: [...holdoutNotes(request, faced), ...notes, ...slices.notes, ...fairness.notes],
    run_digest: request.runDigest,
    predictions_digest: run.predictions?.sha256 ?? null,
  }
}

/** Where no rule that decides could be judged nothing could have failed, which is no reason to pass. */
const nothingJudged = ({ rows, slices, fairness }: Pick<Judged, 'rows' | 'slices' | 'fairness'>, blocked: readonly string[]): string[] => {
  const judged = [...rows, ...slices, ...fairness].some(({ rules }) => decidingRules(rules).some(rule => rule.verdict !== 'not-applicable'))
  return judged || blocked.length > 0
    ? []
    : ['no rule could be judged: every slice and group has too little support, and no gate of severity error says anything about all rows']
}

/**
 * Rules that need no rows, such as that on the size of the model, keep their answer where the predictions cannot be used: that alone lets nothing pass. Nor does a first
 * version without its primary metric, with which nothing could ever be compared.
 */
const unusable = ({ rows, slices, fairness, opponent, rules }: Judged, blocked: readonly string[], problem: string | null): string[] => {
  const failed = [...rows, ...slices, ...fairness].some(({ rules }) => decidingRules(rules).some(rule => rule.verdict === 'fail'))
  if (failed || blocked.length > 0) return []
  if (problem !== null) return [problem]
  const primary = rows.find(row => row.primary)
  if (opponent.kind !== 'first' || opponent.assumed || primary === undefined || primary.challenger.value !== null) return []
  return [`${rules.primary}, the primary metric, is undefined: ${primary.challenger.reason}`]
}

const usesSeed = (rows: readonly Pick<JudgedRow, 'challenger' | 'difference'>[]): boolean =>
  rows.some(({ challenger, difference }) => [challenger, difference].some(figures => figures?.method?.includes('bootstrap')))
