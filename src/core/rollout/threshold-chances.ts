/** Shares of rollouts by how they end. */
export interface Chances {
  readonly rolledBack: number
  readonly promoted: number
}

/** Probability that more than `most` of `requests` are bad at `rate`, by the binomial law. */
const above = (most: number, requests: number, rate: number): number => {
  if (rate <= 0) return 0
  if (rate >= 1) return most < requests ? 1 : 0
  let log = requests * Math.log1p(-rate)
  let below = 0
  // A product of a share and a count may lie a hair below the whole number that it is.
  for (let bad = 0; bad <= Math.floor(most + 1e-9) && bad <= requests; bad++) {
    below += Math.exp(log)
    log += Math.log((requests - bad) / (bad + 1)) + Math.log(rate) - Math.log1p(-rate)
  }
  return Math.max(0, 1 - below)
}

/** A threshold rule and the traffic that it looks at: `requests` of the canary in one look, for each step of the plan. */
export interface ThresholdPlan {
  readonly max: number
  readonly fewest: number
  readonly failures: number
  readonly looks: number
  readonly longest: number
  readonly requests: readonly number[]
}

/**
 * How rollouts of a canary with a share `rate` of bad requests end under the threshold rule within `longest` looks: exact, for requests that are independent of each other.
 */
export const thresholdChances = ({ max, fewest, failures, looks, longest, requests }: ThresholdPlan, rate: number): Chances => {
  const failing = requests.map(count => (Math.round(count) < fewest ? null : above(max * Math.round(count), Math.round(count), rate)))
  // By step, failed looks so far and passed ones in a row.
  let states = new Map<string, { step: number; failed: number; passed: number; likely: number }>([
    ['0', { step: 0, failed: 0, passed: 0, likely: 1 }],
  ])
  let rolledBack = 0
  let promoted = 0
  for (let look = 0; look < longest && states.size > 0; look++) {
    const next: typeof states = new Map()
    const add = (step: number, failed: number, passed: number, likely: number) => {
      const key = `${step} ${failed} ${passed}`
      const there = next.get(key)
      next.set(key, { step, failed, passed, likely: likely + (there?.likely ?? 0) })
    }
    for (const { step, failed, passed, likely } of states.values()) {
      const chance = failing[step] ?? null
      if (chance === null) {
        add(step, failed, passed, likely)
        continue
      }
      if (failed + 1 >= failures) rolledBack += likely * chance
      else add(step, failed + 1, 0, likely * chance)
      const passing = likely * (1 - chance)
      if (passed + 1 < looks) add(step, failed, passed + 1, passing)
      else if (step + 1 >= requests.length) promoted += passing
      else add(step + 1, failed, 0, passing)
    }
    states = next
  }
  return { rolledBack, promoted }
}
