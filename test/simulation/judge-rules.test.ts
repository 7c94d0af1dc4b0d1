import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { check } from '../../scripts/bench/judge/bounds.ts'
import { kayenta } from '../../scripts/bench/judge/kayenta.ts'
import { argo, flagger, peekedZTest } from '../../scripts/bench/judge/other-rules.ts'
import { errors, type Minute, type Rule } from '../../scripts/bench/judge/rule.ts'
import { drawMinute, logNormal } from '../../scripts/bench/judge/traffic.ts'
import { runCell, type Tally } from '../../scripts/bench/judge/trials.ts'
import { bursty, good } from '../../scripts/bench/judge/worlds.ts'
import { uniform } from '../../src/core/statistics/random.ts'

/** A minute with 1,000 requests of the canary, so many of them bad. */
const minute = (canaryBad: number, canary = 1000): Minute => ({
  weight: 0.05,
  signals: { [errors]: { canary, canaryBad, stable: 1000, stableBad: 10 } },
})
const fine = minute(0)
const broken = minute(500)

/** The decision and the minute of it, and the weights on the way. */
const course = (rule: Rule, minutes: readonly Minute[]) => {
  const { weight, look } = rule.begin([])
  const weights: number[] = []
  for (const one of minutes) {
    weights.push(Math.round(100 * weight()))
    const decision = look(one)
    if (decision !== null) return { decision, minutes: weights.length, weights }
  }
  return { decision: null, minutes: weights.length, weights }
}
const times = <T>(count: number, of: T): T[] => Array.from({ length: count }, () => of)

describe('Flagger, as its documentation says', () => {
  it('promotes after ten checks that pass', () => {
    expect(course(flagger(99, 10), times(20, fine))).toEqual({
      decision: 'promote',
      minutes: 10,
      weights: [5, 10, 15, 20, 25, 30, 35, 40, 45, 50],
    })
  })
  it('acts on the threshold one interval late, and never forgets a failed check', () => {
    expect(course(flagger(99, 3), times(20, broken))).toMatchObject({ decision: 'rollback', minutes: 4, weights: [5, 5, 5, 5] })
    expect(course(flagger(99, 3), [broken, fine, broken, fine, broken, fine, fine])).toMatchObject({ decision: 'rollback', minutes: 6 })
  })
  it('takes the limit itself for good, and no traffic for a failed check', () => {
    expect(course(flagger(99, 1), [minute(10), minute(10)]).decision).toBeNull()
    expect(course(flagger(99, 1), [minute(11), fine]).decision).toBe('rollback')
    expect(course(flagger(99, 1), [minute(0, 0), fine]).decision).toBe('rollback')
  })
})

describe('Argo Rollouts, as its documentation says', () => {
  it('aborts above the limit of failures, not at it', () => {
    expect(course(argo(0.985, 0), [broken])).toMatchObject({ decision: 'rollback', minutes: 1 })
    expect(course(argo(0.985, 3), [broken, broken, broken, fine, broken])).toMatchObject({ decision: 'rollback', minutes: 5 })
    expect(course(argo(0.985, 3), [...times(3, broken), ...times(7, fine)])).toMatchObject({ decision: 'promote', minutes: 10 })
  })
  it('moves on whatever a measurement says, and takes NaN for a failure', () => {
    expect(course(argo(0.985, 9), times(3, broken)).weights).toEqual([5, 10, 15])
    expect(course(argo(0.985, 0), [minute(0, 0)]).decision).toBe('rollback')
  })
})

describe('tests of the two arms', () => {
  it('the z-test rolls back at 1.645 standard errors of all counts so far', () => {
    // 10 of 1,000 in stable: 18 is 1.52 standard errors above, 19 is 1.68.
    expect(course(peekedZTest, [minute(18)]).decision).toBeNull()
    expect(course(peekedZTest, [minute(19)]).decision).toBe('rollback')
    expect(course(peekedZTest, times(10, minute(0)))).toMatchObject({ decision: 'promote', minutes: 10 })
  })
  it("Kayenta's kind rolls back a clear shift at its look and promotes after an hour", () => {
    expect(course(kayenta(6), times(60, minute(30)))).toMatchObject({ decision: 'rollback', minutes: 10 })
    expect(course(kayenta(1), times(60, minute(30)))).toMatchObject({ decision: 'rollback', minutes: 60 })
    expect(course(kayenta(6), times(60, minute(10)))).toMatchObject({ decision: 'promote', minutes: 60 })
  })
})

