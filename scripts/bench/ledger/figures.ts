/** Seconds or milliseconds since `performance.now()` was asked, and what the work gave. */
export const timed = async <T>(work: () => Promise<T>): Promise<{ readonly milliseconds: number; readonly result: T }> => {
  const started = performance.now()
  const result = await work()
  return { milliseconds: performance.now() - started, result }
}

export const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN

/** A time as people say it: `87 ms`, `13.4 s`. */
export const inWords = (milliseconds: number): string => {
  if (milliseconds < 9.95) return `${milliseconds.toFixed(1)} ms`
  if (milliseconds < 999.5) return `${Math.round(milliseconds)} ms`
  return `${(milliseconds / 1000).toFixed(milliseconds < 99_950 ? 1 : 0)} s`
}

export const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(bytes < 9950 ? 1 : 0)} KB`

export const whole = (value: number): string => value.toLocaleString('en')

export const times = (ratio: number): string => `${ratio < 9.95 ? ratio.toFixed(2) : whole(Math.round(ratio))} x`

const labelWidth = 58
const columnWidth = 14

/** Prints a row of a table: a label, and a value for every size. */
export const row = (label: string, values: readonly string[], note = ''): void =>
  console.log(`  ${label.padEnd(labelWidth)}${values.map(value => value.padStart(columnWidth)).join('')}  ${note}`.trimEnd())

export const goal = (reached: boolean, words: string): string => `goal ${words}: ${reached ? 'reached' : 'NOT REACHED'}`

const began = performance.now()

/** Says on the error output what is being done, so that the table stays a table. */
export const progress = (words: string): void =>
  console.error(`[${((performance.now() - began) / 1000).toFixed(0).padStart(4)} s] ${words}`)
