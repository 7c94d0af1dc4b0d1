import { describe, expect, it } from 'vitest'
import { type RolloutBoard, renderRolloutBoard, statusWords } from '../../../src/core/report/rollout-board.ts'
import { heldTick } from '../../../src/core/report/rollout-tick.ts'
import { elements, rendered, textOf } from '../../support/rendered.ts'
import { lookAt, noon, signalAt } from './rollout-looks.ts'

const bars = { alpha: 0.01, beta: 0.05 }
const board: RolloutBoard = {
  model: 'churn',
  environment: 'production',
  version: 3,
  from: 2,
  percent: 5,
  plan: { steps: ['5 %', 'approval within 24 h', '25 %'], at: 0 },
  bars,
  ticks: [lookAt(60, 5, 'hold')],
  waiting: null,
  holder: { workflowRun: '77', url: 'https://github.test/acme/churn/actions/runs/77', heartbeat: noon + 60 },
  deploymentUrl: 'https://github.test/acme/churn/deployments/production',
}
const lines = (text: string): readonly string[] => text.split('\n')
const drawn = (text: string): readonly number[][] =>
  [...text.matchAll(/^ {2}line (\[.*\])$/gm)].map(([, points = '[]']) => JSON.parse(points) as number[])

describe('the live report of a rollout', () => {
  it('says first where it stands, then the plan, what it waits for and who drives it', () => {
    const [headline, , plan, now, holder] = lines(renderRolloutBoard(board))
    expect(headline).toBe('### ⏳ churn v3 in production: 5 % of the traffic, not decided yet')
    expect(plan).toBe('Plan: **5 %** → approval within 24 h → 25 % → 100 % (live is v2)<br>')
    expect(now).toBe('Now: errors is not proven acceptable yet: 5.2 of 20<br>')
    expect(holder).toBe(
      'Driven by [workflow run 77](https://github.test/acme/churn/actions/runs/77), which last said so at 2026-11-20 12:01:00 UTC.',
    )
  })

  it.each([
    ['promote', 'proven acceptable at this step', '⏳'],
    ['rollback', 'harm is proven, it is rolled back', '❌'],
  ] as const)('%s is said in the headline', (verdict, words, sign) => {
    const [headline] = lines(renderRolloutBoard({ ...board, ticks: [lookAt(60, 5, verdict)] }))
    expect(headline).toBe(`### ${sign} churn v3 in production: 5 % of the traffic, ${words}`)
  })

  it('says what it waits for before what the signals say', () => {
    const text = renderRolloutBoard({ ...board, plan: { ...board.plan, at: 1 }, waiting: 'approval of step 2 since 12:00, within 24 h' })
    expect(text).toContain('Plan: ✓ 5 % → **approval within 24 h** → 25 %')
    expect(text).toContain('Now: approval of step 2 since 12:00, within 24 h')
  })

  it('shows a look that could not be judged with its reason, and the signals of the one before', () => {
    const held = heldTick(5, noon + 120, 'the canary has 20 % of the traffic where 5 % were set: somebody else moved it')
    const text = renderRolloutBoard({ ...board, ticks: [...board.ticks, held] })
    expect(lines(text)[0]).toBe('### ⚠️ churn v3 in production: 5 % of the traffic, held')
    expect(text).toMatch(
      /^\| 12:02:00 \| 5 % \|.*\| hold: the canary has 20 % of the traffic where 5 % were set: somebody else moved it \|$/m,
    )
    expect(text).toContain('| errors | 0 of 331 | 0 of 6,287 | 0.6 | 5.2 | ⏳ undecided |')
  })

  it('has a row for each signal of a look, with counts, evidence and state', () => {
    const signals = [
      signalAt({ bad: 27, harm: 1.8e26, proof: 1e-9, state: 'unhealthy' }),
      signalAt({ name: 'latency', required: false, state: 'no-data', canary: 0 }),
    ]
    const text = renderRolloutBoard({ ...board, ticks: [lookAt(60, 5, 'rollback', signals)] })
    expect(text).toContain('| 12:01:00 | 5 % | errors | 27 of 331 | 0 of 6,287 | 1.8e26 | almost 0 | ❌ unhealthy | roll back:')
    expect(text).toContain('|  |  | latency | 0 of 0 | 0 of 6,287 | 0.6 | not asked for | ⚪ no data |  |')
  })

  it('shows of very many signals those that must be proven and those that harm most', () => {
    const signals = Array.from({ length: 40 }, (_, index) =>
      signalAt({ name: `signal ${index}`, required: index === 39, harm: index === 7 ? 50 : 0.5 }),
    )
    const text = renderRolloutBoard({ ...board, ticks: [lookAt(60, 5, 'hold', signals)] })
    const names = [...text.matchAll(/^\| (signal \d+) /gm)].map(([, name]) => name)
    expect(names).toHaveLength(12)
    expect(names.slice(0, 2)).toEqual(['signal 39', 'signal 7'])
    expect(text).toContain('28 more signals are in the ledger only.')
  })

  it('says the day too where a rollout takes more than one', () => {
    const text = renderRolloutBoard({ ...board, ticks: [lookAt(60, 5, 'hold'), lookAt(90_000, 5, 'hold')] })
    expect(text).toContain('| 11-20 12:01:00 |')
    expect(text).toContain('| 11-21 13:00:00 |')
  })

  it('stays small however long it lasts: the last 60 looks, and the others in a sentence', () => {
    const ticks = Array.from({ length: 5000 }, (_, look) =>
      lookAt(60 * look, look < 100 ? 5 : 10, 'hold', [signalAt({ harm: 2 + look / 5000, proof: 1 + look / 1000 })]),
    )
    const text = renderRolloutBoard({ ...board, ticks })
    expect(text.match(/^\| 11-2\d /gm)).toHaveLength(60)
    expect(text).toContain('4,940 earlier looks from 11-20 12:00:00 to 11-23 22:19:00, at 5 % to 10 %; harm at most 3.0; proof at most 5.9')
    expect(text).toContain('x-axis "look" 4941 --> 5000')
    expect(drawn(text).map(points => points.length)).toEqual([60, 60, 60, 60])
    expect(text.length).toBeLessThan(15_000)
  })
})

