import type { Clock } from '../../src/ports/clock.ts'
import type { CallKind, Fault, FaultPlan } from './faults.ts'
import { oneOf, type Random } from './random.ts'

/** The caller got no answer; whether the request had its effect it cannot know. */
export class NoAnswer extends Error {}

/** How a call is carried out: as asked, or as one of the faults that change what happens inside. */
export type Manner = 'whole' | 'lagging' | 'damaged'

interface Call {
  readonly process: Process
  readonly kind: CallKind
  readonly label: string
  readonly run: (manner: Manner) => unknown
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

interface Sleeper {
  readonly process: Process
  readonly until: number
  readonly wake: () => void
}

/** How a process ended: its value, its error, or a kill. */
export type Ending =
  | { readonly how: 'done'; readonly value: unknown }
  | { readonly how: 'failed'; readonly error: unknown }
  | { readonly how: 'killed' }

/** One job on a runner: code that stops at every call of the outside world until the scheduler goes on with it, or never does. */
export interface Process {
  readonly name: string
  readonly clock: Clock
  readonly random: Random
  /** One request to the world: `run` is carried out, once, twice or never, when the scheduler says so. */
  readonly call: <T>(kind: CallKind, label: string, run: (manner: Manner) => T) => Promise<T>
  ending: Ending | null
}

/** A line of the trace: what happened to which call, when, in milliseconds since the world began. */
export type TraceLine = readonly [at: number, process: string, label: string, fault: Fault | '']

const longest = 6000

/** All microtasks have run: every process stands at a call, sleeps, or has ended. */
const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/**
 * Runs processes one call at a time. Which of the blocked calls goes next, how long it takes, what hits it, and whether time leaps to the next sleeper, is drawn
 * from one seeded source, so a seed is a schedule. Nothing else may make a process wait.
 */
export const scheduler = (random: Random, began: number) => {
  let now = began
  let faults: FaultPlan = () => null
  let index = 0
  let last: Process | null = null
  let sticky = oneOf(random, [0, 0.5, 0.9])
  const calls: Call[] = []
  const sleepers: Sleeper[] = []
  const onTheirWay: Call[] = []
  const trace: TraceLine[] = []
  const kinds: CallKind[] = []

  const remember = (process: string, label: string, fault: Fault | '') => trace.push([now - began, process, label, fault])

  const spawn = (name: string, seed: Random, body: (process: Process) => Promise<unknown>): Process => {
    const process: Process = {
      name,
      random: seed,
      clock: {
        now: () => now,
        sleep: milliseconds => new Promise(wake => void sleepers.push({ process, until: now + milliseconds, wake })),
      },
      call: (kind, label, run) =>
        new Promise(
          (resolve, reject) => void calls.push({ process, kind, label, run, resolve: resolve as (value: unknown) => void, reject }),
        ),
      ending: null,
    }
    sleepers.push({
      process,
      until: now,
      wake: () => {
        body(process).then(
          value => {
            process.ending ??= { how: 'done', value }
          },
          error => {
            process.ending ??= { how: 'failed', error }
          },
        )
      },
    })
    return process
  }

  const kill = (process: Process) => {
    process.ending = { how: 'killed' }
    for (const list of [calls, sleepers] as { process: Process }[][])
      for (let at = list.length - 1; at >= 0; at -= 1) if (list[at]?.process === process) list.splice(at, 1)
  }

  const carryOut = (call: Call, fault: Fault | null) => {
    const answer = (manner: Manner = 'whole') => {
      try {
        call.resolve(call.run(manner))
      } catch (error) {
        call.reject(error)
      }
    }
    const unheard = (run: () => unknown) => {
      try {
        run()
      } catch (error) {
        // The world may answer with an error, which nobody hears; a mistake of the simulator must not be lost.
        if (!(error instanceof NoAnswer)) throw error
      }
    }
    switch (fault) {
      case null:
        return answer()
      case 'lagging':
      case 'damaged':
        return answer(fault)
      case 'refused':
        return call.reject(new NoAnswer())
      case 'lost':
        unheard(() => call.run('whole'))
        return call.reject(new NoAnswer())
      case 'replayed':
        unheard(() => call.run('whole'))
        return answer()
      case 'late':
        onTheirWay.push(call)
        return call.reject(new NoAnswer())
      case 'killed before':
        return kill(call.process)
      case 'killed after':
        unheard(() => call.run('whole'))
        return kill(call.process)
      case 'killed, late':
        onTheirWay.push(call)
        return kill(call.process)
    }
  }

  const deliver = () => {
    const [call] = onTheirWay.splice(Math.floor(random() * onTheirWay.length), 1)
    if (call === undefined) return
    remember(call.process.name, `${call.label} (arrives late)`, '')
    call.run('whole')
  }

  const wake = (sleeper: Sleeper) => {
    sleepers.splice(sleepers.indexOf(sleeper), 1)
    now = Math.max(now, sleeper.until)
    last = sleeper.process
    sleeper.wake()
  }

  const perform = (call: Call) => {
    calls.splice(calls.indexOf(call), 1)
    now += 20 + Math.floor(random() * 80)
    last = call.process
    const fault = faults(index, call.kind)
    index += 1
    kinds.push(call.kind)
    remember(call.process.name, call.label, fault ?? '')
    carryOut(call, fault)
  }

  /** One step; false where there is nothing left to do. */
  const step = (): boolean => {
    if (onTheirWay.length > 0 && (random() < 0.1 || calls.length + sleepers.length === 0)) {
      deliver()
      return true
    }
    const next = sleepers.reduce<Sleeper | null>((first, one) => (first === null || one.until < first.until ? one : first), null)
    const due = sleepers.filter(sleeper => sleeper.until <= now)
    if (next !== null && (calls.length + due.length === 0 || (due.length === 0 && random() < 0.06))) {
      wake(next)
      return true
    }
    const same = random() < sticky ? [...calls, ...due].filter(one => one.process === last) : []
    const chosen = oneOf(random, same.length > 0 ? same : [...calls, ...due])
    if (chosen === undefined) return false
    if ('until' in chosen) wake(chosen)
    else perform(chosen)
    return true
  }

  return {
    now: () => now,
    spawn,
    trace,
    /** The kinds of the calls so far, in order: what faults could have hit. */
    kinds,
    /** How often requests are on their way without anybody waiting. */
    pending: () => onTheirWay.length,
    use: (plan: FaultPlan, moreSticky?: number) => {
      faults = plan
      sticky = moreSticky ?? sticky
    },
    /**
     * Goes on until nothing is left to do or `stopped` says so. `ended` hears of every process that has ended, and may spawn others. False where it did not come
     * to an end within a number of steps that no story needs.
     */
    run: async (stopped: () => boolean, ended: (process: Process) => void, processes: readonly Process[]): Promise<boolean> => {
      const heard = new Set<Process>(processes.filter(process => process.ending !== null))
      for (let steps = 0; steps < longest; steps += 1) {
        await settled()
        for (const process of [...processes])
          if (process.ending !== null && !heard.has(process)) {
            heard.add(process)
            ended(process)
          }
        if (stopped() || !step()) return true
      }
      return false
    },
  }
}

export type Scheduler = ReturnType<typeof scheduler>
