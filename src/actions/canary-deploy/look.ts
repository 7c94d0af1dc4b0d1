import { canonicalJson, digest } from '../../core/lineage/canonical.ts'
import type { RolloutState } from '../../core/lineage/events.ts'
import { otherSlot } from '../../core/rollout/batch.ts'
import { emptyJudgeState, type Judgement, judge } from '../../core/rollout/judge.ts'
import { judgeLate } from '../../core/rollout/judge-late.ts'
import { nextMove } from '../../core/rollout/machine.ts'
import { answered, type Observed } from '../../core/rollout/observed.ts'
import { percent as share } from '../../core/rollout/words.ts'
import type { Signal } from '../../ports/signals.ts'
import type { RolloutPorts, TrafficContext } from '../traffic/moving.ts'
import { text } from './ending.ts'
import { type Changes, type Readings, readAll, settling, windowBetween } from './observe.ts'
import type { RolloutLog } from './rollout-log.ts'

/**
 * What one look brought. `moved`: the weight changed meanwhile, so nothing could be counted. `unusable`: the readings contradict each other; `restarted` where counters
 * began again. `judged`: a batch was judged and written; `silent` names a required signal that did not answer in it, `ready` says whether each arm is.
 */
export type Look =
  | { readonly saw: 'moved' }
  | { readonly saw: 'unusable'; readonly reason: string; readonly restarted: boolean }
  | {
      readonly saw: 'judged'
      readonly judgement: Judgement
      readonly silent: string | null
      readonly ready: { readonly canary: boolean; readonly stable: boolean }
    }

export interface Watch {
  /** Settles where nothing was read at this weight yet, waits for one tick, and judges what happened in between. Throws where signals or target do not answer. */
  look(rollout: RolloutState): Promise<Look>
  /** What was read before is of another weight: the next window begins anew. */
  begin(): void
}

/** Tells every signal that cares of the versions in the slots. */
export const followedBy = (signals: readonly Signal[], { canary, version, from, begun = 0 }: RolloutState): void => {
  const versions = canary === 'blue' ? { blue: version, green: from } : { blue: from, green: version }
  for (const signal of signals) signal.follow?.({ versions, since: begun })
}

/** Signals that a rollout is judged by from its beginning on and that the job's refline.yml does not have: nobody asks them. */
const missingOf = ({ settings }: RolloutState, signals: Readonly<Record<string, Observed>>): Readonly<Record<string, Observed>> =>
  Object.fromEntries(
    Object.keys(settings.signals).flatMap(name =>
      Object.hasOwn(signals, name)
        ? []
        : [[name, { unanswered: `refline.yml of this job has no signal ${name}, which this rollout is judged by` }]],
    ),
  )

const changesOf = ({ changes = [0], announced }: RolloutState, settle: number): Changes => ({
  at: changes,
  settle,
  ...(announced === undefined ? {} : { announced }),
})

/** Looks at a rollout in windows that never overlap and never span two weights; each look is one push to the ledger, with its evidence. */
export const watchOf = (ports: RolloutPorts, context: TrafficContext, log: RolloutLog): Watch => {
  const { clock, target } = ports
  const { judge: rules } = context.settings
  let baseline: Readings | null = null

  const look = async (rollout: RolloutState): Promise<Look> => {
    followedBy(ports.signals, rollout)
    if (baseline === null) {
      await clock.sleep(settling(ports.signals, rules.settle) * 1000)
      baseline = await readAll(ports.signals)
    }
    await clock.sleep(rules.tick * 1000)
    const readings = await readAll(ports.signals, baseline)
    const traffic = await target.read()
    const live = traffic.percent[rollout.canary]
    const rest = traffic.percent[otherSlot(rollout.canary)]
    // A window during which the weight was moved mixes two weights: it is left out, and the next look says who differs.
    const stays = nextMove(rollout, { live, rest, forgot: traffic.forgot, now: clock.now() / 1000 }, 'observe').do
    if (stays !== 'observe' && stays !== 'end') {
      baseline = null
      return { saw: 'moved' }
    }
    const found = windowBetween(baseline, readings, rollout.canary, changesOf(rollout, rules.settle))
    baseline = readings
    if (found.window === null) return { saw: 'unusable', reason: found.reason, restarted: found.restarted }
    const window = { ...found.window, signals: { ...missingOf(rollout, found.window.signals), ...found.window.signals } }
    const weight = live / 100
    const before = rollout.judge ?? emptyJudgeState(rollout.settings)
    // What late labels say of earlier weights comes first, so that the newest batch is the present one.
    const caughtUp = judgeLate(rollout.settings, before, window.late)
    const { state, judgement } = judge(rollout.settings, caughtUp, { weight, signals: window.signals })
    const evidence = canonicalJson({ schema: 1, rollout: rollout.rollout, weight, ...window, judgement: judgement.reason })
    await log.append(
      'canary-evidence',
      'evidence',
      `judge ${context.model} v${rollout.version} in ${context.environment} at ${share(rollout.percent / 100)}: ${judgement.verdict}`,
      () => [
        {
          kind: 'evidence',
          environment: context.environment,
          rollout: rollout.rollout,
          // The clock of another runner, or of what this signal comes from, may be behind; no batch overlaps with one before, whatever they show.
          until: Math.max(window.until, rollout.until ?? 0),
          judge: state,
          judgement: text(`${judgement.verdict}: ${judgement.reason}`),
          evidence: digest(evidence),
          at: clock.now() / 1000,
        },
      ],
      evidence,
    )
    const unanswered = Object.entries<Observed>(window.signals).flatMap(([name, of]) =>
      !answered(of) && rollout.settings.signals[name]?.required ? [of.unanswered] : [],
    )
    return {
      saw: 'judged',
      judgement,
      silent: unanswered[0] ?? null,
      ready: { canary: traffic.ready[rollout.canary], stable: traffic.ready[otherSlot(rollout.canary)] },
    }
  }

  return {
    look,
    begin: () => {
      baseline = null
    },
  }
}
