import { UserError } from '../../core/errors.ts'
import type { Slot } from '../../core/lineage/events.ts'
import { otherSlot } from '../../core/rollout/batch.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Release, Target } from '../../ports/target.ts'
import { type Instance, instanceAt, type Look, shareInWords } from './instance.ts'
import type { Told } from './told.ts'
import { assertMet, blueShareOf, firstToWrite, grain, isBetween, isShare, shareOf, weightsOf } from './weights.ts'

export interface HaproxyTargetSettings {
  /** Runtime sockets (level admin) of every instance: paths, or host:port. */
  readonly sockets: readonly string[]
  readonly backend: string
  /** Servers of the backend by slot. */
  readonly slots: Readonly<Record<Slot, string>>
  /** Brings a release up in a slot; HAProxy itself only moves traffic. */
  readonly deploy: (slot: Slot, release: Release, seq: number) => Promise<void>
  readonly clock: Clock
  /** How long one answer may take, and how long a weight may take to be in force. */
  readonly answerSeconds?: number
  /** How long a deployed server may take until HAProxy's own health check takes it for up. */
  readonly readySeconds?: number
}

const nameRule = /^[A-Za-z0-9_.:-]{1,120}$/

/** Writes before an instance is taken for one that somebody else moves all the time. */
const mostWrites = 4

/** How long a server that was let back in may take to pass a health check; one whose checks cannot be seen to pass is believed after it. */
const checkedSeconds = 3

/** The process began since it was last told anything, with the weights of its configuration. */
const hasForgotten = ({ told, servers: { blue, green } }: Look): boolean =>
  told === null && blue.weight === blue.initialWeight && green.weight === green.initialWeight

/** While instances disagree the mean is neither the old share nor the new one, so nobody takes the move for done. */
const meanShare = (looks: readonly Look[], slot: Slot): number =>
  looks.reduce((sum, look) => sum + shareOf(look.weights, slot), 0) / looks.length

/**
 * The first look at which the weights are neither those expected, nor those wanted, nor between them; null where there is none. Weights of a process that began
 * again are nobody's decision, so they are no reason to stop.
 */
const movedBySomebody = (looks: readonly Look[], slot: Slot, percent: number, expecting: number): Look | null => {
  const isKnown = ({ weights, size }: Look) => {
    const [before, after] = [weightsOf(blueShareOf(slot, expecting), size), weightsOf(blueShareOf(slot, percent), size)]
    return isShare(weights, slot, expecting) || isShare(weights, slot, percent) || isBetween(weights, before, after)
  }
  // Where one of several has forgotten, what the caller read is the mean with it.
  const isMean = looks.some(hasForgotten) && Math.abs(meanShare(looks, slot) - expecting) <= grain
  return isMean ? null : (looks.find(look => !isKnown(look) && !hasForgotten(look)) ?? null)
}

/**
 * A target whose slots are two servers of a HAProxy backend, moved by the runtime API of each instance. Weights are of one process and are lost when it is
 * reloaded (unless `load-server-state-from-file` is used), and so is the variable in which it is told the ledger's seq: both gone means forgotten. A weight of
 * 0 keeps sessions that stick to a server, so `restore` takes the other server out as well, and `deploy` lets it back in.
 */
