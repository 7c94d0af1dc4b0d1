import { type BootstrapDistribution, bootstrapP, percentileInterval } from '../../statistics/bootstrap.ts'
import type { Compared, Method } from './metric.ts'

/** A paired difference told by its bootstrap distribution. */
export const resampledDifference = (spread: BootstrapDistribution, method: Method): Compared => ({
  interval: percentileInterval(spread, method.confidence),
  method: 'bootstrap',
  test: `${method.resamples.toLocaleString('en')} paired resamples, seed ${method.seed}`,
  statistic: null,
  p: bootstrapP(spread),
  error: spread.error,
})
