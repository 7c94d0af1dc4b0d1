/** The lines of the demo, each with the time since its start. */
export interface Transcript {
  title(text: string): void
  line(text: string): void
  detail(text: string): void
  plain(text: string): void
}

export const transcript = (now: () => number, print: (line: string) => void): Transcript => {
  const start = now()
  const stamp = () => {
    const seconds = Math.floor((now() - start) / 1000)
    return `[${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}]`
  }
  return {
    title: text => print(`\n${text}`),
    line: text => print(`${stamp()} ${text}`),
    detail: text => print(`${stamp()}    ${text}`),
    plain: print,
  }
}

interface Interval {
  readonly value: number | null
  readonly low: number | null
  readonly high: number | null
}

const digits = (value: number | null, signed = false): string =>
  value === null ? 'undefined' : `${signed && value >= 0 ? '+' : ''}${value.toFixed(4)}`

/** `0.9883 [0.9765, 0.9942]` out of an output that holds such values by metric; empty where it does not. */
export const intervalWords = (json: string | undefined, metric: string, signed = false): string => {
  if (json === undefined || json === '') return ''
  const found = (JSON.parse(json) as Record<string, Interval | number>)[metric]
  if (found === undefined) return ''
  if (typeof found === 'number') return digits(found, signed)
  return `${digits(found.value, signed)} [${digits(found.low, signed)}, ${digits(found.high, signed)}]`
}
