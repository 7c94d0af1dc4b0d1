import { describe, expect, it } from 'vitest'
import type { RolloutState } from '../../../src/core/lineage/events.ts'
import { type Move, nextMove, type Wish } from '../../../src/core/rollout/machine.ts'
import { counts, judged, settingsOf } from './judging.ts'

const started: RolloutState = {
  rollout: 'abcdefabcdef',
  version: 2,
  from: 1,
  canary: 'green',
  steps: [5, 50],
  step: -1,
  percent: 0,
  intent: null,
  until: null,
  settings: { alpha: 0.01, beta: 0.05, horizon: 60, signals: {} },
  judge: null,
  judgement: 'started',
  since: 3,
}
const at = (step: number, percent: number, intent: RolloutState['intent'] = null): RolloutState => ({ ...started, step, percent, intent })
const seen = (live: number, forgot: number | null = null, now = 2000) => ({ live, rest: 100 - live, forgot, now })
const to5 = { step: 0, percent: 5, expecting: 0 }

describe('nextMove', () => {
  it.each<[string, RolloutState, number, Wish, Move]>([
    ['writes the first step ahead', started, 0, 'observe', { do: 'intend', step: 0, percent: 5, expecting: 0 }],
    ['acts on an intent not applied', at(-1, 0, to5), 0, 'observe', { do: 'act', percent: 5, expecting: 0 }],
    ['confirms an intent that was applied', at(-1, 0, to5), 5, 'observe', { do: 'confirm', step: 0, percent: 5, ends: false }],
    [
      'takes the grain of the target for the weight',
      at(-1, 0, to5),
      5.078125,
      'observe',
      { do: 'confirm', step: 0, percent: 5, ends: false },
    ],
    ['observes at a confirmed weight', at(0, 5), 5.078125, 'observe', { do: 'observe' }],
    ['advances on proof', at(0, 5), 5, 'advance', { do: 'intend', step: 1, percent: 50, expecting: 5 }],
    ['advances to everything after the last step', at(1, 50), 50, 'advance', { do: 'intend', step: 2, percent: 100, expecting: 50 }],
    [
      'ends at everything',
      at(1, 50, { step: 2, percent: 100, expecting: 50 }),
      100,
      'observe',
      { do: 'confirm', step: 2, percent: 100, ends: true },
    ],
    [
      'does not take 99.8 % for everything',
      at(1, 50, { step: 2, percent: 100, expecting: 50 }),
      99.8,
      'observe',
      { do: 'act', percent: 100, expecting: 50 },
    ],
    ['gives traffic back from any weight', at(0, 5), 37, 'restore', { do: 'intend', step: -1, percent: 0, expecting: 37 }],
    [
      'gives traffic back over an unapplied step',
      at(0, 5, { step: 1, percent: 50, expecting: 5 }),
      5,
      'restore',
      { do: 'intend', step: -1, percent: 0, expecting: 5 },
    ],
    [
      'goes on giving back whatever is wished',
      at(0, 5, { step: -1, percent: 0, expecting: 5 }),
      5,
      'advance',
      { do: 'act', percent: 0, expecting: null },
    ],
    [
      'is not done before the weight reads 0',
      at(0, 5, { step: -1, percent: 0, expecting: 5 }),
      0.2,
      'observe',
      { do: 'act', percent: 0, expecting: null },
    ],
    [
      'confirms the return at 0',
      at(0, 5, { step: -1, percent: 0, expecting: 5 }),
      0,
      'observe',
      { do: 'confirm', step: -1, percent: 0, ends: true },
    ],
    ['ends at once where nothing was moved', started, 0, 'restore', { do: 'end' }],
  ])('%s', (_, rollout, live, wish, move) => {
    expect(nextMove(rollout, seen(live), wish)).toEqual(move)
  })

  it('reports a weight that nobody here wrote and leaves it', () => {
    expect(nextMove(at(0, 5), seen(50), 'advance')).toMatchObject({ do: 'drift' })
    expect(nextMove(at(-1, 0, to5), seen(30), 'observe')).toMatchObject({ do: 'drift' })
    expect(nextMove(started, seen(30), 'observe')).toMatchObject({ do: 'drift' })
  })

  it('tells a target again what it forgot since, and takes for drift what nothing was forgotten before', () => {
    const confirmed = { ...at(0, 5), reached: 1000 }
    expect(nextMove(confirmed, seen(50, 1500), 'observe')).toEqual({ do: 'assert', percent: 5, expecting: 50 })
    expect(nextMove(confirmed, seen(50, 500), 'observe')).toMatchObject({ do: 'drift' })
    const rising = { ...confirmed, intent: { step: 1, percent: 25, expecting: 5 } }
    expect(nextMove(rising, seen(50, 1500), 'observe')).toEqual({ do: 'act', percent: 25, expecting: 50 })
    expect(nextMove(rising, seen(50), 'observe')).toMatchObject({ do: 'drift' })
  })

  it('bakes with all traffic before it ends, and gives it back from there', () => {
    const clean = judged(settingsOf(), [counts(600, 0, 11_400, 0)]).state
    const all = { ...at(2, 100), reached: 1000, bake: 1800, settings: settingsOf(), judge: clean, until: 2800 }
    expect(nextMove({ ...at(1, 50, { step: 2, percent: 100, expecting: 50 }), bake: 1800 }, seen(100), 'observe')).toMatchObject({
      ends: false,
    })
    expect(nextMove(all, seen(100, null, 2799), 'observe')).toEqual({ do: 'observe' })
    expect(nextMove(all, seen(100, null, 2800), 'observe')).toEqual({ do: 'end' })
    expect(nextMove(all, seen(100, null, 2000), 'restore')).toEqual({ do: 'intend', step: -1, percent: 0, expecting: 100 })
  })

  it('has not baked by time alone: what was judged must reach to the end of it, and be good', () => {
    const clean = judged(settingsOf(), [counts(600, 0, 11_400, 0)]).state
    const silent = judged(settingsOf(), [{ errors: { unanswered: 'no answer' } }], { from: clean }).state
    const idle = judged(settingsOf(), [counts(0, 0, 0, 0)], { from: clean }).state
    const all = { ...at(2, 100), reached: 1000, bake: 1800, settings: settingsOf() }
    for (const [judge, until] of [
      [clean, 2799],
      [clean, null],
      [null, 2900],
      [silent, 2900],
      [idle, 2900],
    ] as const)
      expect(nextMove({ ...all, judge, until }, seen(100, null, 2900), 'observe')).toEqual({ do: 'observe' })
  })

  it('has given nothing back while the other slot does not have everything, and knows when traffic goes nowhere', () => {
    const nowhere = { live: 0, rest: 0, forgot: null, now: 2000 }
    expect(nextMove(at(0, 5, { step: -1, percent: 0, expecting: 5 }), nowhere, 'observe')).toEqual({
      do: 'act',
      percent: 0,
      expecting: null,
    })
    expect(nextMove(started, nowhere, 'observe')).toMatchObject({ do: 'drift', reason: expect.stringContaining('not all of it') })
    expect(nextMove(at(-1, 0, to5), nowhere, 'observe')).toMatchObject({ do: 'drift' })
  })

  it('has nothing to give the traffic of a first version back to', () => {
    const first = { ...started, from: null, steps: [] }
    for (const intent of [null, { step: 0, percent: 100, expecting: 50 }])
      expect(nextMove({ ...first, intent }, seen(50), 'restore')).toEqual({ do: 'end' })
  })

  it('takes all traffic for the first version of an environment, whatever its slot has now', () => {
    const first = { ...started, from: null, steps: [] }
    expect(nextMove(first, seen(50), 'observe')).toEqual({ do: 'intend', step: 0, percent: 100, expecting: 50 })
  })
})
