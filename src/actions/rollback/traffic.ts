import { UserError } from '../../core/errors.ts'
import type { Slot } from '../../core/lineage/events.ts'
import { within } from '../../kernel/failpoint.ts'
import type { Release } from '../../ports/target.ts'
import { patiently, restoreTraffic, setWeight, type TrafficPorts } from '../traffic/moving.ts'
import { isThere, type RollbackPlan } from './plan.ts'

/** Seconds that a target may refuse before a rollback gives up with an error. */
export const patience = 120

/**
 * Expects nothing of the live weight: a rollback outranks whoever moved it last. Only where the other slot is cleared first, which is told under the same seq, the weight
 * just read is expected, so that a repeat of it that arrives late does nothing. Done when the target has accepted that the slot has everything and, read again, shows it.
 */
export const moveTraffic = async (ports: TrafficPorts, plan: RollbackPlan, seq: number, release: Release | null): Promise<void> => {
  const { clear } = plan
  let there = plan.moved
  if (clear !== null)
    await patiently(ports, patience, 'clearing the slot', async () => {
      const traffic = await ports.target.read()
      // Another job that does this very rollback may have been faster: taking the traffic back would undo what it is about to confirm.
      there = isThere(plan, traffic)
      if (!there) await setWeight(ports, clear, 100, traffic.percent[clear], seq)
    })
  if (!there && plan.deploy && release !== null) {
    ports.log.info(`deploying v${plan.to} into slot ${plan.slot}`)
    await within(ports.boundary, 'traffic-deploy', () => ports.target.deploy(plan.slot, release, seq))
  }
  await patiently(ports, patience, 'moving the traffic', async () => {
    if (!there) await restoreTraffic(ports, plan.slot, seq)
    await assertAllThere(ports, plan.slot)
  })
}

/**
 * Gives the live slot the traffic that it should have: a job that had joined the same rollback and was stopped half way may have taken it. In words what was
 * done, or nothing.
 */
export const reassert = async (ports: TrafficPorts, slot: Slot, seq: number): Promise<string> => {
  const { percent } = await patiently(ports, patience, 'reading the target', () => ports.target.read())
  if (percent[slot] === 100) return ''
  await patiently(ports, patience, 'moving the traffic', async () => {
    await restoreTraffic(ports, slot, seq)
    await assertAllThere(ports, slot)
  })
  return `; the target showed ${percent[slot]} % of the traffic on its slot, and has all of it there again`
}

const assertAllThere = async (ports: TrafficPorts, slot: Slot): Promise<void> => {
  await ports.target.verify(slot, 100)
  const { percent } = await within(ports.boundary, 'traffic-read', () => ports.target.read())
  if (percent[slot] !== 100)
    throw new UserError(`the target shows ${percent[slot]} % of the traffic on slot ${slot} after all of it was moved there`)
}
