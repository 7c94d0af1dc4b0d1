import { logSpaced, normalised } from './log-space.ts'

/** How much worse than tolerated the canary may be, as factors, with the logarithm of the weight that each has in a mixture. */
export interface Alternatives {
  readonly factors: readonly number[]
  readonly logPrior: readonly number[]
}

/** Half-normal in the log ratio, which is shortest on ratios near 2. */
const halfNormal = (factors: readonly number[]): Alternatives => ({
  factors,
  logPrior: normalised(factors.map(factor => -0.5 * Math.log(factor) ** 2)),
})

/** From a tenth worse to 32 times, finely: `canary.md` 3.1. */
export const fine: Alternatives = halfNormal(logSpaced(1.1, 32, 32))

/** The same range with steps of a quarter, for processes of which there are many: half the bytes in the ledger, hardly any power lost. */
export const coarse: Alternatives = halfNormal(logSpaced(1.1, 32, 16))
