import { errorsOf, type Minute, type Rule, tenSteps } from './rule.ts'

// What the documentation of others says their rules do, in our words. None of their code is here.

/** Share of the canary's requests of this minute that went well; NaN where it had none, as a division of two rates in Prometheus gives. */
const successOf = (minute: Minute): number => {
  const { canary, canaryBad } = errorsOf(minute)
  return (canary - canaryBad) / canary
}

/**
 * Flagger (docs.flagger.app, "How it works"): every interval, a success rate of at least `min` per cent raises the weight by 5 up to 50, and after that promotes; anything
 * else, no data included, is a failed check. Failed checks are never forgotten, and `threshold` of them are acted upon when the next interval begins.
 */
export const flagger = (min: number, threshold: number): Rule => ({
  name: `Flagger, min ${min} %, threshold ${threshold}`,
  begin: () => {
    let step = 0
    let failed = 0
    return {
      weight: () => tenSteps[step] as number,
      look: minute => {
        if (failed >= threshold) return 'rollback'
        if (!(100 * successOf(minute) >= min)) failed += 1
        else if (step === tenSteps.length - 1) return 'promote'
        else step += 1
        return null
      },
    }
  },
})

/**
 * Argo Rollouts (argo-rollouts.readthedocs.io, "Analysis"): steps of a minute with an analysis in the background every minute, successCondition `result >= success`. More
 * failed measurements than `failureLimit` abort; the end of the steps promotes. NaN is no success.
 */
export const argo = (success: number, failureLimit: number): Rule => ({
  name: `Argo, >= ${success}, failureLimit ${failureLimit}`,
  begin: () => {
    let step = 0
    let failed = 0
    return {
      weight: () => tenSteps[step] as number,
      look: minute => {
        if (!(successOf(minute) >= success)) failed += 1
        if (failed > failureLimit) return 'rollback'
        step += 1
        return step === tenSteps.length ? 'promote' : null
      },
    }
  },
})

/** The textbook's one-sided test of two proportions (pooled variance, 5 %), repeated each minute on all counts so far. */
export const peekedZTest: Rule = {
  name: 'z-test each minute, 5 %',
  begin: () => {
    let step = 0
    const total = { canary: 0, canaryBad: 0, stable: 0, stableBad: 0 }
    return {
      weight: () => tenSteps[step] as number,
      look: minute => {
        const counts = errorsOf(minute)
        for (const key of ['canary', 'canaryBad', 'stable', 'stableBad'] as const) total[key] += counts[key]
        const pooled = (total.canaryBad + total.stableBad) / (total.canary + total.stable)
        const deviation = Math.sqrt(pooled * (1 - pooled) * (1 / total.canary + 1 / total.stable))
        if (deviation > 0 && (total.canaryBad / total.canary - total.stableBad / total.stable) / deviation >= 1.6449) return 'rollback'
        step += 1
        return step === tenSteps.length ? 'promote' : null
      },
    }
  },
}
