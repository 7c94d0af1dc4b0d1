import type { LedgerState, VersionRecord } from '../../core/lineage/events.ts'
import { aliasOf, environmentOf, isQuarantined } from '../../core/lineage/preconditions.ts'
import { bullets } from '../../core/report/bullets.ts'
import { renderRolloutIncident } from '../../core/report/rollout.ts'
import type { Traffic } from '../../ports/target.ts'
import { pullRequestOf } from '../traffic/announce.ts'
import { recordOf } from '../traffic/version.ts'
import type { RollbackPlan } from './plan.ts'
import { planLines } from './plan-lines.ts'
import type { Inputs, RollbackContext, RollbackPorts } from './ports.ts'
import { storyOf } from './story.ts'

/** Tells the whole plan, in the log and in the job summary, and returns its lines. Nothing is changed. */
export const printPlan = async (
  ports: RollbackPorts,
  context: RollbackContext,
  state: LedgerState,
  inputs: Inputs,
  planned: {
    readonly plan: RollbackPlan
    readonly words: string
    readonly record: VersionRecord
    readonly problem: string | null
    readonly traffic: Traffic
  },
): Promise<readonly string[]> => {
  const { plan, words, record, problem, traffic } = planned
  const left = await recordOf(ports.ledger, state, plan.from)
  const lines = planLines(plan, {
    environment: environmentOf(state, context.environment),
    traffic,
    target: ports.target.describe(),
    record,
    problem,
    quarantine: inputs.quarantine,
    quarantined: isQuarantined(state, plan.from),
    champion: context.ownsChampion ? aliasOf(state, 'champion') : undefined,
    pullRequest: await pullRequestOf(ports, left).catch(() => null),
    incident: renderRolloutIncident(storyOf(context, plan, inputs)).title,
    reason: inputs.reason,
    now: ports.clock.now() / 1000,
  })
  for (const line of lines) ports.log.info(`  ${line}`)
  await ports.summary.rewrite(`### Plan, nothing was changed\n\n${bullets([words, ...lines])}`)
  return lines
}
