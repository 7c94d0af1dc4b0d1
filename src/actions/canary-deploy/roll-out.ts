import type { RolloutState, VersionRecord } from '../../core/lineage/events.ts'
import { environmentOf } from '../../core/lineage/preconditions.ts'
import { type RecordedLooks, recordedLooks } from '../../core/report/rollout-recorded.ts'
import { heldTick, judgedTick, type RolloutTick } from '../../core/report/rollout-tick.ts'
import { stepWordsOf } from '../../core/rollout/steps.ts'
import { waitingOf } from '../../core/rollout/waiting.ts'
import { duration } from '../../core/rollout/words.ts'
import type { Outcome } from '../../kernel/action.ts'
import { announce, environmentUrl, type Mirrored, mirror } from '../traffic/announce.ts'
import { liveReport, type Standing } from '../traffic/live-report.ts'
import { Overtaken } from '../traffic/moving.ts'
import { type CanaryContext, type CanaryPorts, deployCanary, type Resumed } from './begin.ts'
import { drive } from './drive.ts'
import type { Ended, Left } from './ending.ts'
import { leakAfter } from './leak.ts'
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
  const mirrored = await mirrorOf(ports, context, record, begun.rollout)
  const judged = environmentOf(begun.state, context.environment).rollout?.judge ?? null
  const earlier = judged === null ? null : await looksSoFar(ports, context, begun.rollout)
  const report = reportOf(ports, context, record, begun, mirrored, earlier?.ticks ?? [])
  try {
    await mirrored.queued(`v${record.version} is being deployed`)
    const deployed = begun.given === null ? await deployCanary(ports, context, begun, record) : null
    const ended = deployed ?? (await drive(ports, context, begun, report.told, begun.given))
    const concluded = await conclude(ports, context, record, begun.rollout, ended, answer, { mirrored, ticks: report.ticks })
    const canary = environmentOf(begun.state, context.environment).rollout?.canary
    if (deployed !== null || canary === undefined || ended.decision === 'promoted' || ended.decision === 'left') return concluded
    const leak = await leakAfter(ports, context, canary)
    if (leak === null) return concluded
    ports.log.warning(leak)
    return { ...concluded, failure: `${concluded.failure} ${leak}` }
  } catch (error) {
    if (!(error instanceof Overtaken)) throw error
    // Where another runner has it, or had it and ended it, the deployment is that one's to tell of.
    const { move } = environmentOf(await ports.ledger.read(context.model), context.environment)
    if (move !== null) await mirrored.withdrawn(error.message.slice(0, 140))
    return answer('held', error.message, { rollout: begun.rollout, deploymentUrl: mirrored.url }, `held: ${error.message}`)
  }
}

/** What the ledger says of every look at a rollout, by whichever runner. */
const looksSoFar = async (ports: CanaryPorts, context: CanaryContext, rollout: string): Promise<RecordedLooks | null> =>
  recordedLooks(await ports.ledger.records(context.model), context.environment, rollout)

/** The deployment on GitHub that mirrors a rollout. */
export const mirrorOf = (ports: CanaryPorts, context: CanaryContext, record: VersionRecord, rollout: string): Promise<Mirrored> =>
  mirror(ports, {
    environment: context.environment,
    key: rollout,
    commit: record.commit ?? context.commit,
    description: `${context.model} v${record.version}`,
    page: environmentUrl(context.settings.url, { model: context.model, version: record.version }),
  })

/** The job's log, its summary and the deployment, told at every look. */
const reportOf = (
  ports: CanaryPorts,
  context: CanaryContext,
  record: VersionRecord,
  begun: Resumed,
  mirrored: Mirrored,
  earlier: readonly RolloutTick[],
): { readonly told: Told; readonly ticks: readonly RolloutTick[] } => {
  const rollout = environmentOf(begun.state, context.environment).rollout
  const { words, shareAt } = stepWordsOf({ shares: rollout?.steps ?? [], waits: rollout?.waits ?? [] })
  const { alpha, beta } = rollout?.settings ?? context.settings.judge
  const report = liveReport(ports, mirrored, {
    model: context.model,
    environment: context.environment,
    version: record.version,
    from: rollout?.from ?? null,
    bars: { alpha, beta },
    steps: words,
    earlier,
  })
  const standing = (now: RolloutState): Standing => ({
    step: shareAt[now.step] ?? (now.step < 0 ? -1 : words.length),
    holder: { workflowRun: now.holder ?? null, url: ports.runUrl ?? null, heartbeat: now.heard ?? null },
  })
  const seconds = () => ports.clock.now() / 1000
  return {
    ticks: report.ticks,
    told: {
      weight: now => report.weight(now.percent, { ...standing(now), waiting: null }),
      look: async (now, judgement) => {
        for (const line of tickLines(now.percent, judgement, now.settings)) ports.log.info(line)
        await report.look(judgedTick(now.percent, seconds(), judgement), { ...standing(now), waiting: waitWords(now, seconds()) })
      },
      held: (now, why) => report.look(heldTick(now.percent, seconds(), why), standing(now)),
    },
  }
}

const waitWords = (rollout: RolloutState, now: number): string | null => {
  const waiting = waitingOf(rollout, now)
  if (waiting === null) return null
  return waiting.for === 'pause'
    ? `a pause, which is over in ${duration(waiting.until - now)}`
    : `an approval, for ${duration(waiting.until - now)} at most: refline approve ${rollout.rollout}`
}

/** A version's name in a sentence. */
export const named = (version: number | null): string => (version === null ? 'nothing' : `v${version}`)

/** Tells everybody how it ended and makes the answer; safe to repeat, for a runner that was killed after the last record. */
export const conclude = async (
  ports: CanaryPorts,
  context: CanaryContext,
  record: VersionRecord,
  rollout: string,
  ended: Ended | Left,
  answer: Answering,
  witnessed?: { readonly mirrored: Mirrored; readonly ticks: readonly RolloutTick[] },
): Promise<Answer> => {
  const { version } = record
  const { live, history } = environmentOf(await ports.ledger.read(context.model), context.environment)
  const mirrored = witnessed?.mirrored ?? (await mirrorOf(ports, context, record, rollout))
  const looks = await looksSoFar(ports, context, rollout)
  const short = ended.reason.slice(0, 140).toWellFormed()
  const story = {
    model: context.model,
    environment: context.environment,
    version,
    live: live?.version ?? null,
    decision: ended.decision,
    reason: ended.reason,
    quarantined: ended.quarantined,
    previous: history[0]?.version ?? null,
    deploymentUrl: mirrored.url,
    ticks: witnessed?.ticks ?? looks?.ticks ?? [],
    bars: looks?.bars,
  }
  await announce(ports, story, record, {
    incident: ended.decision === 'rolled-back' ? rollout : null,
    comment: ended.decision === 'promoted' || ended.decision === 'rolled-back',
  })
  // The last status comes last: as long as it is missing, the watchdog knows that not everybody was told.
  if (ended.decision === 'promoted') await mirrored.live(short)
  else if (ended.decision === 'withdrawn') await mirrored.withdrawn(short)
  else if (ended.decision === 'left') await mirrored.progress(short)
  else await mirrored.failed(short)
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
