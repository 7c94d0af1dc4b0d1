import type { EnvironmentState, RolloutState, VersionRecord } from '../../core/lineage/events.ts'
import { moment } from '../../core/report/rollout-evidence.ts'
import { waitingOf } from '../../core/rollout/waiting.ts'
import { duration } from '../../core/rollout/words.ts'
import type { Traffic } from '../../ports/target.ts'
import type { RollbackPlan } from './plan.ts'

/** Everything that a plan is told from, besides the plan itself. */
export interface PlanFacts {
  readonly environment: EnvironmentState
  readonly traffic: Traffic
  readonly target: string
  readonly record: VersionRecord
  /** Why the files of the version that comes cannot be proven; null where they are there. */
  readonly problem: string | null
  readonly quarantine: boolean
  readonly quarantined: boolean
  /** The alias `champion` as it is, where it follows this environment; undefined where it does not. */
  readonly champion: number | null | undefined
  readonly pullRequest: number | null
  readonly incident: string
  readonly reason: string
  /** Seconds since 1970. */
  readonly now: number
}

/** What a canary is at, in words: who drives it, what it waits for. `now` is seconds since 1970. */
export const canaryWords = (rollout: RolloutState, now: number): string => {
  const { step, percent, reached, holder, heard, steps } = rollout
  const waiting = waitingOf(rollout, now)
  const since = reached === undefined ? '' : ` since ${moment(reached)}`
  const standing =
    percent === 100 || (steps.length > 0 && step >= steps.length)
      ? `bakes at 100 %${since}`
      : waiting?.for === 'approval'
        ? `waits for approval of step ${step + 1} at ${percent} %${since}`
        : waiting?.for === 'pause'
          ? `pauses at ${percent} % for another ${duration(waiting.until - now)}`
          : `is at ${percent} %${since}`
  const setting = rollout.intent === null ? '' : `, about to be set to ${rollout.intent.percent} %`
  const runner = holder === undefined ? 'no runner says that it drives it' : `driven by ${holder}`
  return `v${rollout.version} ${standing}${setting}; ${runner}${heard === undefined ? '' : `, last heard of at ${moment(heard)}`}; ${rollout.judgement}`
}

/** How the target differs from the ledger, or null: somebody else moved it, or it lost its weights. */
const driftOf = ({ live, rollout, move }: EnvironmentState, traffic: Traffic): string | null => {
  if (move !== null || live === null) return null
  const { canary, percent, intent } = rollout ?? { canary: live.slot, percent: 100, intent: null }
  const shown = traffic.percent[canary]
  if ([percent, intent?.percent].some(expected => expected !== undefined && Math.abs(shown - expected) <= 0.25)) return null
  return `slot ${canary} has ${shown} % where the ledger says ${percent} %`
}

const slotWords = (traffic: Traffic): string =>
  (['blue', 'green'] as const).map(slot => `${slot} ${traffic.percent[slot]} %${traffic.ready[slot] ? '' : ' (not ready)'}`).join(', ')

/** The whole plan of a rollback, line by line: nothing of it is done yet. */
export const planLines = (plan: RollbackPlan, facts: PlanFacts): readonly string[] => {
  const { environment, traffic, record, problem } = facts
  const { rollout, live } = environment
  const from =
    rollout?.version === plan.from
      ? `the canary ${canaryWords(rollout, facts.now)}`
      : `v${plan.from}${live?.version === plan.from ? `, live in slot ${live.slot}` : ''}`
  const how = plan.moved
    ? 'all traffic is there already, by an earlier attempt'
    : plan.deploy
      ? `deployed into slot ${plan.slot}${plan.clear === null ? '' : `, once slot ${plan.clear} has all traffic`}, then one change of weight`
      : `still up in slot ${plan.slot}, so one change of weight`
  const drift = driftOf(environment, traffic)
  return [
    `leaves: ${from}`,
    `comes: v${plan.to}, ${how}`,
    problem === null
      ? `files: ${record.assets.length} proven by digest in ${record.tag}`
      : `files: NOT proven in ${record.tag}: ${problem}`,
    `target: ${facts.target}: ${slotWords(traffic)}`,
    ...(drift === null ? [] : [`drift: ${drift}; the rollback moves all of it all the same`]),
    ...(facts.champion === undefined || facts.champion === plan.to
      ? []
      : [`alias: champion ${facts.champion === null ? 'nowhere' : `v${facts.champion}`} -> v${plan.to}`]),
    facts.quarantined
      ? `quarantine: v${plan.from} is quarantined already`
      : facts.quarantine
        ? `quarantine: v${plan.from}, for: ${facts.reason}`
        : `quarantine: none, v${plan.from} may go live again`,
    `issue: ${JSON.stringify(facts.incident)} is opened, or added to where one is open`,
    facts.pullRequest === null
      ? 'comment: none, no pull request brought this version'
      : `comment: on pull request ${facts.pullRequest}, which brought v${plan.from}`,
  ]
}
