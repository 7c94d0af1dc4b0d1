import { join } from 'node:path'
import { digestHoldout } from '../../adapters/files/holdout-digest.ts'
import { assess } from '../../core/comparison/assess.ts'
import type { Assessment } from '../../core/comparison/assessment.ts'
import { requireUniqueIds } from '../../core/comparison/pair.ts'
import { policyDigest } from '../../core/configuration/policy-digest.ts'
import type { ModelConfiguration } from '../../core/configuration/schema.ts'
import { UserError } from '../../core/errors.ts'
import { predictionSettings } from '../../core/evaluation/prediction-settings.ts'
import type { Predictions } from '../../core/evaluation/predictions.ts'
import type { LedgerState, VersionRecord } from '../../core/lineage/events.ts'
import { decidedBy } from '../../core/lineage/holdouts.ts'
import { renderLogLines } from '../../core/report/log-lines.ts'
import type { ModelStore } from '../../ports/model-store.ts'
import type { Log } from '../../ports/report.ts'
import type { RunFolders } from '../../ports/run-folders.ts'
import { championRunOf, readStored } from '../judge/champion.ts'
import { changeOf, reproductionProblem } from '../judge/gather.ts'

/** What judging again needs of the world: the files of versions, a folder to put them into, and the job's log. */
export interface JudgeAgainPorts {
  readonly store: Pick<ModelStore, 'fetch'>
  readonly runs: Pick<RunFolders, 'scratch'>
  readonly log: Pick<Log, 'info'>
}

/** A version that was judged against somebody who is champion no longer, and the champion of now. */
export interface JudgeAgainRequest {
  readonly state: LedgerState
  readonly version: VersionRecord
  readonly champion: VersionRecord
}

/** `again`: the assessment against the champion of now, whose decision counts. `cannot`: why there is none, and what to do; the version is superseded. */
export type JudgedAgain =
  | { readonly outcome: 'again'; readonly decision: Assessment['decision']; readonly reason: string; readonly assessment: Assessment }
  | { readonly outcome: 'cannot'; readonly reason: string }

/** The call of the canary, with files and rules bound. */
export type JudgeAgain = (request: JudgeAgainRequest) => Promise<JudgedAgain>

/**
 * Judges a version against the champion of now, from what was stored beside both: the predictions, their runs and the rules of `refline.yml`, by the same `assess` that
 * registered it. Nothing is trained or scored. Only on the same holdout rows (or where the rules compare unrelated rows); otherwise, and where a file cannot be had, it
 * says why not. What was overridden then is not overridden now: that was about another champion.
 */
export const judgeAgainFrom =
  (ports: JudgeAgainPorts, rules: { readonly model: ModelConfiguration; readonly from: string }): JudgeAgain =>
  async ({ state, version, champion }) => {
    const [mine, theirs] = [`v${version.version}`, `v${champion.version}`]
    const cannot = (why: string): JudgedAgain => ({
      outcome: 'cannot',
      reason: `${theirs} became champion after ${mine} was judged, and the two cannot be compared from what is stored: ${why}. Train and register again, so that it is judged against ${theirs}.`,
    })
    if (rules.model.predictions === undefined) return cannot('refline.yml names no predictions')
    const { paired } = predictionSettings(rules.model)
    if (paired && (version.holdout === null || version.holdout !== champion.holdout))
      return cannot('their stored predictions are for different holdouts')
    const stored: Predictions[] = []
    try {
      for (const record of [version, champion]) {
        const predictions = await storedOf(ports, record, rules.model)
        if (predictions === null) return cannot(`no predictions are stored with v${record.version}`)
        if (paired && digestHoldout(predictions) !== record.holdout)
          return cannot(`the predictions stored with v${record.version} are for other rows, labels or slices than the rules ask for now`)
        stored.push(predictions)
      }
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      return cannot(error.message.replace(/\.$/, ''))
    }
    const run = await championRunOf(version, ports.store, ports.runs)
    const runDigest = version.assets.find(asset => asset.path === 'run.json')?.sha256
    if (run === null || runDigest === undefined) return cannot(`the record of the run of ${mine} cannot be had`)
    const [challenger = null, opponent = null] = stored
    const assessment = assess({
      model: state.model,
      rules: rules.model,
      policy: { from: rules.from, digest: policyDigest(rules.model), loosened: [] },
      run,
      runDigest,
      challenger,
      opponent: { kind: 'champion', version: champion.version },
      champion: opponent,
      championVersion: champion,
      change: changeOf(run, await championRunOf(champion, ports.store, ports.runs)),
      override: null,
      problem: reproductionProblem(run, rules.model),
      decided: version.holdout === null ? null : decidedBy(state, version.holdout),
    })
    ports.log.info(`${mine} was judged before ${theirs} became champion, so it is judged again, against ${theirs}:`)
    for (const line of renderLogLines(assessment)) ports.log.info(line)
    return {
      outcome: 'again',
      decision: assessment.decision,
      reason: `${mine} judged again, against ${theirs}: ${assessment.headline}`,
      assessment,
    }
  }

const storedOf = async (ports: JudgeAgainPorts, record: VersionRecord, model: ModelConfiguration): Promise<Predictions | null> => {
  const asset = record.assets.find(({ path }) => path.startsWith('predictions.'))
  if (asset === undefined) return null
  const folder = await ports.runs.scratch(`judged-again-${record.run}`)
  await ports.store.fetch(record.tag, [asset], folder)
  const predictions = await readStored(join(folder, asset.path), model)
  requireUniqueIds(predictions)
  return predictions
}
