import { describe, expect, it } from 'vitest'
import { rollbackHandler } from '../../../src/actions/rollback/handler.ts'
import { deploy, type World, withChampion } from './driven-world.ts'

describe('waits', () => {
  it('a pause keeps the share for as long as it says, however early it is proven', async () => {
    const { of, context, events } = await withChampion({ steps: [5, { pause: '10m' }, 50] })
    expect((await deploy(of, context)).outputs.decision).toBe('promoted')
    const reached = (await events()).flatMap(event => (event.kind === 'weight-confirm' && event.at !== undefined ? [event] : []))
    const at = (percent: number) => reached.find(event => event.percent === percent)?.at ?? 0
    expect(at(50) - at(5)).toBeGreaterThanOrEqual(600)
    expect(of.lines.some(line => line.includes('the pause is over in'))).toBe(true)
  })

  const approval = { approval: { within: '2h', otherwise: 'withdraw' as const } }
  const approve = (of: World) =>
    of.ledger.append('cancer', { id: 'approve:production:1:900', subject: 'approve' }, head => {
      const rollout = head.environments.production?.rollout
      return {
        events: [
          { kind: 'approve', environment: 'production', rollout: rollout?.rollout ?? '', step: rollout?.step ?? 0, reason: 'looks good' },
        ],
      }
    })

  it('an approval is waited for beyond max_duration, and the rollout goes on when it is given', async () => {
    const { of, context, once, now } = await withChampion({ steps: [5, approval, 50] })
    const began = now()
    once(
      () => now() > began + 3600,
      () => approve(of),
    )
    expect((await deploy(of, context)).outputs.decision).toBe('promoted')
    expect(of.lines.some(line => line.includes('it waits for an approval: refline approve'))).toBe(true)
    expect(now() - began).toBeGreaterThan(3600)
  })

  it('an approval that nobody gives ends as the plan says', async () => {
    const { of, context } = await withChampion({ steps: [5, approval, 50] })
    const answer = await deploy(of, context)
    expect(answer.outputs).toMatchObject({ decision: 'held', reason: 'step 1 was not approved in time' })
    expect(of.percent).toEqual({ blue: 100, green: 0 })
  })

  it('harm rolls back while an approval is waited for', async () => {
    const { of, context, once, now } = await withChampion({ steps: [5, approval, 50] })
    const began = now()
    once(
      () => now() > began + 1800,
      () => of.errorRate.set(2, 0.3),
    )
    const answer = await deploy(of, context)
    expect(answer.outputs.decision).toBe('rolled-back')
    expect(now() - began).toBeLessThan(7200)
  })
})

it('a rollback outranks a wait for an approval, and the runner that waits stops', async () => {
  const { of, context, once, now } = await withChampion({ steps: [5, { approval: { within: '24h', otherwise: 'withdraw' } }, 50] })
  const began = now()
  once(
    () => now() > began + 600,
    () => rollbackHandler(of.ports, { ...context, request: '999' })({ reason: 'on call', to: undefined, quarantine: true, dryRun: false }),
  )
  const answer = await deploy(of, context)
  expect(answer.outputs).toMatchObject({ decision: 'held', version: 1 })
  expect(of.percent).toEqual({ blue: 100, green: 0 })
})