describe('the chart of the evidence', () => {
  it('draws powers of ten of harm and proof with their bars, cut at the frame', () => {
    const ticks = [
      lookAt(60, 5, 'hold', [signalAt({ harm: 1, proof: 10 }), signalAt({ name: 'latency', harm: 0.5, proof: 2 })]),
      lookAt(120, 5, 'rollback', [signalAt({ harm: 1e26, proof: 1e-9 })]),
    ]
    const text = renderRolloutBoard({ ...board, ticks })
    expect(drawn(text)).toEqual([
      [0, 3],
      [2, 2],
      // The proof that counts is that of the signal which is furthest from its bar.
      [0.3, -2],
      [1.3, 1.3],
    ])
    expect(text).toContain('y-axis "evidence, in powers of ten" -2 --> 3')
    expect(text).toContain('x-axis "look" 1 --> 2')
  })

  it('leaves looks without numbers out, and is not there before the second look', () => {
    expect(renderRolloutBoard(board)).not.toContain('mermaid')
    const ticks = [lookAt(60, 5, 'hold'), heldTick(5, noon + 120, 'no answer'), lookAt(180, 5, 'hold')]
    const text = renderRolloutBoard({ ...board, ticks })
    expect(text).toContain('x-axis "look that could be judged" 1 --> 2')
    expect(drawn(text)[0]).toHaveLength(2)
  })

  it('holds also where evidence is nothing at all', () => {
    const ticks = [1, 2].map(look => lookAt(60 * look, 5, 'hold', [signalAt({ harm: 0, proof: 0 })]))
    expect(drawn(renderRolloutBoard({ ...board, ticks }))[0]).toEqual([-2, -2])
  })
})

describe('the status on the deployment', () => {
  it.each([
    [statusWords(lookAt(60, 5, 'hold'), bars), '5 % of the traffic, proof 5.2 of 20'],
    [
      statusWords(lookAt(60, 5, 'rollback', [signalAt({ harm: 1.8e26 })]), bars),
      '5 % of the traffic, harm 1.8e26 of 100: it is rolled back',
    ],
    [statusWords(heldTick(5, noon, 'drift'), bars), '5 % of the traffic, hold: drift'],
    [statusWords(lookAt(60, 5, 'hold'), bars, 'waiting for approval'), '5 % of the traffic, waiting for approval'],
  ])('%s', (words, expected) => {
    expect(words).toBe(expected)
  })
})

it('text from anywhere is text', () => {
  const evil = '@alice <img src=x> ![x](http://evil.test) | #1 \n```\n</details>::error::x'
  const tick = { ...lookAt(60, 5, 'hold', [signalAt({ name: evil })]), followed: evil }
  const text = renderRolloutBoard({
    ...board,
    environment: evil,
    plan: { steps: [evil], at: 0 },
    ticks: [tick, { ...tick, percent: 5 }, heldTick(5, noon, evil)],
    waiting: evil,
    holder: { workflowRun: evil, url: `https://x.test/${evil}`, heartbeat: null },
    deploymentUrl: evil,
  })
  const html = rendered(text)
  expect(elements(html).filter(name => ['a', 'img'].includes(name))).toEqual([])
  expect(textOf(html)).not.toMatch(/@alice|#1|:\/\//)
  expect(text.match(/```/g)).toHaveLength(2)
})
