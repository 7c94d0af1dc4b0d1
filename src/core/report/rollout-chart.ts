import { proofOf, type RolloutTick } from './rollout-tick.ts'

/** The error bounds of a rollout, whose inverses are the bars that evidence must reach. */
export interface Bars {
  readonly alpha: number
  readonly beta: number
}

/** Looks that a chart and a table show one by one. */
export const looksShown = 60

const floor = -2

// The default palette begins with a colour that nobody sees on white. Harm and its bar are red, proof and its bar blue.
const palette = `%%{init: {"themeVariables": {"xyChart": {"plotColorPalette": "#cf222e, #ff9a94, #0969da, #8ec5ff"}}}}%%`

/**
 * The evidence of the last looks as a Mermaid chart: powers of ten of harm and proof, each with the bar that it must reach. Null where fewer than two looks have numbers.
 * Evidence beyond the frame is drawn at its edge.
 */
export const evidenceChart = (ticks: readonly RolloutTick[], bars: Bars): string | null => {
  const looks = ticks.map((tick, index) => ({ look: index + 1, harm: tick.harm, proof: proofOf(tick) }))
  const drawn = looks.slice(-looksShown).filter(({ harm, proof }) => harm !== undefined && proof !== null)
  const [first, last] = [drawn[0], drawn.at(-1)]
  if (first === undefined || last === undefined || first === last) return null
  const [harmBar, proofBar] = [-Math.log10(bars.alpha), -Math.log10(bars.beta)]
  const ceiling = Math.ceil(Math.max(harmBar, proofBar)) + 1
  const height = (decimal: number): number => Number(Math.min(Math.max(decimal, floor), ceiling).toFixed(2))
  const line = (heightOf: (look: (typeof drawn)[number]) => number): string =>
    `  line [${drawn.map(look => height(heightOf(look))).join(', ')}]`
  // With whole numbers from first to last and a point for each, every version of Mermaid puts a look where it belongs; where some could not be judged, looks are counted anew.
  const complete = last.look - first.look + 1 === drawn.length
  const [from, to, title] = complete ? [first.look, last.look, 'look'] : [1, drawn.length, 'look that could be judged']
  return [
    '```mermaid',
    'xychart-beta',
    palette,
    `  x-axis "${title}" ${from} --> ${to}`,
    `  y-axis "evidence, in powers of ten" ${floor} --> ${ceiling}`,
    line(look => (look.harm ?? 0) / Math.LN10),
    line(() => harmBar),
    line(look => (look.proof ?? 0) / Math.LN10),
    line(() => proofBar),
    '```',
  ].join('\n')
}
