import binomialCdf from '@stdlib/stats-base-dists-binomial-cdf'
import binomialPmf from '@stdlib/stats-base-dists-binomial-pmf'
import gaussCdf from '@stdlib/stats-base-dists-normal-cdf'
import gaussQuantile from '@stdlib/stats-base-dists-normal-quantile'
import studentCdf from '@stdlib/stats-base-dists-t-cdf'
import studentQuantile from '@stdlib/stats-base-dists-t-quantile'

/** P(Z <= z) of the standard normal distribution. */
export const normalCdf = (z: number): number => gaussCdf(z, 0, 1)

/** The z with P(Z <= z) = p, for p from 1e-15. */
export const normalQuantile = (p: number): number => {
  let z = gaussQuantile(p, 0, 1)
  if (p >= 0.5) return z
  // Far below, the quantile loses digits that the distribution function still has: two steps of Newton's method bring them back.
  for (let step = 0; step < 2; step++) z -= ((normalCdf(z) - p) / Math.exp((-z * z) / 2)) * Math.sqrt(2 * Math.PI)
  return z
}

/** Two-sided p-value of a standard normal statistic. */
export const normalTwoSided = (z: number): number => Math.min(1, 2 * normalCdf(-Math.abs(z)))

/** The t with P(T <= t) = p at these degrees of freedom. */
export const tQuantile = (p: number, freedom: number): number => studentQuantile(p, freedom)

/** P(T <= t) of Student's t. */
export const tCdf = (t: number, freedom: number): number => studentCdf(t, freedom)

/** Two-sided p-value of Student's t. */
export const tTwoSided = (t: number, freedom: number): number => Math.min(1, 2 * tCdf(-Math.abs(t), freedom))

/** P(X <= k) and P(X = k) of a binomial distribution. */
export const binomial = {
  cdf: (k: number, n: number, p: number): number => binomialCdf(k, n, p),
  pmf: (k: number, n: number, p: number): number => binomialPmf(k, n, p),
}
