import type { Slot } from './behaviour.ts'
import { type Program, startProgram } from './program.ts'

export interface LoadOrder {
  readonly id: string
  readonly port: number
  /** Requests per second. */
  readonly rate: number
  /** It ends by itself after as many. */
  readonly seconds: number
  /** Whether connections are used again; true where nothing is said. */
  readonly keepAlive?: boolean
  /** A cookie that the share `cookieShare` of the requests carries. */
  readonly cookie?: string
  readonly cookieShare?: number
}

/** What became of the requests. `refused`: answered, but by neither slot; `lost`: never answered; `notSent`: due while this machine could not keep up. */
export interface LoadCounts {
  readonly sent: number
  readonly notSent: number
  readonly open: number
  readonly lost: number
  readonly refused: number
  readonly slots: Readonly<Record<Slot, { ok: number; failed: number }>>
}

/** Users who send requests at a steady rate. */
export interface Load {
  counts(): Promise<LoadCounts>
  /** Sends no more and waits for what is open. */
  stop(): Promise<LoadCounts>
}

export interface LoadGenerator extends AsyncDisposable {
  start(order: LoadOrder): Promise<Load>
}

/** Starts the program that all streams of requests come from. */
export const startLoadGenerator = async (seconds: number): Promise<LoadGenerator> => {
  const program: Program = await startProgram('load-main.ts', seconds)
  return {
    start: async order => {
      await program.tell('start', order)
      return { counts: () => program.tell('counts', { id: order.id }), stop: () => program.tell('stop', { id: order.id }) }
    },
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  }
}
