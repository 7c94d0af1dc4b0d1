import type { VersionRecord } from '../../core/lineage/events.ts'
import { environmentOf } from '../../core/lineage/preconditions.ts'
import type { RolloutTick } from '../../core/report/rollout.ts'
import type { Outcome } from '../../kernel/action.ts'
import { announce, mirror } from '../traffic/announce.ts'
import { Overtaken } from '../traffic/moving.ts'
import { type CanaryContext, type CanaryPorts, deployCanary, type Resumed } from './begin.ts'
import { drive } from './drive.ts'
import type { Ended, Left } from './ending.ts'
import { tickLines } from './lines.ts'
import type { spec } from './spec.ts'
import type { Told } from './told.ts'

export type Answer = Outcome<(typeof spec)['outputs']>
export type Decision = Answer['outputs']['decision']
/** Makes the answer from what the ledger says now. */
export type Answering = (decision: Decision, reason: string, more?: Partial<Answer['outputs']>, failure?: string) => Promise<Answer>

/** Drives a rollout that was begun or taken over to its end, and tells everybody how it ended. */
export const rollOut = async (
  ports: CanaryPorts,
  context: CanaryContext,
  record: VersionRecord,
  begun: Resumed,
  answer: Answering,
): Promise<Answer> => {
  const mirrored = await mirror(ports, {
    environment: context.environment,
    key: begun.rollout,
    commit: record.commit ?? context.commit,
    description: `${context.model} v${record.version}`,
  })
  try {
    const deployed = begun.given === null ? await deployCanary(ports, context, begun, record) : null
    const ticks: RolloutTick[] = []
    const told: Told = {
      weight: async percent => void (await mirrored.progress(`${percent} % of the traffic`)),
      look: async (rollout, judgement) => {
        for (const line of tickLines(rollout.percent, judgement, rollout.settings)) ports.log.info(line)
        ticks.push({
          percent: rollout.percent,
          evidence: judgement.signals.map(signal => signal.words).join('; '),
          followed:
            judgement.verdict === 'promote' ? 'next step' : judgement.verdict === 'rollback' ? 'roll back' : `wait: ${judgement.reason}`,
        })
      },
      held: async () => undefined,
    }
    const ended = deployed ?? (await drive(ports, context, begun, told, begun.given))
    return conclude(ports, context, record, begun.rollout, ended, answer, { mirrored, ticks })
  } catch (error) {
    if (!(error instanceof Overtaken)) throw error
    await mirrored.withdrawn(error.message.slice(0, 140))
    return answer('held', error.message, { rollout: begun.rollout, deploymentUrl: mirrored.url }, `held: ${error.message}`)
  }
}

/** A version's name in a sentence. */
export const named = (version: number | null): string => (version === null ? 'nothing' : `v${version}`)

type Mirror = Awaited<ReturnType<typeof mirror>>

/** Tells everybody how it ended and makes the answer; safe to repeat, for a runner that was killed after the last record. */
export const conclude = async (
  ports: CanaryPorts,
  context: CanaryContext,
  record: VersionRecord,
  rollout: string,
  ended: Ended | Left,
  answer: Answering,
  witnessed?: { readonly mirrored: Mirror; readonly ticks: readonly RolloutTick[] },
): Promise<Answer> => {
  const { version } = record
  const { live, history } = environmentOf(await ports.ledger.read(context.model), context.environment)
  const mirrored =
    witnessed?.mirrored ??
    (await mirror(ports, {
      environment: context.environment,
      key: rollout,
      commit: record.commit ?? context.commit,
      description: `${context.model} v${version}`,
    }))
  const short = ended.reason.slice(0, 140).toWellFormed()
  if (ended.decision === 'promoted') await mirrored.live(short)
  else if (ended.decision === 'withdrawn') await mirrored.withdrawn(short)
  else if (ended.decision === 'left') await mirrored.progress(short)
  else await mirrored.failed(short)
  const story = {
    model: context.model,
    environment: context.environment,
    version,
    live: live?.version ?? null,
    decision: ended.decision === 'left' ? ('withdrawn' as const) : ended.decision,
    reason: ended.reason,
    quarantined: ended.quarantined,
    previous: history[0]?.version ?? null,
    deploymentUrl: mirrored.url,
    ticks: witnessed?.ticks ?? [],
  }
  await announce(ports, story, record, {
    incident: ended.decision === 'rolled-back' ? rollout : null,
    comment: ended.decision === 'promoted' || ended.decision === 'rolled-back',
  })
  const more = { rollout, deploymentUrl: mirrored.url }
  const where = `all traffic is on ${named(live?.version ?? null)}`
  if (ended.decision === 'promoted') {
    ports.log.info(`v${version} promoted in ${context.environment}: ${ended.reason}`)
    return answer('promoted', ended.reason, more)
  }
  if (ended.decision === 'left')
    return answer(
      'held',
      ended.reason,
      more,
      `v${version} is held at its share of the traffic in ${context.environment}: ${ended.reason}. The watchdog workflow goes on with it, or this job when it is run again; the rollback action gives the traffic back.`,
    )
  const words =
    ended.decision === 'rolled-back'
      ? `v${version} was rolled back${ended.quarantined ? ' and quarantined' : ''}: ${ended.reason}; ${where}`
      : `v${version} is held, not quarantined: ${ended.reason}; ${where}. Run this job again to try it again.`
  return answer(ended.decision === 'withdrawn' ? 'held' : 'rolled-back', ended.reason, more, words)
}
