export type Slot = 'blue' | 'green'
export const slots = ['blue', 'green'] as const

/** How a version behaves in production, whatever slot it runs in. */
export interface Behaviour {
  /** Share of requests that are answered with status 500. */
  readonly errors: number
  /** How many times longer its answers take than the usual ones, whose median is 12 ms. */
  readonly slowdown: number
  /** Share of its positive predictions that turn out right. */
  readonly precision: number
}

/** A version that nobody could complain of. */
export const healthy: Behaviour = { errors: 0, slowdown: 1, precision: 0.998 }

/** A sequence of numbers in [0, 1) that is the same for the same seed (mulberry32). */
export const uniforms = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** A log-normal time in milliseconds with this median and a sigma of 0.4. */
export const latency = (uniform: () => number, median: number): number => {
  const normal = Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
  return median * Math.exp(0.4 * normal)
}
