import { emptyJudgeState, type Judgement, judge, judgementOf, type Observed } from '../../../src/core/rollout/judge.ts'
import type { Counts, JudgeSettings, JudgeState, SignalSettings } from '../../../src/core/rollout/judge-state.ts'

export const counts = (canary: number, canaryBad: number, stable: number, stableBad: number): Counts => ({
  canary,
  canaryBad,
  stable,
  stableBad,
})

/** The defaults of refline.yml for a signal. */
export const errors: SignalSettings = {
  tolerate: 1,
  unacceptable: 1.5,
  acceptable: 0.01,
  breaker: 0.2,
  breakerRequests: 50,
  required: true,
}

/** The defaults of refline.yml for one signal, with changes. */
export const settingsOf = (change: Partial<JudgeSettings> = {}): JudgeSettings => ({
  alpha: 0.01,
  beta: 0.05,
  horizon: 60,
  method: 2,
  signals: { errors },
  ...change,
})

type Signals = Readonly<Record<string, Observed>>

/** Judges batches one after the other at one weight; those that are not by signal are of all signals. */
export const judged = (
  settings: JudgeSettings,
  batches: readonly (Counts | Signals)[],
  { weight = 0.05, from = emptyJudgeState(settings) }: { readonly weight?: number; readonly from?: JudgeState } = {},
): { readonly state: JudgeState; readonly judgement: Judgement } => {
  let state = from
  let judgement = judgementOf(settings, state)
  for (const batch of batches) {
    const signals: Signals =
      typeof (batch as Counts).canary === 'number'
        ? Object.fromEntries(Object.keys(settings.signals).map(name => [name, batch as Counts]))
        : (batch as Signals)
    ;({ state, judgement } = judge(settings, state, { weight, signals }))
  }
  return { state, judgement }
}

/** Uniform in [0, 1), the same for the same seed (mulberry32). */
export const seeded = (seed: number) => (): number => {
  seed = (seed + 0x6d2b79f5) | 0
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
}

/** Counts by Poisson's law, by inversion; large means are halved first. */
export const poissonBy = (random: () => number) => {
  const draw = (mean: number): number => {
    if (mean > 40) return draw(mean / 2) + draw(mean / 2)
    let events = 0
    let likely = Math.exp(-mean)
    let left = random()
    while (left > likely && events < 1000) {
      left -= likely
      events += 1
      likely *= mean / events
    }
    return events
  }
  return draw
}

/** Bad requests among `requests` that come in clusters of `cluster` on average (geometric), `rate` of all. The dispersion is 2 cluster - 1. */
export const clusteredBy = (random: () => number, cluster: number) => {
  const poisson = poissonBy(random)
  return (requests: number, rate: number): number => {
    let bad = 0
    for (let left = poisson((requests * rate) / cluster); left > 0; left--)
      bad += cluster === 1 ? 1 : 1 + Math.floor(Math.log1p(-random()) / Math.log1p(-1 / cluster))
    return Math.min(requests, bad)
  }
}
