import { expect, test } from 'vitest'
import { sharesOf, stepPlanOf } from '../../../src/core/rollout/steps.ts'

test('steps are shares of traffic that rise, and waits after them', () => {
  const steps = [5, { pause: '10m' }, 25, { approval: { within: '24h', otherwise: 'rollback' as const } }, 50]
  expect(stepPlanOf('production', steps)).toEqual({
    shares: [5, 25, 50],
    waits: [
      { step: 0, pause: 600 },
      { step: 1, approval: { within: 86_400, otherwise: 'rollback' } },
    ],
  })
  expect(sharesOf(steps)).toEqual([5, 25, 50])
})

test('steps that go down and a wait before the first share are refused', () => {
  expect(() => stepPlanOf('production', [5, 25, { pause: '5m' }, 10])).toThrow('environments.production.steps is 5, 25, 10')
  expect(() => stepPlanOf('production', [{ pause: '5m' }, 10])).toThrow('begins with a wait')
})
