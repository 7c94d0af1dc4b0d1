import { UserError } from '../../core/errors.ts'
import type { Slot } from '../../core/lineage/events.ts'
import { otherSlot } from '../../core/rollout/batch.ts'
import { ask, parseAlgorithm, parseServersState, parseUptime, type ServerState } from './runtime.ts'
import { parseTold, type Told, tellCommands, variableOf } from './told.ts'
import { type Size, shareOf, sizeFor, type Weights } from './weights.ts'

/** What one instance shows at one look. */
export interface Look {
  readonly servers: Readonly<Record<Slot, ServerState>>
  readonly weights: Weights
  /** The size of weights that its balance algorithm asks for. */
  readonly size: Size
  readonly told: Told | null
  readonly uptimeSeconds: number
}

/** One HAProxy process behind one runtime socket; every call is one connection with its own deadline. */
export interface Instance {
  readonly socket: string
  look(): Promise<Look>
  /** Refuses balance algorithms that ignore weights or take only 0 and 100 %. */
  assertBalanced(): Promise<void>
  /** Tells it an order. Returns what it was told last, which is another order where that is newer, and null where it cannot keep any. */
  tell(told: Told): Promise<Told | null>
  /** Sets both weights, that of slot `first` first. */
  write(weights: Weights, first: Slot): Promise<void>
  /** Takes a server out for all, also for sessions that stick to it, or lets it take traffic again. */
  setState(slot: Slot, state: 'maint' | 'ready'): Promise<void>
}

const withoutShares: Readonly<Record<string, string>> = {
  'static-rr': 'takes only 0 and 100 % while it runs',
  first: 'ignores weights',
}

/** An instance of which `slots` names the servers by slot. */
export const instanceAt = (socket: string, backend: string, slots: Readonly<Record<Slot, string>>, seconds: number): Instance => {
  const variable = variableOf(backend)
  const order = async (line: string, what: string): Promise<void> => {
    const answer = (await ask(socket, line, seconds)).trim()
    if (answer !== '') throw new UserError(`HAProxy at ${socket} did not ${what}: ${answer.replace(/\s+/g, ' ').slice(0, 200)}`)
  }
  return {
    socket,
    look: async () => {
      const answer = await ask(socket, `show servers state ${backend}; show info; show stat ${backend} 2 -1; get var ${variable}`, seconds)
      const servers = parseServersState(answer, backend)
      const of = (slot: Slot): ServerState => {
        const server = servers.get(slots[slot])
        if (server) return server
        throw new UserError(
          `HAProxy at ${socket} has no server ${slots[slot]} in backend ${backend}: it has ${[...servers.keys()].join(', ') || 'none'}`,
        )
      }
      const [blue, green] = [of('blue'), of('green')]
      return {
        servers: { blue, green },
        weights: { blue: blue.weight, green: green.weight },
        size: sizeFor(parseAlgorithm(answer)),
        told: parseTold(answer, variable),
        uptimeSeconds: parseUptime(answer, socket),
      }
    },
    assertBalanced: async () => {
      const algorithm = parseAlgorithm(await ask(socket, `show stat ${backend} 2 -1`, seconds))
      const why = algorithm === null ? undefined : withoutShares[algorithm]
      if (why !== undefined)
        throw new UserError(
          `backend ${backend} at ${socket} has \`balance ${algorithm}\`, which ${why}, so no share of the traffic can be given to a canary; use \`balance roundrobin\``,
        )
    },
    tell: async told => parseTold(await ask(socket, tellCommands(variable, told), seconds), variable),
    write: async (weights, first) => {
      for (const slot of [first, otherSlot(first)])
        await order(`set server ${backend}/${slots[slot]} weight ${weights[slot]}`, `take weight ${weights[slot]} for ${slots[slot]}`)
    },
    setState: (slot, state) => order(`set server ${backend}/${slots[slot]} state ${state}`, `take ${slots[slot]} to state ${state}`),
  }
}

/** The share of a slot at an instance in words. */
export const shareInWords = (look: Look, slot: Slot): string => `${Number(shareOf(look.weights, slot).toFixed(1))} %`
