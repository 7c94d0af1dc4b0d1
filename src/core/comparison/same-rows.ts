import type { Sample } from '../evaluation/sample.ts'

/** The first row that is not the same in both, and in what: two models must be measured by the same labels, weights and clusters. */
export interface RowDifference {
  readonly row: number
  readonly what: 'label' | 'weight' | 'cluster'
}

const firstUnequal = (ours: ArrayLike<number>, theirs: ArrayLike<number>): number => {
  for (let row = 0; row < ours.length; row++) {
    const one = ours[row] as number
    const other = theirs[row] as number
    if (one !== other && !(Number.isNaN(one) && Number.isNaN(other))) return row
  }
  return -1
}

const largest = (numbers: Uint32Array): number => {
  let most = 0
  for (let row = 0; row < numbers.length; row++) if ((numbers[row] as number) > most) most = numbers[row] as number
  return most
}

/** The first row at which two groupings of the rows part, whatever the groups are called. */
const firstRegrouped = (ours: Uint32Array, theirs: Uint32Array): number => {
  const theirsOf = new Uint32Array(largest(ours) + 1)
  const oursOf = new Uint32Array(largest(theirs) + 1)
  for (let row = 0; row < ours.length; row++) {
    const one = ours[row] as number
    const other = theirs[row] as number
    if (theirsOf[one] === 0 && oursOf[other] === 0) {
      theirsOf[one] = other + 1
      oursOf[other] = one + 1
    } else if (theirsOf[one] !== other + 1 || oursOf[other] !== one + 1) return row
  }
  return -1
}

/** Compares the rows of two samples in the same order and with the same classes; null where they are the same. */
export const rowDifference = (ours: Sample, theirs: Sample): RowDifference | null => {
  const label = firstUnequal(ours.labels, theirs.labels)
  if (label >= 0) return { row: label, what: 'label' }
  const weight = ours.weights && theirs.weights ? firstUnequal(ours.weights, theirs.weights) : -1
  if (weight >= 0) return { row: weight, what: 'weight' }
  const cluster = ours.clusters && theirs.clusters ? firstRegrouped(ours.clusters, theirs.clusters) : -1
  return cluster >= 0 ? { row: cluster, what: 'cluster' } : null
}
