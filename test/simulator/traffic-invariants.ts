import type { Slot } from '../../src/core/lineage/events.ts'
import type { Entry, Facts } from './history.ts'
import type { Applied, TrafficTarget } from './target.ts'

const environment = 'production'

/** A3: the seq that the target was told never goes down. */
export const seqNeverDecreases = (before: number | null, { seq }: Applied): string | null =>
  before !== null && seq < before ? `A3: the target was told seq ${seq} after ${before}` : null

/** A2: a share is applied only where the record at its seq has asked for it, and only to the version that it asked it for. */
export const trafficWasDecided = (entries: readonly Entry[], facts: Facts, target: TrafficTarget, applied: Applied): string | null => {
  const { slot, percent, seq } = applied
  const words = `${percent} % of the traffic for slot ${slot} (v${target.running[slot] ?? '?'}) at seq ${seq}`
  const state = entries[seq - 1]?.state
  if (state === undefined || state === null) return `A2: ${words}, which the ledger does not have`
  const now = state.environments[environment]
  const running = target.running[slot]
  if (now === undefined) return `A2: ${words}, where nothing was ever rolled out`
  const { rollout, move, live } = now
  if (move !== null) {
    const back = percent === 100 && (running === move.to || slot === live?.slot)
    return back ? null : `A2: ${words}, where a rollback to v${move.to} had begun`
  }
  // Nothing is to be moved then but to where it belongs: all of it back to the version that is live, as I8 asks.
  const belongs = live !== null && slot === live.slot && running === live.version && percent === 100
  if (rollout === null) return belongs ? null : `A2: ${words}, where nothing was to be moved`
  // All of it for the stable slot is what giving a canary's traffic back comes to.
  const canaryPercent = slot === rollout.canary ? percent : 100 - percent
  const decided = canaryPercent === (rollout.intent?.percent ?? rollout.percent)
  if (!decided || (slot !== rollout.canary && canaryPercent !== 0))
    return `A2: ${words}, where ${rollout.intent?.percent ?? 'no'} % for slot ${rollout.canary} was intended`
  if (canaryPercent > 0 && running !== rollout.version) return `A2: ${words}, where v${rollout.version} was rolled out`
  const registration = facts.versions.get(rollout.version)
  if (registration?.verdict !== 'pass') return `A2: ${words}, which never passed its gate`
  return null
}

/** A2: no version is brought up in a slot whose traffic belongs to another one. */
export const deployedAside = (target: TrafficTarget, slot: Slot, version: number, before: number | null): string | null =>
  before !== null && before !== version && target.percent[slot] > 0
    ? `A2: v${version} was deployed into slot ${slot}, where v${before} had ${target.percent[slot]} % of the traffic`
    : null

/** I8, at rest: where nothing is under way, the version that is live has all the traffic. */
export const routeIsLive = (entries: readonly Entry[], target: TrafficTarget): string | null => {
  const now = entries.at(-1)?.state?.environments[environment]
  if (now === undefined || now.rollout !== null || now.move !== null || now.live === null) return null
  const { slot, version } = now.live
  if (target.running[slot] === version && target.percent[slot] === 100) return null
  return `I8: v${version} is live in slot ${slot}, where v${target.running[slot] ?? '?'} has ${target.percent[slot]} % of the traffic`
}
