import type { Slot } from '../../core/lineage/events.ts'
import { otherSlot } from '../../core/rollout/batch.ts'
import { answered } from '../../core/rollout/observed.ts'
import { count } from '../../core/rollout/words.ts'
import { messageOf, type RolloutPorts, type TrafficContext } from '../traffic/moving.ts'
import { readAll, settling, windowBetween } from './observe.ts'

/** Most seconds that are watched for requests that should not be. */
const longest = 30

/**
 * Whether requests still reach a canary whose traffic was given back: sessions that stick, connections that stay open, a route that nobody here knows of. In words, or null
 * where there are none or nobody can tell. Nothing is decided from it.
 */
export const leakAfter = async (ports: RolloutPorts, context: TrafficContext, canary: Slot): Promise<string | null> => {
  const { settle, tick } = context.settings.judge
  const prompt = ports.signals.filter(signal => context.settings.signals[signal.name]?.kind !== 'prediction-log')
  try {
    await ports.clock.sleep(settling(prompt, settle) * 1000)
    const before = await readAll(prompt)
    await ports.clock.sleep(Math.min(tick, longest) * 1000)
    const { window } = windowBetween(before, await readAll(prompt, before), canary)
    if (window === null) return null
    const requests = Math.max(...Object.values(window.signals).map(of => (answered(of) ? of.canary : 0)))
    if (requests === 0) return null
    return `slot ${canary} still got ${count(requests)} requests in ${Math.round(window.until - window.from)} s after all traffic was given to slot ${otherSlot(canary)}: sessions or connections lead there, look at the target`
  } catch (error) {
    ports.log.info(`whether requests still reach slot ${canary} cannot be told: ${messageOf(error)}`)
    return null
  }
}
