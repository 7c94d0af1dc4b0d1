import { UserError } from '../errors.ts'
import { whyNoSelector } from './expression-words.ts'

export interface Matcher {
  readonly label: string
  readonly operator: '=' | '!=' | '=~' | '!~'
  readonly value: string
}

/** Which series of one metric count: `http_requests_total{app="churn",slot="${slot}"}`. Values are without quotes and escapes; placeholders are still in them. */
export interface Selector {
  readonly metric: string
  readonly matchers: readonly Matcher[]
}

/** What may stand in a selector as `${name}`. */
export const placeholders = ['slot', 'model', 'version', 'environment'] as const
export type Placeholder = (typeof placeholders)[number]

const metricPattern = /[a-zA-Z_:][a-zA-Z0-9_:]*/y
const labelPattern = /[a-zA-Z_][a-zA-Z0-9_]*/y
const operatorPattern = /=~|!~|!=|=/y
const spacePattern = /\s*/y
const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\\': '\\', '"': '"', "'": "'" }
const longest = 2_000

class Scanner {
  readonly text: string
  at = 0

  constructor(text: string) {
    this.text = text
  }

  take(pattern: RegExp): string | null {
    pattern.lastIndex = this.at
    const found = pattern.exec(this.text)?.[0] ?? null
    if (found !== null) this.at += found.length
    return found
  }

  space(): void {
    this.take(spacePattern)
  }

  next(character: string): boolean {
    if (this.text[this.at] !== character) return false
    this.at++
    return true
  }

  /** A quoted string, or why it is none. */
  string(): { readonly value: string } | { readonly wrong: string } {
    const quote = this.text[this.at]
    if (quote !== '"' && quote !== "'" && quote !== '`') return { wrong: 'a label value must be in quotes' }
    this.at++
    let value = ''
    for (;;) {
      const character = this.text[this.at++]
      if (character === undefined) return { wrong: 'a quote is never closed' }
      if (character === quote) return { value }
      if (character !== '\\' || quote === '`') {
        value += character
        continue
      }
      const escaped = escapes[this.text[this.at++] ?? '']
      if (escaped === undefined)
        return { wrong: `the escape \\${this.text[this.at - 1] ?? ''} is none of \\\\ \\" \\n \\t \\r; write \\\\ for a backslash` }
      value += escaped
    }
  }
}

/**
 * Reads a series selector: a metric name and label matchers, nothing else. PromQL expressions are refused with the reason and with what to write instead: Refline takes
 * the differences of raw counters itself, over windows that never overlap. `where` begins the message, such as `signal errors: total`.
 */
export const parseSelector = (text: string, where: string): Selector => {
  const refused = (why: string): UserError => new UserError(`${where} is ${JSON.stringify(text.slice(0, 200))}: ${why}`)
  if (text.length > longest) throw refused(`it has more than ${longest} characters`)
  const scan = new Scanner(text)
  scan.space()
  const metric = scan.take(metricPattern)
  if (metric === null) throw refused(whyNoSelector(text, scan.at))
  scan.space()
  const matchers: Matcher[] = []
  if (scan.next('{')) {
    for (;;) {
      scan.space()
      if (scan.next('}')) break
      const label = scan.take(labelPattern)
      if (label === null) throw refused(`a label name is missing at character ${scan.at + 1}`)
      if (label === '__name__') throw refused('the metric name belongs before the braces, not in __name__')
      scan.space()
      const operator = scan.take(operatorPattern) as Matcher['operator'] | null
      if (operator === null) throw refused(`one of = != =~ !~ is missing after label ${label}`)
      scan.space()
      const string = scan.string()
      if ('wrong' in string) throw refused(`label ${label}: ${string.wrong}`)
      matchers.push({ label, operator, value: string.value })
      scan.space()
      if (scan.next(',')) continue
      if (scan.next('}')) break
      throw refused(`a comma or a closing brace is missing at character ${scan.at + 1}`)
    }
    scan.space()
  }
  if (scan.at < text.length) throw refused(whyNoSelector(text, scan.at))
  const unknown = matchers
    .flatMap(({ value }) => [...value.matchAll(/\$\{([^}]*)\}/g)].map(([, name]) => name ?? ''))
    .find(name => !(placeholders as readonly string[]).includes(name))
  if (unknown !== undefined)
    throw refused(`\${${unknown}} is nothing that is filled in; there is ${placeholders.map(name => `\${${name}}`).join(', ')}`)
  return { metric, matchers }
}

/** Whether a placeholder stands in a selector. */
export const mentions = (selector: Selector, name: Placeholder): boolean =>
  selector.matchers.some(({ value }) => value.includes(`\${${name}}`))

/** Refuses a selector that would count both arms as one. */
export const requireArm = (selector: Selector, where: string): Selector => {
  if (mentions(selector, 'slot') || mentions(selector, 'version')) return selector
  throw new UserError(
    `${where} lacks \${slot} (or \${version}), so both arms would be counted as one; write it in the label that tells them apart, such as ${selector.metric}{slot="\${slot}"}`,
  )
}

const quoted = (value: string): string =>
  `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n').replaceAll('\t', '\\t').replaceAll('\r', '\\r')}"`

/** A text that stands for itself in a regular expression of RE2. */
const literal = (text: string): string => text.replace(/[\\^$.|?*+()[\]{}-]/g, '\\$&')

/** The selector as PromQL, with its placeholders filled in; in a regular expression, what is filled in stands for itself. `suffix` is added to the metric name. */
export const resolvedSelector = (selector: Selector, values: Readonly<Partial<Record<Placeholder, string>>>, suffix = ''): string => {
  const matchers = selector.matchers.map(({ label, operator, value }) => {
    const filled = value.replace(/\$\{([^}]*)\}/g, (whole, name: string) => {
      const given = values[name as Placeholder]
      if (given === undefined) return whole
      return operator === '=~' || operator === '!~' ? literal(given) : given
    })
    return `${label}${operator}${quoted(filled)}`
  })
  return `${selector.metric}${suffix}${matchers.length === 0 ? '' : `{${matchers.join(',')}}`}`
}
