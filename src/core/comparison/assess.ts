import type { ModelConfiguration } from '../configuration/schema.ts'
import type { Predictions } from '../evaluation/predictions.ts'
import type { RunRecord } from '../lineage/run.ts'
import type { Assessment, Opponent } from './assessment.ts'

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
  readonly change: Assessment['change']
  readonly override: { readonly reason: string; readonly actor: string } | null
  /** Why the challenger's predictions could not be read: makes every metric undefined with that reason. */
  readonly problem: string | null
}

/** Judges a run against the champion by the rules: the one answer behind `compare-champion`, `evaluate-gate` and `register`. */
export const assess = (_request: AssessmentRequest): Assessment => {
  throw new Error('not written yet')
}

/** What a change of the rules loosens, one sentence each; empty where it loosens nothing. */
export const loosened = (_base: ModelConfiguration, _changed: ModelConfiguration): string[] => {
  throw new Error('not written yet')
}
