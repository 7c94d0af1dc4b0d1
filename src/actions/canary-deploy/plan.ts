import type { EnvironmentState } from '../../core/lineage/events.ts'
import type { JudgeSettings } from '../../core/rollout/judge-state.ts'
import { planLines } from '../../core/rollout/plan.ts'
import { secondsOf } from '../../core/rollout/settings.ts'
import { sharesOf, stepPlanOf, stepWordsOf } from '../../core/rollout/steps.ts'
import { duration } from '../../core/rollout/words.ts'
import { messageOf, type RolloutPorts, type TrafficContext } from '../traffic/moving.ts'
import { readAll } from './observe.ts'
import type { SeenBefore } from './seen.ts'

/** Seconds that the traffic is watched for before a plan, where no signal has a past. */
const glance = 2

/** Minutes of the past that say how much traffic there is. */
const minutes = 5

/** Requests per second of both slots now: of the last minutes where a signal keeps them, else of a short look; null where it cannot be told. */
export const requestsPerSecond = async (ports: RolloutPorts): Promise<number | null> => {
  try {
    const remembering = ports.signals.find(signal => signal.history !== undefined)
    if (remembering?.history !== undefined) {
      const past = await Promise.all([remembering.history('blue', minutes), remembering.history('green', minutes)])
      return past.flat().reduce((sum, { total }) => sum + total, 0) / (minutes * 60)
    }
    const before = await readAll(ports.signals)
    await ports.clock.sleep(glance * 1000)
    const after = await readAll(ports.signals)
    for (const [name, later] of after) {
      const earlier = before.get(name)
      if (earlier === undefined || 'unanswered' in earlier || 'unanswered' in later || later.at <= earlier.at) continue
      // Labels that come late say nothing of the traffic now.
      if (later.span !== undefined) continue
      const requests = later.slots.blue.total - earlier.slots.blue.total + later.slots.green.total - earlier.slots.green.total
      return requests >= 0 ? requests / (later.at - earlier.at) : null
    }
    return null
  } catch {
    return null
  }
}

/** Prints what a rollout would do, and what target and signals answer now. A signal that does not answer is said, not hidden. */
export const printPlan = async (
  ports: RolloutPorts,
  context: TrafficContext,
  settings: JudgeSettings,
  environment: EnvironmentState,
  version: number | null,
  seen: SeenBefore,
): Promise<void> => {
  const { log } = ports
  const live = environment.live
  const { judge, steps } = context.settings
  const bake = secondsOf(judge.bake)
  log.info(
    `${context.model} in ${context.environment}: ${live ? `v${live.version} is live in slot ${live.slot}` : 'nothing is live'}; ${version === null ? 'no version of this workflow run' : `v${version} would go live`}`,
  )
  log.info(
    live
      ? `steps: ${[...stepWordsOf(stepPlanOf(context.environment, steps)).words, '100 %', ...(bake === 0 ? [] : [`watched for ${duration(bake)} there`])].join(' -> ')}`
      : 'first version: no comparison is possible; it must be ready',
  )
  const planned = { rates: seen.rates, tick: judge.tick, longest: secondsOf(judge.max_duration) }
  for (const line of planLines(settings, sharesOf(steps), await requestsPerSecond(ports), planned)) log.info(line)
  try {
    const traffic = await ports.target.read()
    log.info(
      `${ports.target.describe()}: blue ${traffic.percent.blue} %${traffic.ready.blue ? '' : ' (not ready)'}, green ${traffic.percent.green} %${traffic.ready.green ? '' : ' (not ready)'}`,
    )
  } catch (error) {
    log.warning(`${ports.target.describe()}: ${messageOf(error)}`)
  }
  for (const signal of ports.signals) {
    try {
      await signal.check()
      const { slots, source } = await signal.read()
      log.info(
        `signal ${signal.name}: blue ${slots.blue.bad} bad of ${slots.blue.total}, green ${slots.green.bad} bad of ${slots.green.total}${source === undefined ? '' : ` (${source.slice(0, 600)})`}`,
      )
    } catch (error) {
      log.warning(`signal ${signal.name}: ${messageOf(error)}`)
    }
  }
}
