import { binaryOf, otherOf } from './fixtures.ts'

// The same rows were scored by scikit-learn 1.9.1; made by whole-number formulas so that both sides have them exactly.
const labels = Array.from({ length: 40 }, (_, row) => ((row * 7) % 10 < 4 ? 1 : 0))
const scores = labels.map((label, row) => {
  const base = ((row * 37) % 101) / 101
  return Math.round((label === 1 ? (base + 1.2) / 2.2 : base * 0.9) * 1e4) / 1e4
})
/** 40 rows of two classes with scores. */
export const binary = binaryOf(labels.map((label, row) => ({ id: `r${row}`, label, score: scores[row] as number })))

const names = ['a', 'b', 'c']
const truth = Array.from({ length: 30 }, (_, row) => (row * 5) % 3)
const raw = truth.map((label, row) => [0, 1, 2].map(index => ((row * (index + 3) * 13) % 17) + 1 + (label === index ? 8 : 0)))
/** 30 rows of three classes with probabilities and predictions that are not always the likeliest class. */
export const multiclass = otherOf({
  task: 'multiclass',
  classes: names,
  labels: Uint16Array.from(truth),
  predicted: Uint16Array.from(truth, (label, row) => (row % 4 ? label : (row * 2 + 1) % 3)),
  probabilities: [0, 1, 2].map(index => Float64Array.from(raw, row => (row[index] as number) / row.reduce((a, b) => a + b, 0))),
})

const thousandth = (value: number): number => Math.round(value * 1000) / 1000
/** The labels of {@link regression}. */
export const targets = Float64Array.from({ length: 40 }, (_, row) => thousandth(10 + 5 * Math.sin(row)))
/** 40 rows of numbers. */
export const regression = otherOf({
  task: 'regression',
  classes: [],
  labels: targets,
  predicted: targets.map((target, row) => thousandth(target + Math.cos(row * 1.7) * 1.3 + 0.2)),
})
