/** The seed of every resampling unless another is named; reports show it. */
export const defaultSeed = 20240601

/** Uniform numbers in (0, 1): never exactly 0, so that logarithms are safe. */
export type Uniform = () => number

/** xoshiro128** seeded by splitmix32 (Blackman and Vigna): the same stream on every machine, since only 32-bit integers are involved. */
export const uniform = (seed: number): Uniform => {
  let mix = seed >>> 0
  const split = (): number => {
    mix = (mix + 0x9e3779b9) | 0
    let z = mix ^ (mix >>> 16)
    z = Math.imul(z, 0x21f0aaad)
    z ^= z >>> 15
    z = Math.imul(z, 0x735a2d97)
    return (z ^ (z >>> 15)) >>> 0
  }
  let a = split()
  let b = split()
  let c = split()
  let d = split()
  return () => {
    const scaled = Math.imul(b, 5)
    const next = Math.imul((scaled << 7) | (scaled >>> 25), 9) >>> 0
    const shifted = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = (d << 11) | (d >>> 21)
    return (next + 0.5) / 4294967296
  }
}

const logFactorials = (() => {
  const table = new Float64Array(128)
  for (let k = 2; k < table.length; k++) table[k] = (table[k - 1] as number) + Math.log(k)
  return table
})()

/** log k!, by table and by Stirling's series above it (error below 1e-13 there). */
const logFactorial = (k: number): number => {
  if (k < logFactorials.length) return logFactorials[k] as number
  const inverse = 1 / (k + 1)
  const series = inverse * (1 / 12 - inverse * inverse * (1 / 360 - (inverse * inverse) / 1260))
  return (k + 0.5) * Math.log(k + 1) - (k + 1) + 0.9189385332046727 + series
}

/** Inversion from 0 upwards: exact, and quick while n p is small. */
const binomialByInversion = (random: Uniform, n: number, p: number): number => {
  const odds = p / (1 - p)
  let k = 0
  let probability = Math.exp(n * Math.log1p(-p))
  let rest = random()
  while (rest > probability && k < n) {
    rest -= probability
    k++
    probability *= (odds * (n - k + 1)) / k
  }
  return k
}

/** Transformed rejection with squeeze, algorithm BTRS of Hörmann (1993), for p <= 1/2 and n p >= 10. */
const binomialByRejection = (random: Uniform, n: number, p: number): number => {
  const spread = Math.sqrt(n * p * (1 - p))
  const b = 1.15 + 2.53 * spread
  const a = -0.0873 + 0.0248 * b + 0.01 * p
  const centre = n * p + 0.5
  const squeeze = 0.92 - 4.2 / b
  const alpha = (2.83 + 5.1 / b) * spread
  const logOdds = Math.log(p / (1 - p))
  const mode = Math.floor((n + 1) * p)
  const height = logFactorial(mode) + logFactorial(n - mode)
  for (;;) {
    const u = random() - 0.5
    const v = random()
    const side = 0.5 - Math.abs(u)
    const k = Math.floor(((2 * a) / side + b) * u + centre)
    if (k < 0 || k > n) continue
    if (side >= 0.07 && v <= squeeze) return k
    if (Math.log((v * alpha) / (a / (side * side) + b)) <= height - logFactorial(k) - logFactorial(n - k) + (k - mode) * logOdds) return k
  }
}

/** One draw from Binomial(n, p). */
export const drawBinomial = (random: Uniform, n: number, p: number): number => {
  if (n <= 0 || p <= 0) return 0
  if (p >= 1) return n
  if (p > 0.5) return n - drawBinomial(random, n, 1 - p)
  return n * p < 10 ? binomialByInversion(random, n, p) : binomialByRejection(random, n, p)
}

/** Fills `into` with one draw from Multinomial(sum of counts, counts / sum), by conditional binomials. */
export const drawMultinomial = (random: Uniform, counts: Float64Array, into: Float64Array): void => {
  let mass = 0
  for (const count of counts) mass += count
  let left = mass
  for (let cell = 0; cell < counts.length; cell++) {
    const count = counts[cell] as number
    const drawn = mass > 0 ? drawBinomial(random, left, count / mass) : 0
    into[cell] = drawn
    left -= drawn
    mass -= count
  }
}

/** One draw from the standard normal distribution (Box and Muller). */
export const drawNormal = (random: Uniform): number => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random())
