import { describe, expect, it } from 'vitest'
import { assess } from '../../src/core/comparison/assess.ts'
import type { Predictions } from '../../src/core/evaluation/predictions.ts'
import { binomial } from '../../src/core/statistics/distributions.ts'
import { uniform } from '../../src/core/statistics/random.ts'
import { rulesOf, runOf } from '../core/evaluation/fixtures.ts'
import { tooSure, type World, worlds } from './latent-scores.ts'
import { compare, runCell } from './promotions.ts'

// The short form of promotions.long.test.ts: fewer trials, so that its limits are wide; a rule that does not wait for proof is far outside of them.
const trials = 300
const pilot = { rounds: 2, trials: 60 }
const chance = 1e-6

/** Counts that a true rate of `share` exceeds, or stays below, once in a million. */
const mostAt = (share: number): number => {
  let count = 0
  while (1 - binomial.cdf(count, trials, share) >= chance) count++
  return count
}
const leastAt = (share: number): number => trials - mostAt(1 - share)

const assessed = (world: World, challenger: Predictions, champion: Predictions) =>
  assess({
    model: 'churn',
    // A gate that nothing fails: what is left is the promotion rule, as it is by default.
    rules: rulesOf({ primary: world.metric, gates: { [world.metric]: world.sign === 1 ? { min: -1 } : { max: 1000 } } }),
    policy: { from: 'refline.yml of main', digest: '0'.repeat(64), loosened: [] },
    run: runOf(),
    runDigest: '0'.repeat(64),
    challenger,
    opponent: { kind: 'champion', version: 1 },
    champion,
    change: 'changed',
    override: null,
    problem: null,
  })

describe('the default comparison', () => {
  it.each(Object.entries({ ...worlds, ...tooSure }))('%s: a trial decides as assess does', (_, world) => {
    const random = uniform(17)
    const decisions = new Set<string>()
    for (const lead of [0, 0, 0, 0.4, 0.4, 0.4, 1.5, 1.5]) {
      const pair = world.draw(random, 200, lead)
      const found = assessed(world, ...pair)
      const trial = compare(world.metric, ...pair)
      expect(found.decision === 'promote').toBe(trial.promoted)
      expect(found.rows.find(row => row.primary)?.difference).toEqual(trial.difference)
      decisions.add(found.decision)
    }
    expect([...decisions].sort()).toEqual(['keep', 'promote'])
  })

  it('a rule that the point estimate decides would not stay within the limits', () => {
    const { equal } = runCell('accuracy', worlds.accuracy as World, 200, trials, { rounds: 0, trials: 0 })
    expect(equal.ahead).toBeGreaterThan(mostAt(0.03))
    expect(mostAt(0.03)).toBeLessThan(trials * 0.1)
    expect(leastAt(0.8)).toBeGreaterThan(trials * 0.66)
  })

  describe.each([200, 2000])(`on %i rows, ${trials} trials`, n => {
    it.each(Object.entries(worlds))(
      '%s: seldom promotes an equal model, and mostly one that is ahead by the detectable difference',
      (name, world) => {
        const { equal, better } = runCell(name, world, n, trials, pilot)
        expect(equal.promoted).toBeLessThanOrEqual(mostAt(0.03))
        expect(better.promoted).toBeGreaterThanOrEqual(leastAt(0.78))
        expect(better.promoted).toBeLessThanOrEqual(mostAt(0.82))
      },
      60_000,
    )
  })
})
