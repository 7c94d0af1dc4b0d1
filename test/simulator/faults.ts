import { oneOf, type Random } from './random.ts'

/** What a call does: changes something, asks, asks for a list that may lag behind, sends a file, or runs a command on this machine. */
export type CallKind = 'read' | 'list' | 'write' | 'upload' | 'command'

/**
 * What can hit one call. `refused`: it fails before its effect. `lost`: it has its effect and the answer is lost. `replayed`: it is delivered twice. `late`: the
 * caller hears nothing and it is delivered at some later time. `killed ...`: the process is gone, before the effect, after it, or with the request still on its
 * way. `lagging`: a list lacks what was created last. `damaged`: a file arrives in part or changed.
 */
export const faultKinds = [
  'refused',
  'lost',
  'replayed',
  'late',
  'killed before',
  'killed after',
  'killed, late',
  'lagging',
  'damaged',
] as const
export type Fault = (typeof faultKinds)[number]

const ofRead: readonly Fault[] = ['refused', 'killed before']
const ofWrite: readonly Fault[] = ['refused', 'lost', 'replayed', 'late', 'killed before', 'killed after', 'killed, late']

/** The faults that differ from each other for a kind of call. */
export const faultsOf: Readonly<Record<CallKind, readonly Fault[]>> = {
  read: ofRead,
  list: [...ofRead, 'lagging'],
  write: ofWrite,
  upload: [...ofWrite, 'damaged'],
  command: ['refused', 'lost', 'replayed', 'killed before', 'killed after'],
}

/** Decides what hits the n-th call of a schedule, from 0. */
export type FaultPlan = (index: number, kind: CallKind) => Fault | null

export const noFaults: FaultPlan = () => null

/** Errors and kills at random; how many is drawn for each schedule: some are almost calm, some are storms. */
export const randomFaults = (random: Random): FaultPlan => {
  const errors = oneOf(random, [0.01, 0.04, 0.12])
  const kills = oneOf(random, [0, 0.01, 0.03])
  return (_index, kind) => {
    const draw = random()
    if (draw >= errors + kills) return null
    const killing = draw < kills
    const possible = faultsOf[kind].filter(fault => fault.startsWith('killed') === killing)
    return oneOf(random, possible)
  }
}

/** The named faults at the named calls and nothing else. */
export const plannedFaults = (planned: ReadonlyMap<number, Fault>): FaultPlan => {
  return (index, kind) => {
    const fault = planned.get(index)
    return fault !== undefined && faultsOf[kind].includes(fault) ? fault : null
  }
}
