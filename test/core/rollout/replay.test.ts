import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Batch, judge } from '../../../src/core/rollout/judge.ts'
import { judgeSettings, judgeState } from '../../../src/core/rollout/judge-state.ts'
import { batch, type Observed } from '../../../src/core/rollout/observed.ts'
import { replay, stateDifference } from '../../../src/core/rollout/replay.ts'
import { counts, errors, settingsOf } from './judging.ts'

const fixture = join(import.meta.dirname, '..', '..', 'fixtures', 'rollouts', 'release-0.2.json')

describe('replay', () => {
  it('says of a rollout that release 0.2 judged what release 0.2 said, to the same states', () => {
    const recorded = JSON.parse(readFileSync(fixture, 'utf8'))
    const settings = judgeSettings.parse(recorded.settings)
    const looks = recorded.looks as readonly { batch: unknown; judgement: string; state: unknown }[]
    const again = replay(
      settings,
      looks.map(look => batch.parse(look.batch)),
    )
    expect(again.map(({ judgement }) => `${judgement.verdict}: ${judgement.reason}`)).toEqual(looks.map(({ judgement }) => judgement))
    for (const [index, { state }] of again.entries()) {
      expect(stateDifference(judgeState.parse(looks[index]?.state), state)).toBeNull()
      expect(Object.keys(state.signals.errors ?? {}).sort()).toEqual(['acceptance', 'batches', 'harm', 'last', 'total'])
    }
  })

  it('recomputes every state that was stored as JSON on the way, with all kinds of batches', () => {
    const settings = settingsOf({ signals: { errors, slow: errors } })
    const slow = (look: number): Observed => ({
      ...counts(60, look % 3, 1140, 20),
      slower: [0.05, 0.1, 0.25].map((edge, at) => ({ edge, canary: 30 - 9 * at, stable: 600 - 200 * at + look })),
    })
    const batches: Batch[] = Array.from({ length: 20 }, (_, look) => ({
      weight: look < 2 ? 0 : look < 12 ? 0.05 : 0.1,
      signals: {
        errors: look % 5 === 4 ? { unanswered: 'timeout' } : counts(look < 2 ? 0 : 60, 0, 1140, look % 7),
        slow: slow(look),
      },
    }))
    let kept = JSON.stringify(replay(settings, batches.slice(0, 1))[0]?.state)
    for (const [index, one] of batches.entries()) {
      if (index === 0) continue
      const answer = judge(settings, judgeState.parse(JSON.parse(kept)), batch.parse(JSON.parse(JSON.stringify(one))))
      kept = JSON.stringify(answer.state)
      const again = replay(settings, batches.slice(0, index + 1)).at(-1)
      expect(again?.state).toEqual(answer.state)
      expect(again?.judgement).toEqual(answer.judgement)
    }
  })

  it('names where two states differ, and overlooks only the last digits of logarithms', () => {
    const [first] = replay(settingsOf(), [{ weight: 0.05, signals: { errors: counts(60, 1, 1140, 11) } }])
    const state = first?.state
    expect(stateDifference(state, JSON.parse(JSON.stringify(state)))).toBeNull()
    const nudged = structuredClone(state)
    const signal = nudged?.signals.errors
    if (signal?.harm[3] === undefined) throw new Error('the state has no harm')
    signal.harm[3] += 1e-10
    expect(stateDifference(state, nudged)).toBeNull()
    signal.harm[3] += 0.01
    expect(stateDifference(state, nudged)).toBe('signals.errors.harm.3')
    expect(stateDifference({ a: 1 }, {})).toBe('a')
    expect(stateDifference({}, { a: { b: 1 } })).toBe('a')
  })
})
