import type { Slot } from '../../src/core/lineage/events.ts'
import type { Signal } from '../../src/ports/signals.ts'
import type { Release, Target } from '../../src/ports/target.ts'
import type { Production } from './production.ts'
import { NoAnswer, type Process } from './scheduler.ts'

/** A share of traffic as it was applied. */
export interface Applied {
  readonly slot: Slot
  readonly percent: number
  readonly seq: number
}

const otherSlot = (slot: Slot): Slot => (slot === 'blue' ? 'green' : 'blue')
const requestsPerSecond = 2000

/** The two slots of an environment: what runs there, who gets which share, and the requests that flow as time goes by. It holds the last seq it was told. */
export class TrafficTarget {
  readonly percent: Record<Slot, number> = { blue: 50, green: 50 }
  readonly running: Record<Slot, number | null> = { blue: null, green: null }
  seq: number | null = null
  /** Share of a version's requests that are bad. */
  readonly badness: Map<number, number>
  onApplied: (applied: Applied) => void = () => {}
  onDeployed: (slot: Slot, version: number, before: number | null) => void = () => {}
  private readonly counted: Record<Slot, { total: number; bad: number }> = { blue: { total: 0, bad: 0 }, green: { total: 0, bad: 0 } }
  private until: number

  constructor(began: number, from?: TrafficTarget, badness: ReadonlyMap<number, number> = new Map()) {
    this.until = began
    this.badness = new Map(badness)
    if (from === undefined) return
    Object.assign(this.percent, from.percent)
    Object.assign(this.running, from.running)
    this.seq = from.seq
  }

  private flow(now: number) {
    for (const slot of ['blue', 'green'] as const) {
      const version = this.running[slot]
      const requests = (requestsPerSecond * (now - this.until) * this.percent[slot]) / 100_000
      this.counted[slot].total += requests
      this.counted[slot].bad += requests * (version === null ? 1 : (this.badness.get(version) ?? 0))
    }
    this.until = now
  }

  counters(now: number) {
    this.flow(now)
    const of = (slot: Slot) => ({ total: Math.floor(this.counted[slot].total), bad: Math.floor(this.counted[slot].bad) })
    return { at: now / 1000, slots: { blue: of('blue'), green: of('green') } }
  }

  read() {
    return {
      percent: { ...this.percent },
      ready: { blue: this.running.blue !== null, green: this.running.green !== null },
      seq: this.seq,
    }
  }

  /** Null where it was done, else why not. */
  deploy(slot: Slot, release: Release, seq: number, now: number): string | null {
    if (this.seq !== null && seq < this.seq) return `the target was told seq ${this.seq}, which is newer than ${seq}`
    this.flow(now)
    const before = this.running[slot]
    this.running[slot] = release.version
    this.onDeployed(slot, release.version, before)
    return null
  }

  /** Null where it was applied, else why not. */
  set(slot: Slot, percent: number, expecting: number | null, seq: number, now: number): string | null {
    if (this.seq !== null && seq < this.seq) return `the target was told seq ${this.seq}, which is newer than ${seq}`
    const live = this.percent[slot]
    if (expecting !== null && live !== expecting && live !== percent) return `slot ${slot} has ${live} % where ${expecting} % was expected`
    this.flow(now)
    this.percent[slot] = percent
    this.percent[otherSlot(slot)] = 100 - percent
    this.seq = seq
    this.onApplied({ slot, percent, seq })
    return null
  }
}

/** The ports to the target for one process. */
export const trafficPorts = (
  production: Production,
  world: TrafficTarget,
  process: Process,
): { target: Target; signals: readonly Signal[] } => {
  const { UserError } = production
  const asked = async <T>(what: string, work: Promise<T>): Promise<T> => {
    try {
      return await work
    } catch (error) {
      throw error instanceof NoAnswer ? new UserError(`${what} did not answer`) : error
    }
  }
  const target: Target = {
    describe: () => 'the target of the simulator',
    deploy: async (slot, release, seq) => {
      const label = `deploy v${release.version} into ${slot} at seq ${seq}`
      const refused = await asked(
        'deploy',
        process.call('command', label, () => world.deploy(slot, release, seq, process.clock.now())),
      )
      if (refused !== null) throw new UserError(`${refused}, so nothing was deployed`)
    },
    read: () =>
      asked(
        'the target',
        process.call('read', 'read the target', () => ({ ...world.read(), forgot: null })),
      ),
    verify: async (slot, percent) => {
      const now = (await target.read()).percent[slot]
      if (now !== percent) throw new UserError(`slot ${slot} has ${now} % of the traffic where ${percent} % was set`)
    },
    restore: (slot, seq) => target.set(slot, 100, null, seq),
    set: async (slot, percent, expecting, seq) => {
      const label = `set ${slot} to ${percent} % expecting ${expecting} at seq ${seq}`
      const refused = await asked(
        'the target',
        process.call('write', label, () => world.set(slot, percent, expecting, seq, process.clock.now())),
      )
      if (refused !== null) throw new UserError(`${refused}, so nothing was changed`)
    },
  }
  const signal: Signal = {
    name: 'errors',
    check: async () => undefined,
    read: () =>
      asked(
        'signal errors',
        process.call('read', 'read signal errors', () => world.counters(process.clock.now())),
      ),
  }
  return { target, signals: [signal] }
}
