import { UserError } from '../errors.ts'

/** Seconds as one writes them in refline.yml: 250ms, 1s, 2.5s. */
export const duration = (seconds: number): string =>
  seconds < 1 ? `${Number((seconds * 1000).toPrecision(12))}ms` : `${Number(seconds.toPrecision(12))}s`

/** Seconds of a response time such as `250ms`, `1s` or `2.5s`. */
export const responseTime = (text: string): number => {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)(ms|s)$/.exec(text) ?? []
  if (digits === undefined || Number(digits) === 0) throw new UserError(`"${text}" is no response time; write 250ms or 1.5s`)
  return unit === 'ms' ? Number((Number(digits) / 1000).toPrecision(15)) : Number(digits)
}
