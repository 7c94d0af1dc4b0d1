/** Uniform in [0, 1), from a seed alone (Mulberry32 over a mixed seed, so that neighbouring seeds have nothing in common). */
export type Random = () => number

const mixed = (seed: number): number => {
  let x = Math.imul(seed ^ (seed >>> 16), 0x21f0aaad)
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97)
  return (x ^ (x >>> 15)) >>> 0
}

export const seeded = (seed: number): Random => {
  let state = mixed(seed + 0x9e3779b9)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** One of several. */
export const oneOf = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
