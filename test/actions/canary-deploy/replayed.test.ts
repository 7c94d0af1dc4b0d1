import { expect, it } from 'vitest'
import { canaryDeployHandler } from '../../../src/actions/canary-deploy/handler.ts'
import { replayOf } from '../../../src/core/lineage/views/replay.ts'
import { trafficWorld } from '../../support/traffic-world.ts'

type World = ReturnType<typeof trafficWorld>
type Inputs = Parameters<ReturnType<typeof canaryDeployHandler>>[0]

const inputs: Inputs = { version: undefined, plan: false }

/** v1 is live, and v2 is rolled out in a world that was changed before. */
const rolledOut = async (change: (of: World) => unknown, bake = '0s') => {
  const of = trafficWorld()
  await of.register(1, null)
  await canaryDeployHandler(of.ports, of.context)(inputs)
  const context = of.workflowRun('200')
  await of.register(2, 1)
  change(of)
  const { settings } = context
  const judge = { ...settings.judge, bake }
  const { outputs } = await canaryDeployHandler(of.ports, { ...context, settings: { ...settings, judge } })(inputs)
  return {
    decision: outputs.decision,
    replayed: replayOf('cancer', await of.ledger.records('cancer'), await of.ledger.evidenceOf('cancer'), null),
  }
}

it.each([
  ['promoted', () => {}, '0s'],
  ['promoted', () => {}, '10m'],
  ['rolled-back', (of: World) => of.errorRate.set(2, 0.3), '0s'],
  ['rolled-back', (of: World) => of.errorRate.set(2, 0.06).set(1, 0.005), '0s'],
] as const)('a rollout that ends %s is recomputed to the same verdicts', async (expected, change, bake) => {
  const { decision, replayed } = await rolledOut(change, bake)
  expect(decision).toBe(expected)
  expect(replayed.looks.length).toBeGreaterThan(0)
  expect(replayed.difference).toBeNull()
  expect(replayed.settings.method).toBe(2)
})
