import { messageOf, Overtaken, type RolloutPorts, type TrafficContext } from '../traffic/moving.ts'
import { text } from './ending.ts'
import type { RolloutLog } from './rollout-log.ts'
import type { Told } from './told.ts'

/**
 * Says that this runner is alive where a tick has passed and nothing else was written: who might take over listens for it. `held` is what it waits for, in words. Throws
 * Overtaken where somebody else has the rollout; that it could not be written is a warning.
 */
export const heartbeat = async (ports: RolloutPorts, context: TrafficContext, log: RolloutLog, told: Told, held: string): Promise<void> => {
  const { clock } = ports
  const { environment, model, settings } = context
  if (clock.now() - log.written() < settings.judge.tick * 1000) return
  try {
    await log.append('canary-heartbeat', 'heartbeat', `watch ${model} v${log.current().version} in ${environment}`, at => [
      { kind: 'heartbeat', environment, rollout: at.rollout, at: clock.now() / 1000, judgement: text(`hold: ${held}`) },
    ])
    await told.held(log.current(), held)
  } catch (error) {
    if (error instanceof Overtaken) throw error
    ports.log.warning(`the heartbeat was not written: ${messageOf(error)}`)
  }
}
