const differences = ['rate', 'irate', 'increase', 'delta', 'idelta', 'deriv']
const sums = ['sum', 'avg', 'max', 'min', 'count', 'topk', 'bottomk', 'group', 'stddev', 'stdvar', 'quantile']

/** The first thing in an expression that looks like a selector with labels, for the advice; null where there is none. */
const selectorWithin = (text: string): string | null =>
  /[a-zA-Z_:][a-zA-Z0-9_:]*\s*\{(?:[^{}"']|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\$\{[a-z]*\})*\}/.exec(text)?.[0] ?? null

/** Why a text is no series selector, and what to write, from what stands at `at`, the first character that does not belong to one. */
export const whyNoSelector = (text: string, at: number): string => {
  const inner = selectorWithin(text)
  const write = `; write only the selector${inner === null ? ', a metric name and label matchers' : `: ${inner}`}`
  const rest = text.slice(at)
  const before = text.slice(0, at).trim()
  const called = /^[a-z_]+/.exec(before.toLowerCase())?.[0] ?? ''
  if (/^(\(|(by|without)\b)/.test(rest)) {
    if (called === 'histogram_quantile')
      return `histogram_quantile() is an expression, and an estimate between two bucket edges: use \`histogram\` and \`over\` instead, which count the requests slower than an edge${write}`
    if (differences.includes(called))
      return `${called}() is an expression: Refline takes the differences of the raw counter itself, over windows that never overlap and with counters that began again (${called} over 5m read each minute would count every request five times)${write}`
    if (sums.includes(called))
      return `${called}() is an expression: Refline takes differences series by series and then adds up all that match${write}`
    return `${called === '' ? 'this' : `${called}()`} is an expression${write}`
  }
  if (rest.startsWith('['))
    return `${/^\[[^\]]*\]?/.exec(rest)?.[0]} asks for a range: Refline reads the raw counter at one instant and takes differences itself${write}`
  if (/^(offset\b|@)/.test(rest)) return `offset and @ move the instant: Refline sets it itself, \`lag\` seconds before now${write}`
  if (/^([-+*/%^<>]|[=!]=|(and|or|unless|bool)\b)/.test(rest))
    return `it calculates: signals are counts, and rates are taken by the judge from \`total\` and \`bad\`${write}`
  if (rest.startsWith('$')) return 'only label values can be filled in, not the metric name'
  if (rest.startsWith('{')) return 'the metric name is missing before the braces'
  if (rest === '') return 'it is empty; write a metric name and label matchers'
  return `it cannot be read from character ${at + 1} on${write}`
}
