import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { defaults } from '../../scripts/bench/judge/defaults.ts'
import { peekedZTest } from '../../scripts/bench/judge/other-rules.ts'
import { decisionRow } from '../../scripts/bench/judge/page.ts'
import { environmentOf, refline, reflineWith } from '../../scripts/bench/judge/refline.ts'
import type { Course, Minute, Rule } from '../../scripts/bench/judge/rule.ts'
import { sections } from '../../scripts/bench/judge/sections.ts'
import type { Traffic } from '../../scripts/bench/judge/traffic.ts'
import { runCell, type Tally } from '../../scripts/bench/judge/trials.ts'
import { bad, boundary, clean, good, incident, rareGood, stormy, type World } from '../../scripts/bench/judge/worlds.ts'
import { emptyJudgeState, judge } from '../../src/core/rollout/judge.ts'
import type { SignalSettings } from '../../src/core/rollout/judge-state.ts'
import { cleanRequests } from '../../src/core/rollout/plan.ts'
import { binomial } from '../../src/core/statistics/distributions.ts'

// The short form of `npm run bench -- judge`: fewer rollouts, so that its limits are wide; a rule whose error rates are broken is far outside of them.
const runs = 300
const chance = 1e-5

/** The largest count that a true share of `share` exceeds no more often than once in 100,000. */
const mostAt = (share: number): number => {
  let count = 0
  while (1 - binomial.cdf(count, runs, share) >= chance) count += 1
  return count
}

const roll = (rule: Rule, traffic: Traffic, requests: number, minutes = 60): Tally =>
  runCell({ id: `test ${rule.name} ${requests}`, rule, traffic, requests, minutes }, runs, 20_240_601)

const shipped = refline('Refline')

describe(`the judge that ships, ${runs} rollouts of an hour`, () => {
  it.each<readonly [World, readonly number[]]>([
    [good, [200, 1_000, 6_000, 60_000]],
    [incident, [200, 6_000, 60_000]],
    [rareGood, [1_000, 60_000]],
    [stormy, [1_000, 6_000, 60_000]],
    [clean, [1_000, 60_000]],
  ])('seldom rolls back what is harmless: $id', ({ traffic }, rates) => {
    for (const requests of rates) expect(roll(shipped, traffic, requests).rolledBack, `${requests}/min`).toBeLessThanOrEqual(mostAt(0.01))
  })

  it('seldom promotes what errs 1.5 times as often', () => {
    for (const requests of [1_000, 6_000, 60_000])
      expect(roll(shipped, boundary.traffic, requests).promoted, `${requests}/min`).toBeLessThanOrEqual(mostAt(0.05))
  })

  it('decides where there is enough traffic: rolls back 1 % -> 2 %, promotes a good canary and one that never errs', () => {
    expect(roll(shipped, bad.traffic, 6_000)).toMatchObject({ rolledBack: runs })
    expect(roll(shipped, good.traffic, 60_000).promoted).toBeGreaterThanOrEqual(0.98 * runs)
    expect(roll(shipped, clean.traffic, 1_000)).toMatchObject({ promoted: runs })
  })
})

describe('rules that break a promise are noticed', () => {
  const { settings, steps } = environmentOf({})
  /** Each look judges the last five minutes, as `rate[5m]` asked every minute does: every request is counted five times. */
  const overlapping: Rule = {
    name: 'overlapping windows',
    begin: history => {
      const course: Course = reflineWith('', settings, { by: 'proof', through: steps }).begin(history)
      const last: Minute[] = []
      return {
        weight: course.weight,
        look: minute => {
          last.push(minute)
          if (last.length > 5) last.shift()
          const sum = { canary: 0, canaryBad: 0, stable: 0, stableBad: 0 }
          for (const { signals } of last)
            for (const key of ['canary', 'canaryBad', 'stable', 'stableBad'] as const) sum[key] += signals.errors?.[key] ?? 0
          return course.look({ ...minute, signals: { errors: sum } })
        },
      }
    },
  }

  it.each([
    ['alpha 0.2', reflineWith('alpha 0.2', { ...settings, alpha: 0.2 }, { by: 'proof', through: steps })],
    ['a z-test that is peeked at', peekedZTest],
    ['overlapping windows', overlapping],
  ])('false rollbacks: %s', (_, rule) => {
    expect(roll(rule, good.traffic, 6_000).rolledBack).toBeGreaterThan(mostAt(0.01))
  })

  it('bad promotions: proof of less than 3 times instead of 1.5', () => {
    const careless = refline('3 x', { signal: { unacceptable: 3 } })
    expect(roll(careless, boundary.traffic, 6_000).promoted).toBeGreaterThan(mostAt(0.05))
  })
})

describe('docs/judge-figures.md', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/judge-figures.md'), 'utf8')
  /** Rows that take few looks: a change of the judge, of a rule or of the traffic shows in them, unless it is of what comes late only. */
  const quick = [
    'good 60000 **Refline**',
    'good 60000 z-test each minute, 5 %',
    'bad 60000 **Refline**',
    'bad 1000 Flagger, min 98.5 %, threshold 5',
    'bad 6000 Argo, >= 0.985, failureLimit 3',
    'incident 60000 **Refline**',
    'boundary 60000 **Refline**',
    'rare-bad 60000 **Refline**, acceptable 0.1 %',
    'bursts-5-bad 60000 **Refline**, an hour of history',
    'six 60000 one bad',
    "latency 6000 1.5 Prometheus' default buckets",
  ]

  it.each(quick)('is what this code gives: %s', id => {
    const cell = sections.flatMap(({ cells }) => cells).find(one => one.id === id)
    if (!cell) throw new Error(`there is no cell ${id}`)
    const row = decisionRow({ cell, tally: runCell(cell, defaults.runs, defaults.seed) }).join(' | ')
    expect(page.includes(`| ${row} |`), `docs/judge-figures.md lacks this row; run \`npm run bench -- judge\`: ${row}`).toBe(true)
  })
})

describe('docs/judge.md', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/judge.md'), 'utf8')
  const { settings } = environmentOf({})

  it('has the worked example as the judge works it', () => {
    let state = emptyJudgeState(settings)
    for (let at = 1; at <= 6; at += 1) {
      const counts = { canary: 300, canaryBad: 6, stable: 5700, stableBad: 57 }
      const answer = judge(settings, state, { weight: 0.05, signals: { errors: counts } })
      state = answer.state
      const { verdict, harm } = answer.judgement
      expect(verdict).toBe(at === 6 ? 'rollback' : 'hold')
      const [canary, stable] = [300 * at, 5700 * at].map(requests => requests.toLocaleString('en-US'))
      expect(page).toContain(`| ${at} | ${6 * at} of ${canary} | ${57 * at} of ${stable} | ${Math.exp(harm).toFixed(1)} |`)
    }
  })

  it('names the requests that a canary without errors needs', () => {
    expect(page).toContain(
      `A canary without errors needs ${cleanRequests(settings.signals.errors as SignalSettings, settings.beta)} requests.`,
    )
  })
})
