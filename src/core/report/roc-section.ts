import type { Assessment } from '../comparison/assessment.ts'
import { fold, table } from './table.ts'

type Curve = NonNullable<Assessment['roc']>

/** The curve's height at `at`, between its points by a straight line. */
const heightAt = (xs: readonly number[], ys: readonly number[], at: number): number => {
  let before = 0
  for (let index = 0; index < xs.length; index += 1) if ((xs[index] as number) <= at) before = index
  const after = Math.min(before + 1, xs.length - 1)
  const [x0, x1, y0, y1] = [xs[before], xs[after], ys[before], ys[after]] as [number, number, number, number]
  return x1 > x0 ? y0 + ((y1 - y0) * Math.min(Math.max(at - x0, 0), x1 - x0)) / (x1 - x0) : y0
}

// Mermaid puts point i of n on a numeric axis at i (max - min + 1) / n in some versions and at i (max - min) / (n - 1) in others: 0 to 100 with 101 points is right in all.
const percents = Array.from({ length: 101 }, (_, percent) => percent)

// The default palette begins with a colour that nobody sees on white.
const palette = `%%{init: {"themeVariables": {"xyChart": {"plotColorPalette": "#2f81f7, #8c959f"}}}}%%`

const drawable = (curve: Curve): boolean =>
  curve.x.length > 1 &&
  [curve.challenger, curve.champion ?? curve.x].every(ys => ys.length === curve.x.length) &&
  [...curve.x, ...curve.challenger, ...(curve.champion ?? [])].every(Number.isFinite)

/** The fold with the ROC curve as a chart and, for wherever charts are not drawn, a table; null where there is nothing to draw. */
export const rocSection = (assessment: Assessment): string | null => {
  const { roc, opponent } = assessment
  if (roc === null || !drawable(roc)) return null
  const champion = opponent.kind === 'champion' && opponent.version !== null ? `v${opponent.version}` : 'champion'
  const line = (ys: readonly number[]): string =>
    `  line [${percents.map(percent => Number((100 * heightAt(roc.x, ys, percent / 100)).toFixed(1))).join(', ')}]`
  const chart = [
    '```mermaid',
    'xychart-beta',
    palette,
    '  x-axis "false positive rate in %" 0 --> 100',
    '  y-axis "true positive rate in %" 0 --> 100',
    line(roc.challenger),
    ...(roc.champion === null ? [] : [line(roc.champion)]),
    '```',
  ].join('\n')
  const rates = [0.01, 0.05, 0.1, 0.2, 0.5].filter(rate => roc.x.includes(rate))
  const cells = (ys: readonly number[]): readonly string[] => rates.map(at => heightAt(roc.x, ys, at).toFixed(3))
  const numbers = table(
    ['true positive rate at', ...rates.map(String)],
    ['left', ...rates.map(() => 'right' as const)],
    [['this run', ...cells(roc.challenger)], ...(roc.champion === null ? [] : [[champion, ...cells(roc.champion)]])],
  )
  const title = roc.champion === null ? 'ROC curve' : `ROC curves (blue: this run, grey: ${champion})`
  return fold(title, `${chart}\n\n${numbers}`)
}
