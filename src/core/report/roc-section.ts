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

const grid = (count: number): readonly number[] => Array.from({ length: count + 1 }, (_, index) => index / count)
const drawable = (curve: Curve): boolean =>
  curve.x.length > 1 &&
  [curve.challenger, curve.champion ?? curve.x].every(ys => ys.length === curve.x.length) &&
  [...curve.x, ...curve.challenger, ...(curve.champion ?? [])].every(Number.isFinite)

/** The fold with the ROC curve as a chart and, for wherever charts are not drawn, a table; null where there is nothing to draw. */
export const rocSection = (assessment: Assessment): string | null => {
  const { roc, opponent } = assessment
  if (roc === null || !drawable(roc)) return null
  const champion = opponent.kind === 'champion' ? `v${opponent.version}` : 'champion'
  const line = (ys: readonly number[]): string =>
    `  line [${grid(20)
      .map(at => Number(heightAt(roc.x, ys, at).toFixed(3)))
      .join(', ')}]`
  const chart = [
    '```mermaid',
    'xychart-beta',
    '  x-axis "false positive rate" 0 --> 1',
    '  y-axis "true positive rate" 0 --> 1',
    line(roc.challenger),
    ...(roc.champion === null ? [] : [line(roc.champion)]),
    '```',
  ].join('\n')
  const rates = [0.01, 0.05, 0.1, 0.2, 0.5]
  const cells = (ys: readonly number[]): readonly string[] => rates.map(at => heightAt(roc.x, ys, at).toFixed(3))
  const numbers = table(
    ['true positive rate at', ...rates.map(String)],
    ['left', ...rates.map(() => 'right' as const)],
    [['this run', ...cells(roc.challenger)], ...(roc.champion === null ? [] : [[champion, ...cells(roc.champion)]])],
  )
  const title = roc.champion === null ? 'ROC curve' : `ROC curves (first line: this run, second: ${champion})`
  return fold(title, `${chart}\n\n${numbers}`)
}
