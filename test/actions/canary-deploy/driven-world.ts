import { expect } from 'vitest'
import { canaryDeployHandler } from '../../../src/actions/canary-deploy/handler.ts'
import type { EnvironmentConfiguration } from '../../../src/core/configuration/schema.ts'
import { Killed, trafficWorld } from '../../support/traffic-world.ts'

export type World = ReturnType<typeof trafficWorld>
type Inputs = Parameters<ReturnType<typeof canaryDeployHandler>>[0]

/** Runs canary-deploy once. */
export const deploy = (of: World, context: World['context'], inputs: Partial<Inputs> = {}) =>
  canaryDeployHandler(of.ports, context)({ version: undefined, plan: false, ...inputs })

interface Rules {
  readonly steps?: EnvironmentConfiguration['steps']
  readonly judge?: Partial<EnvironmentConfiguration['judge']>
}

/** v1 is live in slot blue, v2 is registered by workflow run 200 and is rolled out by these rules. */
export const withChampion = async ({ steps, judge = {} }: Rules = {}) => {
  const of = trafficWorld()
  await of.register(1, null)
  await deploy(of, of.context)
  const run = (id: string) => {
    const context = of.workflowRun(id)
    const { settings } = context
    return { ...context, settings: { ...settings, steps: steps ?? settings.steps, judge: { ...settings.judge, ...judge } } }
  }
  const context = run('200')
  await of.register(2, 1)
  /** Does something once while time passes, as soon as it is so. */
  const once = (when: () => boolean, act: () => unknown) => {
    const { sleep } = of.ports.clock
    let done = false
    of.ports.clock.sleep = async milliseconds => {
      await sleep(milliseconds)
      if (done || !when()) return
      done = true
      await act()
    }
  }
  const events = async () => (await of.ledger.records('cancer')).flatMap(record => record.events)
  const now = () => of.ports.clock.now() / 1000
  return { of, context, run, once, events, now }
}

/** The runner of workflow run 200 dies when the canary has 5 %. */
export const leftAt5 = async (rules: Rules = {}) => {
  const world = await withChampion(rules)
  const { of, context } = world
  of.killAt((boundary, moment) => boundary === 'canary-evidence' && moment === 'after')
  await expect(deploy(of, context)).rejects.toThrow(Killed)
  of.killAt(null)
  expect(of.percent.green).toBe(5)
  return world
}
