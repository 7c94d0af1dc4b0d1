import type { ModelConfiguration } from '../configuration/schema.ts'
import { UserError } from '../errors.ts'
import { holdoutDigest } from '../evaluation/holdout.ts'
import { metricOf } from '../evaluation/metrics.ts'
import type { Predictions } from '../evaluation/predictions.ts'
import { classRows } from '../evaluation/sample.ts'
import type { VersionRecord } from '../lineage/events.ts'
import type { RunRecord } from '../lineage/run.ts'
import { defaultSeed } from '../statistics/random.ts'
import type { Assessment, JudgedRow, Opponent } from './assessment.ts'
import { rocCurve } from './curves.ts'
import { noPredictions, type Sources } from './evidence.ts'
import { type FairnessFound, judgeFairness } from './fairness.ts'
import { orderById, pair } from './pair.ts'
import { gateRules, judgeRows } from './rows.ts'
import { judgeSlices, type SlicesFound } from './slices.ts'
import { conclude } from './verdict.ts'

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

const checkRules = (rules: ModelConfiguration, opponent: Opponent, model: string): void => {
  const gates = Object.entries(rules.gates)
  const slices = Object.values(rules.slices ?? {}).flatMap(slice =>
    Object.entries(slice).filter(([key]) => key !== 'min_support' && key !== 'severity'),
  )
  if (gates.length === 0 && slices.length === 0 && Object.keys(rules.fairness ?? {}).length === 0) {
    throw new UserError(
      `models.${model} has neither gates nor slices nor fairness: nothing could ever fail. Add at least one, such as gates: { ${rules.primary}: { min: 0.8 } }`,
    )
  }
  for (const [name, gate] of gates) {
    const direction = name === 'model_size_mb' ? 'lower' : metricOf(name, rules.task)?.direction
    if (direction === 'lower' && gate.max_drop) {
      throw new UserError(
        `models.${model}.gates.${name}.max_drop: lower is better for ${name}, so max_drop would block improvements: write max_rise`,
      )
    }
    if (direction === 'higher' && gate.max_rise) {
      throw new UserError(
        `models.${model}.gates.${name}.max_rise: higher is better for ${name}, so max_rise would block improvements: write max_drop`,
      )
    }
  }
  if (opponent.kind === 'first' && !gates.some(([, gate]) => gate.min !== undefined || gate.max !== undefined)) {
    throw new UserError(
      `models.${model}: the first version has nothing to be compared with, so it needs at least one absolute rule (min or max), such as gates: { ${rules.primary}: { min: 0.8 } }`,
    )
  }
}

/** The two models on the same rows, or why not. Everything but "first" without rows of both ends up unreachable. */
const face = (request: AssessmentRequest, usable: Predictions | null) => {
  const { opponent, champion } = request
  if (opponent.kind !== 'champion') return { opponent, pairing: null, lost: 0 }
  const unreachable = (reason: string, lost: number) => ({
    opponent: { kind: 'unreachable', version: opponent.version, reason } satisfies Opponent,
    pairing: null,
    lost,
  })
  if (champion === null) {
    // Where no rows are asked for at all, figures without rows can still be compared.
    return request.challenger === null && request.rules.predictions === undefined
      ? { opponent, pairing: null, lost: 0 }
      : unreachable('there are no predictions of the champion', 0)
  }
  if (usable === null) return { opponent, pairing: null, lost: 0 }
  const pairing = pair(usable, champion)
  return pairing.paired ? { opponent, pairing, lost: 0 } : unreachable(`it cannot be compared: ${pairing.reason}`, pairing.lost)
}

/** Judges a run against the champion by the rules: the one answer behind `compare-champion`, `evaluate-gate` and `register`. */
export const assess = (request: AssessmentRequest): Assessment => {
  const { model, rules, run, challenger } = request
  checkRules(rules, request.opponent, model)
  const problem = request.problem ?? challenger?.problem ?? null
  if (challenger) orderById(challenger)
  const { opponent, pairing, lost } = face(request, challenger)
  const broken = problem !== null && challenger !== null ? { ...challenger, problem } : challenger
  const method = { confidence: rules.confidence, seed: defaultSeed, resamples }
  const sources: Sources = {
    task: rules.task,
    run,
    challenger: broken,
    noRows: problem ?? (rules.predictions === undefined ? noPredictions : 'the run has no predictions, although refline.yml names a file'),
    paired: pairing && {
      challenger: problem === null ? pairing.challenger : { ...pairing.challenger, problem },
      champion: pairing.champion,
    },
    comparison: opponent.kind === 'first' ? 'first' : opponent.kind === 'champion' && (pairing || !challenger) ? 'paired' : 'unpaired',
    championVersion: request.championVersion ?? null,
    method,
  }
  const { rows, notes } = judgeRows(rules, sources, request.change)
  const slices = judgeSlices(rules, broken, sources)
  const fairness = judgeFairness(rules, broken, sources)
  const blocked = [...slices.blocked, ...fairness.blocked, ...nothingJudged(rows, slices, fairness)]
  const conclusion = conclude({
    model,
    rules,
    opponent,
    change: request.change,
    rows,
    slices: slices.judged,
    fairness: fairness.judged,
    blocked,
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
    findings: [],
    warnings: [],
    holdout: challenger && {
      digest: holdoutDigest(challenger),
      rows: challenger.rows,
      positive: rules.task === 'binary' ? (classRows(challenger)[1] ?? 0) : null,
      paired: pairing ? challenger.rows : null,
      lost,
      weighted: challenger.weights !== null,
      clusters: null,
      decided: request.decided ?? null,
    },
    roc: rules.task === 'binary' && problem === null && challenger ? rocCurve(challenger, pairing?.champion ?? null) : null,
    confidence: rules.confidence,
    seed: usesSeed(rows) ? method.seed : null,
    rules: { from: request.policy.from, digest: request.policy.digest, loosened: [...request.policy.loosened] },
    override: request.override,
    notes: [...notes, ...slices.notes, ...fairness.notes],
    run_digest: request.runDigest,
    predictions_digest: run.predictions?.sha256 ?? null,
  }
}

/** Where no rule at all could be judged nothing could have failed, which is no reason to pass. */
const nothingJudged = (rows: readonly JudgedRow[], slices: SlicesFound, fairness: FairnessFound): string[] => {
  const judged = [...rows.map(row => gateRules(row.rules)), ...[...slices.judged, ...fairness.judged].map(({ rules }) => rules)]
  return judged.some(rules => rules.some(rule => rule.verdict !== 'not-applicable')) || slices.blocked.length + fairness.blocked.length > 0
    ? []
    : ['no rule could be judged: every slice and group has too little support, and no gate says anything about all rows']
}

const usesSeed = (rows: readonly JudgedRow[]): boolean =>
  rows.some(row => row.challenger.method === 'bootstrap' || row.difference?.method === 'bootstrap')
