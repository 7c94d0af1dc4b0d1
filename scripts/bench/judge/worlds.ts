import { errors } from './rule.ts'
import { logNormal, type Shares, type Traffic } from './traffic.ts'

/** A kind of traffic, and what a rule should do about it. */
export interface World {
  readonly id: string
  readonly title: string
  readonly words: string
  readonly traffic: Traffic
  /** The canary errs no more than stable: a rollback is false. */
  readonly isHarmless: boolean
  /** Share of bad requests of a canary that errs 1.5 times as often as stable or more: to promote it is bad where that is not declared acceptable. 0 otherwise. */
  readonly unacceptable: number
}

const constant =
  (stable: number, canary: number): Shares =>
  () => ({ stable, canary })
const trafficOf = (stable: number, canary: number, burst = 1): Traffic => ({ signals: { [errors]: constant(stable, canary) }, burst })

/** A shared incident: five times the errors in minutes 3 to 20, on a share that also swings by half, with a period of 20 minutes. The same in both arms. */
const storm: Shares = minute => {
  const share = 0.01 * (1 + 0.5 * Math.sin((2 * Math.PI * minute) / 20)) * (minute >= 3 && minute <= 20 ? 5 : 1)
  return { stable: share, canary: share }
}

/** Six signals of which `worse` err twice as often in the canary. */
export const sixSignals = (worse: number): Traffic => ({
  signals: Object.fromEntries(sixNames.map((name, index) => [name, constant(0.01, index < worse ? 0.02 : 0.01)])),
  burst: 1,
})
export const sixNames: readonly string[] = [errors, 'timeouts', 'slow', 'fallbacks', 'refused', 'low-score']

export const noErrors = (names: readonly string[]): Traffic => ({
  signals: Object.fromEntries(names.map(name => [name, constant(0, 0)])),
  burst: 1,
})

/** 1 %, and 2 % in the canary after that minute. */
export const lateTraffic = (onset: number): Traffic => ({
  signals: { [errors]: minute => ({ stable: 0.01, canary: minute > onset ? 0.02 : 0.01 }) },
  burst: 1,
})

/** What Prometheus' client libraries offer by default, in seconds. */
export const defaultBuckets: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
/** Every tenth part of a decade, from 10 ms to 10 s: what a native histogram of about that resolution, or a careful configuration, gives. */
export const fineBuckets: readonly number[] = Array.from({ length: 31 }, (_, index) => Number((0.01 * 10 ** (index / 10)).toPrecision(3)))

/** Latencies with a median of 0.1 s and a sigma of 0.6, and of the canary longer by a factor. */
export const latency = (factor: number, buckets: readonly number[], limit: number): Traffic => ({
  signals: { latency: logNormal(0.1, 0.6, factor, buckets, limit) },
  burst: 1,
})

const harmless = { isHarmless: true, unacceptable: 0 }

export const good: World = {
  id: 'good',
  title: 'A good canary: 1 % of bad requests in both arms',
  words: 'Right is to promote. A rollback is false.',
  traffic: trafficOf(0.01, 0.01),
  ...harmless,
}
export const bad: World = {
  id: 'bad',
  title: 'A bad canary: 1 % in stable, 2 % in the canary',
  words: 'Right is to roll back. A promotion is bad.',
  traffic: trafficOf(0.01, 0.02),
  isHarmless: false,
  unacceptable: 0.02,
}
export const incident: World = {
  id: 'incident',
  title: 'A shared incident: 2 % in both arms',
  words: 'Something else went wrong, for both alike. A rollback is false: it cures nothing and puts a good version into quarantine.',
  traffic: trafficOf(0.02, 0.02),
  ...harmless,
}
export const boundary: World = {
  id: 'boundary',
  title: 'On the border of what may be promoted: 1 % in stable, 1.5 % in the canary',
  words: 'A promotion is bad, and nowhere is it harder to tell: this is where a rule that promotes on proof is most often wrong.',
  traffic: trafficOf(0.01, 0.015),
  isHarmless: false,
  unacceptable: 0.015,
}
export const clean: World = {
  id: 'clean',
  title: 'No errors at all in either arm',
  words: 'Right is to promote. A rollback is false.',
  traffic: trafficOf(0, 0),
  ...harmless,
}
export const rareGood: World = {
  id: 'rare-good',
  title: 'A good canary of a good service: 0.1 % in both arms',
  words: 'Right is to promote. A rollback is false.',
  traffic: trafficOf(0.001, 0.001),
  ...harmless,
}
export const rareBad: World = {
  id: 'rare-bad',
  title: 'A bad canary of a good service: 0.1 % in stable, 0.2 % in the canary',
  words:
    'Right is to roll back, where twice 0.1 % matters at all. Refline by default takes anything proven to be below 1 % (`acceptable`) and so mostly promotes it; who cares says `acceptable: 0.001`, and then a promotion is bad.',
  traffic: trafficOf(0.001, 0.002),
  isHarmless: false,
  unacceptable: 0.002,
}
export const stormy: World = {
  id: 'storm',
  title:
    'A shared incident while traffic is moved: 1 % that swings by half in 20 minutes, and five times as much in minutes 3 to 20, in both arms',
  words: 'A rollback is false.',
  traffic: { signals: { [errors]: storm }, burst: 1 },
  ...harmless,
}
/** An incident of both arms in the hour before the rollout, which is over when a bad canary gets its first traffic. */
export const aftermath: Traffic = {
  signals: {
    [errors]: minute => {
      if (minute >= -40 && minute < -22) return { stable: 0.05, canary: 0.05 }
      return { stable: 0.01, canary: minute > 0 ? 0.02 : 0.01 }
    },
  },
  burst: 1,
}

const bursts = (size: number): readonly World[] => [
  {
    id: `bursts-${size}-good`,
    title: `Bursts of ${size} errors on average: a good canary, 1 % in both arms`,
    words:
      'Errors are no longer independent of each other: a client that tries again, a connection that stays. Right is to promote; a rollback is false. Refline divides its evidence by the dispersion: known from an hour of the past (Prometheus, or an earlier rollout), or learnt on the way where there is no past.',
    traffic: trafficOf(0.01, 0.01, size),
    ...harmless,
  },
  {
    id: `bursts-${size}-bad`,
    title: `Bursts of ${size} errors on average: a bad canary, 1 % in stable, 2 % in the canary`,
    words: 'Right is to roll back. A promotion is bad.',
    traffic: trafficOf(0.01, 0.02, size),
    isHarmless: false,
    unacceptable: 0.02,
  },
]
export const bursty: readonly World[] = [...bursts(2), ...bursts(5)]