describe('traffic', () => {
  it('bursts keep the share of bad requests and have the variance of geometric ones: 2 b - 1 times the mean', () => {
    for (const [size, world] of [
      [1, good],
      [2, bursty[0]],
      [5, bursty[2]],
    ] as const) {
      if (!world) throw new Error(`there are no bursts of ${size}`)
      const random = uniform(5)
      const counts = Array.from({ length: 4000 }, () => drawMinute(random, world.traffic, 20_000, 1, 0.5).signals[errors]?.stableBad ?? 0)
      const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length
      const variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / counts.length
      expect(mean / 100, `bursts of ${size}`).toBeCloseTo(1, 1)
      expect(Math.abs(variance / mean / (2 * size - 1) - 1), `bursts of ${size}`).toBeLessThan(0.1)
    }
  })
  it('a histogram falls from edge to edge, and its limit is what is bad', () => {
    const signals = { latency: logNormal(0.1, 0.6, 1.5, [0.1, 0.25, 0.5], 0.25) }
    const { latency } = drawMinute(uniform(3), { signals, burst: 1 }, 100_000, 1, 0.5).signals
    const [half, quarter, tail] = latency?.slower ?? []
    expect((half?.stable ?? 0) / (latency?.stable ?? 1)).toBeCloseTo(0.5, 1)
    expect((half?.canary ?? 0) / (latency?.canary ?? 1)).toBeCloseTo(0.75, 1)
    expect(quarter?.canary).toBeGreaterThan(tail?.canary ?? Number.POSITIVE_INFINITY)
    expect(latency?.canaryBad).toBe(quarter?.canary)
  })
})

describe('a cell', () => {
  const rule = flagger(99, 10)
  it('is the same by itself as in any order, and another with another seed', () => {
    const cell = { id: 'one', rule, traffic: good.traffic, requests: 1000, minutes: 60 }
    expect(runCell(cell, 50, 1)).toEqual(runCell(cell, 50, 1))
    expect(runCell(cell, 50, 2)).not.toEqual(runCell(cell, 50, 1))
    expect(runCell({ ...cell, id: 'other' }, 50, 1)).not.toEqual(runCell(cell, 50, 1))
  })
  it('counts a rollback before the onset for itself, and delays from it', () => {
    const at = (when: number): Rule => ({
      name: `at ${when}`,
      begin: () => {
        let looks = 0
        return { weight: () => 0.05, look: () => (++looks === when ? 'rollback' : null) }
      },
    })
    const cell = { id: 'late', traffic: good.traffic, requests: 100, minutes: 20, onset: 10 }
    expect(runCell({ ...cell, rule: at(10) }, 3, 1)).toMatchObject({ early: 3, rolledBack: 0 })
    expect(runCell({ ...cell, rule: at(14) }, 3, 1)).toMatchObject({ early: 0, rolledBack: 3, medianMinutes: 4 })
    expect(runCell({ ...cell, rule: at(99) }, 3, 1)).toMatchObject({ held: 3, medianMinutes: Number.POSITIVE_INFINITY })
  })
})

describe('bounds', () => {
  const tally = (part: Partial<Tally>): Tally => ({
    runs: 2000,
    early: 0,
    rolledBack: 0,
    promoted: 0,
    held: 0,
    medianMinutes: 1,
    lateMinutes: 1,
    canaryRequests: { mean: 1000, error: 10, most: 1000 },
    badResponses: 0,
    ...part,
  })
  it('a share fails where 99 % of chance would not reach it: from 32 of 2,000 on for a bound of 1 %', () => {
    const bound = { of: 'false rollback', most: 0.01 } as const
    expect(check(bound, tally({ rolledBack: 31 }))).toMatchObject({ figure: 0.0155, holds: true })
    expect(check(bound, tally({ rolledBack: 32 })).holds).toBe(false)
    expect(check({ of: 'bad promotion', most: 0.05 }, tally({ promoted: 2000 })).holds).toBe(false)
    expect(check({ of: 'rollback before the onset', most: 0.01 }, tally({ early: 100, rolledBack: 0 })).holds).toBe(false)
    expect(check({ of: 'rolled back', least: 0.98 }, tally({ rolledBack: 1900 })).holds).toBe(false)
    expect(check({ of: 'rolled back', least: 0.98 }, tally({ rolledBack: 2000 })).holds).toBe(true)
  })
  it('a mean fails 2.33 standard errors beyond its bound, and where not every rollout got there', () => {
    const bound = { of: 'mean requests', most: 990 } as const
    expect(check(bound, tally({ rolledBack: 2000 })).holds).toBe(true)
    expect(check({ ...bound, most: 970 }, tally({ rolledBack: 2000 })).holds).toBe(false)
    expect(check(bound, tally({ rolledBack: 1999, held: 1 })).holds).toBe(false)
    expect(check({ of: 'most requests', most: 999 }, tally({ promoted: 2000 })).holds).toBe(false)
    expect(check({ of: 'most requests', most: 1000 }, tally({ promoted: 1999 })).holds).toBe(false)
    expect(check({ of: 'most requests', most: 1000 }, tally({ promoted: 2000 })).holds).toBe(true)
  })
})

describe('npm run bench -- judge', () => {
  const bench = (...options: readonly string[]) =>
    promisify(execFile)(process.execPath, [join(import.meta.dirname, '../../scripts/bench.ts'), 'judge', ...options])

  it('prints the tables that are asked for and whether their bounds hold', async () => {
    const { stdout } = await bench('--only', 'split', '--runs', '20')
    expect(stdout).toContain('| 0 % of the requests | 100 % | 2 | 2 | 400 |')
    expect(stdout).toContain('1 of 1 bounds hold')
  }, 60_000)

  it('says in words what it does not know', async () => {
    await expect(bench('--only', 'nothing')).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('there are good, bad,') })
  }, 60_000)
})
