import { UserError } from '../../core/errors.ts'
import type { Slot } from '../../core/lineage/events.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Release, Target, Traffic } from '../../ports/target.ts'
import { ask, parseServersState, type ServerState } from './runtime.ts'

export interface HaproxyTargetSettings {
  /** Runtime sockets (level admin) of every instance: paths, or host:port. */
  readonly sockets: readonly string[]
  readonly backend: string
  /** Servers of the backend by slot. */
  readonly slots: Readonly<Record<Slot, string>>
  /** Brings a release up in a slot; HAProxy itself only moves traffic. */
  readonly deploy: (slot: Slot, release: Release, seq: number) => Promise<void>
  readonly clock: Clock
  readonly answerSeconds?: number
  /** How long a deployed server may take until HAProxy's own health check takes it for up. */
  readonly readySeconds?: number
}

const fullWeight = 256

type Weights = Readonly<Record<Slot, number>>

/**
 * HAProxy's weights are whole numbers from 0 to 256, so a share is met within 0.2 per cent points. Both slots are set, since weights are relative.
 * Throws where a share above 0 would become 0.
 */
export const weightsFor = (slot: Slot, percent: number): Weights => {
  const weight = percent === 100 ? fullWeight : Math.min(fullWeight - 1, Math.round((percent / 100) * fullWeight))
  if (percent > 0 && weight === 0)
    throw new UserError(`HAProxy cannot give ${percent} % of the traffic: the smallest share is 1/256 (0.39 %). Use a larger first step.`)
  return slot === 'blue' ? { blue: weight, green: fullWeight - weight } : { blue: fullWeight - weight, green: weight }
}

const shareOf = (weights: Weights, slot: Slot): number => {
  const sum = weights.blue + weights.green
  return sum === 0 ? 0 : (weights[slot] / sum) * 100
}

const sameShare = (weights: Weights, slot: Slot, percent: number): boolean => {
  const share = shareOf(weights, slot)
  if (percent === 0 || percent === 100) return share === percent
  return Math.abs(share - percent) <= 0.25
}

const nameRule = /^[A-Za-z0-9_.:-]{1,120}$/

/**
 * A target whose slots are two servers of a HAProxy backend, moved by the runtime API of each instance. Weights are of one process and are lost when it is
 * reloaded (unless `load-server-state-from-file` is used), so every look reads them again. A weight of 0 keeps sessions that stick to a server.
 */
export const haproxyTarget = (settings: HaproxyTargetSettings): Target => {
  const { sockets, backend, slots, clock } = settings
  const seconds = settings.answerSeconds ?? 5
  for (const name of [backend, slots.blue, slots.green])
    if (!nameRule.test(name)) throw new UserError(`"${name}" cannot be the name of a HAProxy backend or server`)
  if (slots.blue === slots.green) throw new UserError(`the slots blue and green are the same HAProxy server ${slots.blue}`)

  const readInstance = async (socket: string): Promise<Readonly<Record<Slot, ServerState>>> => {
    const servers = parseServersState(await ask(socket, `show servers state ${backend}`, seconds), backend)
    const of = (slot: Slot): ServerState => {
      const server = servers.get(slots[slot])
      if (server) return server
      throw new UserError(
        `HAProxy at ${socket} has no server ${slots[slot]} in backend ${backend}: it has ${[...servers.keys()].join(', ') || 'none'}`,
      )
    }
    return { blue: of('blue'), green: of('green') }
  }
  const weightsAt = async (socket: string): Promise<Weights> => {
    const instance = await readInstance(socket)
    return { blue: instance.blue.weight, green: instance.green.weight }
  }

  const read = async (): Promise<Traffic> => {
    const instances = await Promise.all(sockets.map(readInstance))
    // While instances disagree the mean is neither the old share nor the new one, so nobody takes the move for done.
    const share = (slot: Slot) =>
      instances.reduce((sum, instance) => sum + shareOf({ blue: instance.blue.weight, green: instance.green.weight }, slot), 0) /
      instances.length
    return {
      percent: { blue: share('blue'), green: share('green') },
      ready: { blue: instances.every(({ blue }) => blue.ready), green: instances.every(({ green }) => green.ready) },
      seq: null,
      forgot: null,
    }
  }

  const set = async (slot: Slot, percent: number, expecting: number | null): Promise<void> => {
    const wanted = weightsFor(slot, percent)
    if (expecting !== null)
      for (const socket of sockets) {
        const now = await weightsAt(socket)
        if (!sameShare(now, slot, expecting) && !sameShare(now, slot, percent))
          throw new UserError(
            `slot ${slot} has ${shareOf(now, slot).toFixed(1)} % of the traffic at ${socket} where ${expecting} % was expected, so somebody else moved it and nothing was changed`,
          )
      }
    for (const socket of sockets) {
      const answer = await ask(
        socket,
        `set weight ${backend}/${slots.blue} ${wanted.blue}; set weight ${backend}/${slots.green} ${wanted.green}`,
        seconds,
      )
      const now = await weightsAt(socket)
      if (now.blue !== wanted.blue || now.green !== wanted.green)
        throw new UserError(
          `HAProxy at ${socket} has weights ${now.blue} and ${now.green} where ${wanted.blue} and ${wanted.green} were set${answer.trim() === '' ? '' : `: ${answer.trim().replace(/\s+/g, ' ').slice(0, 200)}`}`,
        )
    }
  }

  return {
    describe: () => `haproxy backend ${backend} at ${sockets.length === 1 ? 'one instance' : `${sockets.length} instances`}`,
    deploy: async (slot, release, seq) => {
      await settings.deploy(slot, release, seq)
      const limit = settings.readySeconds ?? 60
      const deadline = clock.now() + limit * 1000
      while (!(await read()).ready[slot]) {
        if (clock.now() >= deadline)
          throw new UserError(
            `HAProxy does not take server ${backend}/${slots[slot]} for up, ${limit} s after v${release.version} was deployed into slot ${slot}`,
          )
        await clock.sleep(250)
      }
    },
    read,
    set: (slot, percent, expecting) => set(slot, percent, expecting),
    verify: async (slot, percent) => {
      for (const socket of sockets) {
        const now = await weightsAt(socket)
        if (!sameShare(now, slot, percent))
          throw new UserError(
            `HAProxy at ${socket} gives slot ${slot} ${shareOf(now, slot).toFixed(1)} % of the traffic where ${percent} % was set`,
          )
      }
    },
    restore: slot => set(slot, 100, null),
  }
}
