import { type LeaseHolder, type RolloutBoard, renderRolloutBoard, statusWords } from '../../core/report/rollout-board.ts'
import type { RolloutTick } from '../../core/report/rollout-tick.ts'
import { type AnnouncePorts, attempt, type Mirrored } from './announce.ts'

/** What is known beside a look: the step of the plan it is at, what is waited for, who drives. What is left out stays as it was. */
export interface Standing {
  readonly step?: number
  readonly waiting?: string | null
  readonly holder?: LeaseHolder | null
}

/** Tells of a rollout while it goes on: the job summary is written anew at every look, the deployment where something else is to be said. */
export interface LiveReport {
  /** All looks so far. */
  readonly ticks: readonly RolloutTick[]
  /** A confirmed weight of the canary, in percent. */
  weight(percent: number, standing?: Standing): Promise<void>
  look(tick: RolloutTick, standing?: Standing): Promise<void>
}

/** Seconds between two statuses that differ in their figures only. */
const quiet = 300

/** What a rollout's report says from beginning to end; the rest comes with the looks. */
export type Reported = Pick<RolloutBoard, 'model' | 'environment' | 'version' | 'from' | 'bars'> & {
  /** Each step of the plan in words. */
  readonly steps: readonly string[]
  /** Looks of runners before this one. */
  readonly earlier?: readonly RolloutTick[]
}

/** Begins to tell of a rollout, or goes on telling of one whose runner died; it is at step -1 until somebody says more. Nothing that is told here may fail or hold up the rollout for longer than one status takes. */
export const liveReport = (
  ports: Pick<AnnouncePorts, 'summary' | 'log' | 'boundary' | 'runUrl'>,
  mirrored: Pick<Mirrored, 'url' | 'progress'>,
  rollout: Reported,
): LiveReport => {
  const ticks: RolloutTick[] = [...(rollout.earlier ?? [])]
  let percent = 0
  let step = -1
  let waiting: string | null = null
  let holder: LeaseHolder | null = null
  let said: { readonly kind: string; readonly at: number } | null = null

  const standAt = (standing: Standing): void => {
    step = standing.step ?? step
    if (standing.waiting !== undefined) waiting = standing.waiting
    if (standing.holder !== undefined) holder = standing.holder
  }
  const write = (): Promise<unknown> => {
    const { model, environment, version, from, bars, steps } = rollout
    const board = {
      model,
      environment,
      version,
      from,
      bars,
      percent,
      plan: { steps, at: step },
      ticks,
      waiting,
      holder,
      deploymentUrl: mirrored.url,
    }
    return attempt(ports, 'announce-summary', 'writing the job summary', () => ports.summary.rewrite(renderRolloutBoard(board)))
  }

  return {
    ticks,
    weight: async (confirmed, standing = {}) => {
      percent = confirmed
      standAt(standing)
      await mirrored.progress(`${confirmed} % of the traffic`)
      await write()
    },
    look: async (tick, standing = {}) => {
      ticks.push(tick)
      percent = tick.percent
      standAt(standing)
      await write()
      const held = tick.signals === undefined ? tick.followed : ''
      const kind = [tick.percent, tick.verdict, held, waiting].join('|')
      const at = tick.at ?? 0
      if (said !== null && said.kind === kind && at - said.at < quiet) return
      // Also where it could not be told: what does not answer is not asked again at every look.
      said = { kind, at }
      await mirrored.progress(statusWords(tick, rollout.bars, waiting))
    },
  }
}
