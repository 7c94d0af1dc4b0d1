import type { Counts } from '../../../src/core/rollout/judge-state.ts'

/** Probabilities of 0, 1 ... `trials` successes, by the binomial law, without logarithms. */
export const binomial = (trials: number, chance: number): readonly number[] => {
  let terms: readonly number[] = [1]
  for (let trial = 0; trial < trials; trial++)
    terms = Array.from({ length: trial + 2 }, (_, k) => (terms[k] ?? 0) * (1 - chance) + (terms[k - 1] ?? 0) * chance)
  return terms
}

/** One batch whose requests are independent: how many each arm has and how likely each is bad. */
export interface Arms {
  readonly canary: number
  readonly stable: number
  readonly canaryRate: number
  readonly stableRate: number
}

/** Every outcome of a batch with its probability. */
export const outcomes = ({
  canary,
  stable,
  canaryRate,
  stableRate,
}: Arms): readonly { readonly counts: Counts; readonly chance: number }[] => {
  const [ofCanary, ofStable] = [binomial(canary, canaryRate), binomial(stable, stableRate)]
  return ofCanary.flatMap((a, canaryBad) =>
    ofStable.map((b, stableBad) => ({ counts: { canary, canaryBad, stable, stableBad }, chance: a * b })),
  )
}

/** Exact expectation over all outcomes of several independent batches, one after the other, of a function of the state that they lead to. */
export const expectation = <State>(
  batches: readonly Arms[],
  start: State,
  after: (state: State, counts: Counts, at: number) => State,
  value: (state: State) => number,
): number => {
  const from = (state: State, at: number): number => {
    const batch = batches[at]
    if (batch === undefined) return value(state)
    let sum = 0
    for (const { counts, chance } of outcomes(batch)) if (chance > 0) sum += chance * from(after(state, counts, at), at + 1)
    return sum
  }
  return from(start, 0)
}

/** Every combination of one of each list. */
export const product = <const T extends readonly (readonly unknown[])[]>(...lists: T): readonly { [K in keyof T]: T[K][number] }[] =>
  lists.reduce<unknown[][]>((rows, list) => rows.flatMap(row => list.map(one => [...row, one])), [[]]) as never
