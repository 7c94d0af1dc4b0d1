import type { RolloutState } from '../../core/lineage/events.ts'
import { type BakeCounts, bakeAfter, bakeHarm } from '../../core/rollout/bake-harm.ts'
import { secondsOf } from '../../core/rollout/settings.ts'
import { deadlineOf, waitingOf } from '../../core/rollout/waiting.ts'
import type { TrafficContext } from '../traffic/moving.ts'
import type { Course } from './course.ts'
import { returnBy, text } from './ending.ts'
import type { RolloutLog } from './rollout-log.ts'

/** When the runner that minds a rollout began to watch it, and now: seconds since 1970 by its own clock. */
export interface Watching {
  readonly began: number
  readonly now: number
}

/** Sets the course of a rollout by what no look can tell: its version was condemned elsewhere, nobody approved in time, or it stayed undecided for too long. */
export const mind = (course: Course, log: RolloutLog, context: TrafficContext, watching: Watching): void => {
  const rollout = log.current()
  const condemned = log.quarantined()
  // It cannot be promoted any more, and must not keep its traffic either.
  if (condemned !== null)
    course.giveBack({
      decision: 'rolled-back',
      reason: text(`v${rollout.version} was quarantined meanwhile: ${condemned}`),
      quarantined: true,
    })
  const { max_duration, on_inconclusive } = context.settings.judge
  const waiting = waitingOf(rollout, watching.now)
  if (waiting?.for === 'approval' && watching.now >= waiting.until)
    course.giveBack(returnBy(waiting.otherwise, `step ${rollout.step + 1} was not approved in time`))
  else if (watching.now >= deadlineFor(rollout, context, watching))
    course.follow(on_inconclusive, `not proven within ${max_duration}: ${course.held}`)
}

/** A rollout that is to be held was left undecided by an earlier runner perhaps: each that takes it over judges it for as long again. */
const deadlineFor = (rollout: RolloutState, { settings }: TrafficContext, watching: Watching): number => {
  const longest = secondsOf(settings.judge.max_duration)
  const planned = deadlineOf(rollout, longest, watching)
  return settings.judge.on_inconclusive === 'hold' ? Math.max(planned, watching.began + longest) : planned
}

/** With all traffic on a version there is nobody to compare it with any more: it is held to what was proven of it, by what this runner sees. */
export class Bake {
  #counts: BakeCounts = {}

  /** Counts the newest look, and gives the traffic back where the version does harm. */
  mind(course: Course, { percent, settings, judge }: RolloutState): void {
    if (percent !== 100 || judge === null) return
    this.#counts = bakeAfter(settings, judge, this.#counts)
    const harm = bakeHarm(settings, judge, this.#counts)
    if (harm !== null) course.giveBack({ decision: 'rolled-back', reason: text(harm), quarantined: false })
  }
}