export const haproxyTarget = (settings: HaproxyTargetSettings): Target => {
  const { sockets, backend, slots, clock } = settings
  const seconds = settings.answerSeconds ?? 5
  for (const name of [backend, slots.blue, slots.green])
    if (!nameRule.test(name)) throw new UserError(`"${name}" cannot be the name of a HAProxy backend or server`)
  if (slots.blue === slots.green) throw new UserError(`the slots blue and green are the same HAProxy server ${slots.blue}`)
  const instances = sockets.map(socket => instanceAt(socket, backend, slots, seconds))

  const notReady = (instance: Instance, slot: Slot, look: Look): string =>
    `HAProxy at ${instance.socket} does not take server ${backend}/${slots[slot]} (slot ${slot}) for up${look.servers[slot].takenOut ? ', it was taken out of traffic' : ''}`
  const assertNewest = (looks: readonly Look[], seq: number) => {
    const newest = Math.max(...looks.map(({ told }) => told?.seq ?? 0))
    if (newest > seq)
      throw new UserError(
        `HAProxy was told seq ${newest} of the ledger, which is newer than ${seq}: somebody else has decided since, so nothing was changed`,
      )
  }
  /** Looks until `accept` says null or the time is over; then throws what it said last. */
  const lookUntil = async (
    instance: Instance,
    limit: number,
    accept: (look: Look) => string | null,
    pauseMilliseconds = 50,
  ): Promise<Look> => {
    const deadline = clock.now() + limit * 1000
    for (;;) {
      const look = await instance.look()
      const missing = accept(look)
      if (missing === null) return look
      if (clock.now() >= deadline) throw new UserError(missing)
      await clock.sleep(pauseMilliseconds)
    }
  }

  /** Lets a server back in that was taken out, and waits for a health check to pass: HAProxy takes it for up at once and only then looks. */
  const letIn = async (instance: Instance, slot: Slot, look: Look, limit: number) => {
    if (!look.servers[slot].takenOut) return
    await instance.setState(slot, 'ready')
    const passedBefore = (await instance.look()).servers[slot].checksPassed
    const believedFrom = clock.now() + checkedSeconds * 1000
    await lookUntil(instance, Math.max(limit, checkedSeconds), now => {
      const { ready, checksPassed } = now.servers[slot]
      const checked = checksPassed === null || checksPassed > (passedBefore ?? 0) || clock.now() >= believedFrom
      return ready && checked ? null : notReady(instance, slot, now)
    })
  }

  const orderFor = (look: Look, blueShare: number, seq: number): Told => {
    if (look.told?.seq !== seq) return { seq, turn: 0, blueShare }
    return look.told.blueShare === blueShare ? look.told : { seq, turn: look.told.turn + 1, blueShare }
  }
  const overtaken = (instance: Instance, told: Told, seq: number) =>
    new UserError(
      `HAProxy at ${instance.socket} was told seq ${told.seq} of the ledger meanwhile, ${told.seq > seq ? `which is newer than ${seq}` : `with another share than here`}: somebody else has decided`,
    )
  const isOrder = (told: Told, order: Told) => told.seq === order.seq && told.turn === order.turn && told.blueShare === order.blueShare
  const tell = async (instance: Instance, order: Told) => {
    const told = await instance.tell(order)
    if (told !== null && !isOrder(told, order)) throw overtaken(instance, told, order.seq)
  }
  /**
   * Writes an order that the instance was told and reads it back. `slot`: which never has more than its share before or after on the way. Whoever finds that a
   * newer order was told meanwhile gives that one its weights and stops.
   */
  const write = async (instance: Instance, before: Look, order: Told, slot: Slot) => {
    const wanted = weightsOf(order.blueShare, before.size)
    let now = before.weights
    for (let attempt = 1; ; attempt++) {
      await instance.write(wanted, firstToWrite(now, wanted, slot))
      const { told, weights } = await instance.look()
      if (told !== null && !isOrder(told, order)) {
        const newer = weightsOf(told.blueShare, before.size)
        await instance.write(newer, firstToWrite(weights, newer, newer.blue <= newer.green ? 'blue' : 'green'))
        throw overtaken(instance, told, order.seq)
      }
      if (weights.blue === wanted.blue && weights.green === wanted.green) return
      if (attempt >= mostWrites)
        throw new UserError(
          `HAProxy at ${instance.socket} has weights ${weights.blue} and ${weights.green} where ${wanted.blue} and ${wanted.green} were set ${mostWrites} times: somebody else sets them too`,
        )
      now = weights
    }
  }
  const raisedBy = (looks: readonly Look[], slot: Slot, percent: number): Slot =>
    looks.some(look => shareOf(look.weights, slot) < percent) ? slot : otherSlot(slot)

  const restoreAt = async (instance: Instance, slot: Slot, seq: number) => {
    const look = await instance.look()
    const order = orderFor(look, blueShareOf(slot, 100), seq)
    await tell(instance, order)
    await letIn(instance, slot, look, seconds)
    const before = await lookUntil(instance, seconds, now =>
      now.servers[slot].ready ? null : `${notReady(instance, slot, now)}, so it was given nothing`,
    )
    await write(instance, before, order, slot)
    await instance.setState(otherSlot(slot), 'maint')
    await lookUntil(instance, seconds, ({ servers }) =>
      servers[otherSlot(slot)].takenOut
        ? null
        : `HAProxy at ${instance.socket} does not take server ${slots[otherSlot(slot)]} out of traffic`,
    )
  }

  return {
    describe: () => `haproxy backend ${backend} at ${sockets.length === 1 ? sockets[0] : `${sockets.length} instances`}`,
    deploy: async (slot, release, seq) => {
      assertNewest(await Promise.all(instances.map(instance => instance.look())), seq)
      await Promise.all(instances.map(instance => instance.assertBalanced()))
      await settings.deploy(slot, release, seq)
      const limit = settings.readySeconds ?? 60
      const deadline = clock.now() + limit * 1000
      for (const instance of instances) {
        await letIn(instance, slot, await instance.look(), limit)
        await lookUntil(
          instance,
          Math.max(0, deadline - clock.now()) / 1000,
          look =>
            look.servers[slot].ready
              ? null
              : `${notReady(instance, slot, look)}, ${limit} s after v${release.version} was deployed into slot ${slot}`,
          250,
        )
      }
    },
    read: async () => {
      const looks = await Promise.all(instances.map(instance => instance.look()))
      const now = clock.now() / 1000
      const seqs = looks.flatMap(({ told }) => (told === null ? [] : [told.seq]))
      const forgot = looks.flatMap(look => (hasForgotten(look) ? [now - look.uptimeSeconds] : []))
      return {
        percent: { blue: meanShare(looks, 'blue'), green: meanShare(looks, 'green') },
        ready: { blue: looks.every(({ servers }) => servers.blue.ready), green: looks.every(({ servers }) => servers.green.ready) },
        seq: seqs.length === 0 ? null : Math.max(...seqs),
        forgot: forgot.length === 0 ? null : Math.max(...forgot),
      }
    },
    set: async (slot, percent, expecting, seq) => {
      assertMet(slot, percent)
      const blueShare = blueShareOf(slot, percent)
      const looks = await Promise.all(instances.map(instance => instance.look()))
      assertNewest(looks, seq)
      const raised = raisedBy(looks, slot, percent)
      const moved = expecting === null ? null : movedBySomebody(looks, slot, percent, expecting)
      if (moved !== null)
        throw new UserError(
          `slot ${slot} has ${shareInWords(moved, slot)} of the traffic at ${instances[looks.indexOf(moved)]?.socket} where ${expecting} % was expected, so somebody else moved it and nothing was changed`,
        )
      for (const [index, instance] of instances.entries()) {
        const look = looks[index] as Look
        if (shareOf(look.weights, raised) < shareOf(weightsOf(blueShare, look.size), raised) && !look.servers[raised].ready)
          throw new UserError(`${notReady(instance, raised, look)}, so it is given no more traffic and nothing was changed`)
      }
      await Promise.all(instances.map(instance => instance.assertBalanced()))
      const orders = looks.map(look => orderFor(look, blueShare, seq))
      // All are told before any is moved, so that of two writers the older is refused before it has moved anything.
      for (const [index, instance] of instances.entries()) await tell(instance, orders[index] as Told)
      for (const [index, instance] of instances.entries()) await write(instance, looks[index] as Look, orders[index] as Told, slot)
    },
    verify: async (slot, percent) => {
      assertMet(slot, percent)
      await Promise.all(
        instances.map(instance =>
          lookUntil(instance, seconds, look => {
            if (!isShare(look.weights, slot, percent))
              return `HAProxy at ${instance.socket} gives slot ${slot} ${shareInWords(look, slot)} of the traffic where ${percent} % was expected`
            for (const part of ['blue', 'green'] as const)
              if ((part === slot ? percent : 100 - percent) > 0 && !look.servers[part].ready)
                return `${notReady(instance, part, look)}, so the weight of ${percent} % for slot ${slot} is not what it serves`
            return null
          }),
        ),
      )
    },
    restore: async (slot, seq) => {
      const looks = await Promise.allSettled(instances.map(instance => instance.look()))
      assertNewest(
        looks.flatMap(look => (look.status === 'fulfilled' ? [look.value] : [])),
        seq,
      )
      const done = await Promise.allSettled(instances.map(instance => restoreAt(instance, slot, seq)))
      const failures = done.flatMap(result => (result.status === 'rejected' ? [result.reason as unknown] : []))
      const bug = failures.find(failure => !(failure instanceof UserError))
      if (bug !== undefined) throw bug
      if (failures.length > 0)
        throw new UserError(
          `${instances.length - failures.length} of ${instances.length} HAProxy instances give all traffic to slot ${slot}: ${failures.map(failure => (failure as UserError).message).join('; ')}`,
        )
    },
  }
}
