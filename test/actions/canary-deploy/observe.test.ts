import { describe, expect, it } from 'vitest'
import { type Readings, readAll, settling, windowBetween } from '../../../src/actions/canary-deploy/observe.ts'
import { UserError } from '../../../src/core/errors.ts'
import type { Reading, Signal } from '../../../src/ports/signals.ts'

const reading = (at: number, blue: number, green: number, more: Partial<Reading> = {}): Reading => ({
  at,
  slots: { blue: { total: blue, bad: 0 }, green: { total: green, bad: 0 } },
  ...more,
})
const signalOf = (name: string, read: () => Reading, lag?: number): Signal => ({
  name,
  check: async () => undefined,
  read: async () => read(),
  ...(lag === undefined ? {} : { lag }),
})
const down = (): Reading => {
  throw new UserError('signal slow: https://prom.example/api/v1/query did not answer: no answer in time')
}
const of = (entries: Record<string, Readings extends ReadonlyMap<string, infer A> ? A : never>): Readings =>
  new Map(Object.entries(entries))

describe('readAll', () => {
  it('lets no signal stop the others, and keeps what the next difference is taken to', async () => {
    let isDown = false
    const signals = [signalOf('errors', () => reading(5, 9, 1)), signalOf('slow', () => (isDown ? down() : reading(4, 7, 1)))]
    const first = await readAll(signals)
    expect([...first.keys()]).toEqual(['errors', 'slow'])
    isDown = true
    const second = await readAll(signals, first)
    expect(second.get('errors')).toEqual(reading(5, 9, 1))
    expect(second.get('slow')).toEqual({
      unanswered: 'signal slow: https://prom.example/api/v1/query did not answer: no answer in time',
      last: reading(4, 7, 1),
    })
    expect((await readAll(signals, second)).get('slow')).toMatchObject({ last: reading(4, 7, 1) })
  })

  it('throws where none answers, and what is a bug of ours whatever the others say', async () => {
    await expect(readAll([signalOf('slow', down), signalOf('errors', down)])).rejects.toThrow('signal slow: https')
    const bug = signalOf('slow', () => {
      throw new TypeError('a bug')
    })
    await expect(readAll([signalOf('errors', () => reading(5, 9, 1)), bug])).rejects.toThrow(TypeError)
  })
})

describe('windowBetween', () => {
  it('counts each signal from its own reading before, over a time in which it did not answer too', () => {
    const before = of({ errors: reading(60, 100, 10), slow: { unanswered: 'down', last: reading(0, 50, 5) } })
    const found = windowBetween(
      before,
      of({ errors: reading(120, 190, 20, { source: 'total = 210' }), slow: reading(118, 200, 25) }),
      'green',
    )
    expect(found).toEqual({
      restarted: false,
      window: {
        from: 60,
        until: 120,
        signals: {
          errors: { canary: 10, canaryBad: 0, stable: 90, stableBad: 0 },
          slow: { canary: 20, canaryBad: 0, stable: 150, stableBad: 0 },
        },
        late: [],
        sources: { errors: 'total = 210' },
      },
    })
  })

  it('says of each signal that cannot be counted why, and counts the others', () => {
    const before = of({
      errors: reading(60, 100, 10),
      slow: reading(60, 100, 10),
      fresh: { unanswered: 'down', last: null },
      same: reading(60, 1, 1),
    })
    const after = of({
      errors: reading(120, 190, 20),
      slow: reading(120, 3, 20),
      fresh: reading(120, 9, 9),
      same: reading(60, 1, 1),
      down: { unanswered: 'signal down: no answer in time', last: null },
    })
    const found = windowBetween(before, after, 'green')
    expect(found.restarted).toBe(true)
    expect(found.window?.signals).toEqual({
      errors: { canary: 10, canaryBad: 0, stable: 90, stableBad: 0 },
      slow: { unanswered: 'the counters of slot blue began again, or another instance answered' },
      fresh: { unanswered: 'it had no reading before; it is counted from this one on' },
      same: { unanswered: 'no time has passed since its last reading' },
      down: { unanswered: 'signal down: no answer in time' },
    })
  })

  it('is no window where nothing can be counted, and says what began again first', () => {
    expect(
      windowBetween(
        of({ a: reading(60, 5, 5), b: reading(60, 5, 5) }),
        of({ a: { unanswered: 'signal a: down', last: null }, b: reading(61, 4, 5) }),
        'green',
      ),
    ).toEqual({
      window: null,
      reason: 'signal b: the counters of slot blue began again, or another instance answered',
      restarted: true,
    })
    expect(windowBetween(of({ a: reading(60, 5, 5) }), of({ a: { unanswered: 'signal a: down', last: null } }), 'green')).toMatchObject({
      window: null,
      reason: 'signal a: down',
      restarted: false,
    })
  })

  it('keeps late labels apart by the weight at which their requests were made', () => {
    const late = (blue: Record<string, number>, green: Record<string, number>): Partial<Reading> => {
      const series = (totals: Record<string, number>) =>
        Object.fromEntries(Object.entries(totals).map(([minute, total]) => [minute, { total, bad: 1 }]))
      return { span: 60, series: { blue: series(blue), green: series(green) } }
    }
    const before = of({ errors: reading(7000, 0, 0), precision: reading(7000, 0, 0, late({}, {})) })
    const after = of({ errors: reading(7060, 5, 5), precision: reading(7060, 0, 0, late({ 660: 95, 3660: 75 }, { 660: 5, 3660: 25 })) })
    const { window } = windowBetween(before, after, 'green', { at: [600, 3600], settle: 5 })
    expect(window?.signals.precision).toEqual({ canary: 25, canaryBad: 1, stable: 75, stableBad: 1 })
    expect(window?.late).toEqual([
      {
        errors: { unanswered: 'these are late labels of another signal' },
        precision: { canary: 5, canaryBad: 1, stable: 95, stableBad: 1 },
      },
    ])
    // Nothing is known of changes: what was made before the present weight is left out by whoever knows of them.
    expect(windowBetween(before, after, 'green').window).toMatchObject({ signals: { precision: { canary: 30, stable: 170 } }, late: [] })
  })
})

it('waits for the slowest signal after a change of weight', () => {
  expect(settling([signalOf('a', down), signalOf('b', down, 15), signalOf('c', down, 2)], 5)).toBe(20)
  expect(settling([], 5)).toBe(5)
})
