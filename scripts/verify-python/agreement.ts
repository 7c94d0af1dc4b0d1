import type { DataSet } from './data-sets.ts'
import type { Figures } from './ours.ts'

/** What the reference says of a figure: a number, undefined by a named rule of ours, a range (bootstrap; `or` where chance decides), or no number at all. */
export type Expectation =
  | { readonly value: number }
  | { readonly undefined: string }
  | { readonly from: number; readonly to: number; readonly or?: string }
  | { readonly broken: string }

export interface Disagreement {
  readonly set: string
  readonly seed: number
  readonly figure: string
  readonly ours: number | null | undefined
  readonly expected: Expectation | undefined
  /** How many times the tolerance; infinite where one side is undefined. */
  readonly times: number
}

interface Count {
  equal: number
  within: number
  undefined: number
  wrong: number
}

const tolerance = (expected: number): number => 1e-12 + 1e-9 * Math.abs(expected)

/** 0 is agreement. */
const timesOff = (ours: number | null | undefined, expected: Expectation | undefined): number => {
  const never = Number.POSITIVE_INFINITY
  if (ours === undefined || expected === undefined || 'broken' in expected) return never
  if ('undefined' in expected) return ours === null ? 0 : never
  if ('value' in expected) {
    if (ours === null) return never
    const times = Math.abs(ours - expected.value) / tolerance(expected.value)
    return times <= 1 ? 0 : Number.isNaN(times) ? never : times
  }
  if (ours === null) return expected.or === undefined ? never : 0
  if (ours >= expected.from && ours <= expected.to) return 0
  return 1 + (ours < expected.from ? expected.from - ours : ours - expected.to) / (expected.to - expected.from)
}

/** Tallies every figure of either side; one that only one side has is a disagreement. */
export class Agreement {
  readonly counts = new Map<string, Count>()
  readonly rules = new Map<string, number>()
  readonly disagreements: Disagreement[] = []

  /** `label` is what the tally calls the figures, such as the task. */
  add(set: Pick<DataSet, 'name' | 'seed'>, label: string, ours: Figures, expected: ReadonlyMap<string, Expectation>): void {
    for (const figure of new Set([...ours.keys(), ...expected.keys()])) {
      const [found, wanted] = [ours.get(figure), expected.get(figure)]
      const [subject = '', metric = ''] = figure.split('/')
      const kind = ['difference', 'independent'].includes(subject) || subject.startsWith('fairness') ? ` ${subject.split(' ')[0]}` : ''
      const key = `${label}${kind} ${metric.replace(/\[.*\]/, '[class]')}`
      const count = this.counts.get(key) ?? { equal: 0, within: 0, undefined: 0, wrong: 0 }
      this.counts.set(key, count)
      const times = timesOff(found, wanted)
      if (times > 0) {
        count.wrong++
        this.disagreements.push({ set: set.name, seed: set.seed, figure, ours: found, expected: wanted, times })
      } else if (found === null) {
        count.undefined++
        const rule = wanted && 'undefined' in wanted ? wanted.undefined : wanted && 'or' in wanted ? String(wanted.or) : ''
        this.rules.set(rule, (this.rules.get(rule) ?? 0) + 1)
      } else if (wanted && 'from' in wanted) count.within++
      else count.equal++
    }
  }

  get total(): Count {
    const sum = { equal: 0, within: 0, undefined: 0, wrong: 0 }
    for (const count of this.counts.values()) for (const key of ['equal', 'within', 'undefined', 'wrong'] as const) sum[key] += count[key]
    return sum
  }

  /** The tally as lines, metric by metric, rule by rule, and the worst disagreements with how to see them again. */
  report(): string[] {
    const cells = (count: Count): string =>
      [count.equal, count.within, count.undefined, count.wrong].map(number => number.toLocaleString('en').padStart(10)).join('')
    const lines = [`${'figure'.padEnd(52)}     equal  in range undefined     wrong`]
    for (const [key, count] of this.counts) lines.push(key.padEnd(52) + cells(count))
    lines.push('all'.padEnd(52) + cells(this.total), '', 'Undefined by definition:')
    for (const [rule, count] of [...this.rules].sort(([, a], [, b]) => b - a))
      lines.push(`${count.toLocaleString('en').padStart(9)}  ${rule}`)
    if (this.disagreements.length > 0)
      lines.push('', `${this.disagreements.length.toLocaleString('en')} differences, the worst of each figure first:`)
    const worst = this.disagreements.toSorted((a, b) => b.times - a.times)
    const shown = Map.groupBy(worst, ({ figure }) => figure.split('/').slice(1, 3).join('/'))
    for (const [figure, all] of [...shown].slice(0, 30)) {
      lines.push(`  ${figure}: ${all.length}`)
      for (const { set, seed, figure: full, ours, expected, times } of all.slice(0, 3))
        lines.push(
          `    ${set} ${full}: ours ${ours}, expected ${JSON.stringify(expected)}, ${times.toPrecision(3)} x the tolerance; again: npm run verify:python -- --seed ${seed}`,
        )
    }
    return lines
  }
}
