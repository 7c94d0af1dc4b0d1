import { UserError } from '../../core/errors.ts'
import type { LedgerState, RolloutState } from '../../core/lineage/events.ts'
import { environmentOf } from '../../core/lineage/preconditions.ts'
import { messageOf, Overtaken, patiently, restoreTraffic } from '../traffic/moving.ts'
import { recordOf } from '../traffic/version.ts'
import { type CanaryContext, type CanaryPorts, takeOver } from './begin.ts'
import { drive } from './drive.ts'
import { returnBy } from './ending.ts'
import { claim } from './lease.ts'
import { type Answer, type Answering, conclude, mirrorOf, rollOut } from './roll-out.ts'
import { tellUntold } from './untold.ts'

/** Why another version cannot be rolled out now. */
export const underWay = (context: CanaryContext, { version, percent, judgement }: RolloutState): UserError =>
  new UserError(
    `v${version} is being rolled out in ${context.environment} (${percent} %, ${judgement}). Run its job again to go on with it, give it up by the rollback action or the input \`supersede\`; then run this one again.`,
  )

/** Nobody asked how the other rollout ended: the answer of this job is about its own. */
const unanswered: Answering = async (decision, reason) => ({
  outputs: { decision, version: null, previous: null, rollout: '', deploymentUrl: '', reason, result: '' },
})

/**
 * Gives the traffic of a rollout back, whoever drives it, and ends it as withdrawn; as rolled back, with everything that follows, where its evidence says that it does harm.
 * Returns the state after it.
 */
export const giveUp = async (
  ports: CanaryPorts,
  context: CanaryContext,
  state: LedgerState,
  rollout: RolloutState,
  why: string,
): Promise<LedgerState> => {
  ports.log.info(`giving up the rollout of v${rollout.version} at ${rollout.percent} %: ${why}`)
  const claimed = await claim(ports, context, state, rollout, { outranks: true })
  if ('atWork' in claimed) throw new Error('a claim that outranks was refused')
  const begun = { state: claimed.state, rollout: rollout.rollout }
  const silent = async () => undefined
  const told = { weight: silent, look: silent, held: silent }
  const ended = await drive(ports, context, begun, told, returnBy('withdraw', why))
  const record = await recordOf(ports.ledger, claimed.state, rollout.version)
  if (ended.decision === 'rolled-back') await conclude(ports, context, record, rollout.rollout, ended, unanswered)
  else await (await mirrorOf(ports, context, record, rollout.rollout)).withdrawn(why)
  return ports.ledger.read(context.model)
}

/**
 * What the watchdog does: goes on with a rollout whose runner died; where none is under way, looks whether the live version has all traffic and gives it back what
 * the target forgot. Weights that somebody moved by hand are reported and left.
 */
export const resume = async (ports: CanaryPorts, context: CanaryContext, state: LedgerState, answer: Answering): Promise<Answer> => {
  const { rollout, move, live } = environmentOf(state, context.environment)
  if (move !== null) {
    const reason = `a rollback from v${move.from} to v${move.to} was begun in ${context.environment} and is not confirmed (${move.reason}): if its job is over, run the rollback action again`
    return answer('held', reason, {}, reason)
  }
  if (rollout !== null) {
    try {
      const record = await recordOf(ports.ledger, state, rollout.version)
      return await rollOut(ports, context, record, await takeOver(ports, context, state, rollout), answer)
    } catch (error) {
      if (!(error instanceof Overtaken)) throw error
      ports.log.info(error.message)
      return answer('', error.message)
    }
  }
  await tellUntold(ports, context, state, answer)
  if (live === null) return answer('', `nothing is live in ${context.environment}`)
  const traffic = await patiently(ports, patience, 'reading the target', () => ports.target.read())
  const percent = traffic.percent[live.slot]
  if (percent === 100) return answer('', `v${live.version} has all traffic in ${context.environment}; nothing is under way`)
  const shown = `the target shows ${percent} % of the traffic on slot ${live.slot}, where v${live.version} is live`
  if (traffic.forgot === null) {
    const reason = `${shown}: ${traffic.movedBy == null ? 'somebody' : traffic.movedBy} moved it, or its configuration says so. Run the rollback action with \`to: ${live.version}\` to give it all traffic, or put it right at the target; nothing was changed`
    return answer('held', reason, {}, reason)
  }
  ports.log.warning(`${shown}, and it has forgotten its weights: all traffic is given back`)
  await patiently(ports, patience, 'giving the traffic back', async () => {
    await restoreTraffic(ports, live.slot, state.seq)
    await ports.target.verify(live.slot, 100)
  }).catch(error => {
    throw new UserError(`${shown}, and it could not be given back: ${messageOf(error)}`)
  })
  return answer('', `v${live.version} has all traffic in ${context.environment} again: the target had forgotten its weights`)
}

/** Seconds that the watchdog tries the target for. */
const patience = 120
