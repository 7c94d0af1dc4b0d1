import { expect } from 'vitest'
import { sampleRatioAlarm, sampleRatioEvidence } from '../../../src/core/rollout/sample-ratio.ts'
import type { Slot } from '../../support/traffic/behaviour.ts'
import type { LoadCounts } from '../../support/traffic/load.ts'

/** What users saw while one weight stood: answers of each slot. */
export interface Stretch {
  /** Share of green, in percent. */
  readonly weight: number
  readonly seconds: number
  readonly answers: Readonly<Record<Slot, number>>
  /** Natural logarithm of the evidence that the arms did not get the shares that were set. */
  readonly evidence: number
}

const pause = (milliseconds: number): Promise<void> => new Promise(resolve => setTimeout(resolve, milliseconds))
const answersOf = ({ slots }: LoadCounts): Record<Slot, number> => ({
  blue: slots.blue.ok + slots.blue.failed,
  green: slots.green.ok + slots.green.failed,
})

/**
 * Milliseconds after a move that are not counted: requests are still answered that were sent before it, and HAProxy's round robin makes up for the weights that
 * were, over some hundreds of requests.
 */
const settling = 2000

/**
 * Watches the weight of green and what users are answered by, until it is ended. A stretch begins a little after a weight is seen first and ends with the last
 * look that still showed it; what lies between belongs to no weight.
 */
export const watchSplit = (weight: () => Promise<number>, counts: () => Promise<LoadCounts>) => {
  const stretches: Stretch[] = []
  const seen: number[] = []
  let ended = false
  const watch = async () => {
    let next = await weight()
    while (!ended) {
      const standing = next
      seen.push(standing)
      await pause(settling)
      const [before, began] = [answersOf(await counts()), performance.now()]
      let after = before
      let last = began
      while (!ended) {
        const [answers, at] = [answersOf(await counts()), performance.now()]
        next = await weight()
        if (next !== standing) break
        after = answers
        last = at
        await pause(100)
      }
      const answers = { blue: after.blue - before.blue, green: after.green - before.green }
      stretches.push({
        weight: standing,
        seconds: (last - began) / 1000,
        answers,
        evidence: sampleRatioEvidence(standing / 100, answers.green, answers.blue),
      })
    }
  }
  const watching = watch()
  return {
    /** Weights of green in the order in which they were seen. */
    seen: seen as readonly number[],
    end: async (): Promise<readonly Stretch[]> => {
      ended = true
      await watching
      return stretches
    },
  }
}

/** Expects that users saw the split that was set, by the very test that a canary is held by, and prints what they saw. */
export const expectSplit = (what: string, stretches: readonly Stretch[]): void => {
  const shared = stretches.filter(({ weight, answers }) => weight > 0 && weight < 100 && answers.green + answers.blue > 0)
  for (const { weight, seconds, answers, evidence } of shared)
    console.log(
      `${what}: ${weight.toFixed(1)} % on green for ${seconds.toFixed(1)} s, ${answers.green} of ${answers.green + answers.blue} answers; evidence of another split ${Math.exp(evidence).toPrecision(2)} of ${sampleRatioAlarm}`,
    )
  expect(shared.reduce((total, { answers }) => total + Math.min(answers.green, answers.blue), 0)).toBeGreaterThan(50)
  for (const { weight, evidence } of shared) expect(evidence, `${what}, at ${weight} %`).toBeLessThan(Math.log(sampleRatioAlarm))
}
