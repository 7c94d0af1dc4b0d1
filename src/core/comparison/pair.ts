import { UserError } from '../errors.ts'
import { compareText, orderOfIds } from '../evaluation/id-order.ts'
import { type Codes, lineOf, type Predictions, textAt } from '../evaluation/predictions.ts'
import { derived, partOf, type Sample } from '../evaluation/sample.ts'
import { rowDifference } from './same-rows.ts'

/** Two models' predictions on the same rows in the same order with the same classes, or why there is no such pairing. */
export type Pairing =
  | { readonly paired: true; readonly challenger: Sample; readonly champion: Sample }
  | { readonly paired: false; readonly reason: string; readonly lost: number }

const shown = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}...` : text)

/** Throws a UserError where an id stands twice: such rows cannot be paired, and rows that stand twice by accident would narrow every interval. Looked for once in each reading. */
export const requireUniqueIds = derived((predictions: Predictions): true => {
  const { order, distinct } = orderOfIds(predictions)
  if (distinct) return true
  for (let place = 1; place < order.length; place++) {
    const [before, row] = [order[place - 1] as number, order[place] as number]
    if (compareText(predictions.ids, before, predictions.ids, row) === 0) {
      const { source } = predictions
      throw new UserError(
        `id "${shown(textAt(predictions.ids, row))}" stands in lines ${lineOf(source, before)} and ${lineOf(source, row)}; ids must be unique, since rows are told apart by them`,
        { place: { file: source.file, line: lineOf(source, row) } },
      )
    }
  }
  return true
})

const sameOrder = (one: Predictions, other: Predictions): boolean => {
  if (one.rows !== other.rows) return false
  for (let row = 0; row < one.rows; row++) if (compareText(one.ids, row, other.ids, row) !== 0) return false
  return true
}

/** Rows of the champion in the challenger's order; null where the ids differ, with how many stand on one side only. */
const align = (challenger: Predictions, champion: Predictions): { readonly rows: Uint32Array | null; readonly lost: number } => {
  requireUniqueIds(challenger)
  requireUniqueIds(champion)
  const { order: ours } = orderOfIds(challenger)
  const { order: theirs } = orderOfIds(champion)
  const rows = new Uint32Array(challenger.rows)
  let [a, b, lost] = [0, 0, 0]
  while (a < ours.length && b < theirs.length) {
    const [row, other] = [ours[a] as number, theirs[b] as number]
    const gap = compareText(challenger.ids, row, champion.ids, other)
    if (gap === 0) rows[row] = other
    else lost++
    if (gap <= 0) a++
    if (gap >= 0) b++
  }
  lost += ours.length - a + theirs.length - b
  return { rows: lost === 0 ? rows : null, lost }
}

const recoded = (sample: Sample, classes: readonly string[]): Sample => {
  if (sample.classes.length === classes.length && sample.classes.every((name, index) => name === classes[index])) return sample
  const codes = Uint16Array.from(sample.classes, name => classes.indexOf(name))
  const recode = (column: Codes): Codes => Uint16Array.from(column, code => codes[code] as number)
  const columns = classes.map(name => sample.probabilities?.[sample.classes.indexOf(name)])
  return {
    ...sample,
    classes,
    labels: recode(sample.labels as Codes),
    predicted: sample.predicted && recode(sample.predicted as Codes),
    probabilities: columns.every(column => column !== undefined) ? columns : null,
  }
}

const otherTask = (challenger: Predictions, champion: Predictions): string | null => {
  if (challenger.task !== champion.task) return `its predictions are ${champion.task}`
  return challenger.task === 'binary' && challenger.classes[1] !== champion.classes[1]
    ? `its positive label is "${champion.classes[1]}" and not "${challenger.classes[1]}"`
    : null
}

/** Both with one list of classes, so that the same number is the same class in both. */
const withSameClasses = (challenger: Sample, champion: Sample): readonly [Sample, Sample] => {
  if (challenger.task !== 'multiclass') return [challenger, champion]
  const classes = [...new Set([...challenger.classes, ...champion.classes])].sort()
  return [recoded(challenger, classes), recoded(champion, classes)]
}

const oneSided = (ours: unknown, theirs: unknown, what: string): string | null => {
  if ((ours === null) === (theirs === null)) return null
  return ours === null
    ? `its predictions have ${what}, those of this run have none`
    : `its predictions have no ${what}, those of this run have`
}

/**
 * Joins two models' predictions by id. A different set of ids is no pairing (dropping rows would change the holdout); an id that stands twice and
 * a row whose label, weight or cluster differs are UserErrors. Without an id's `cluster` or `weight` on one side there is no pairing either.
 */
export const pair = (challenger: Predictions, champion: Predictions): Pairing => {
  const other = otherTask(challenger, champion)
  if (other !== null) return { paired: false, reason: other, lost: challenger.task === champion.task ? 0 : champion.rows }
  let joined: Sample = champion
  let line = (row: number): number => lineOf(champion.source, row)
  if (!sameOrder(challenger, champion)) {
    const { rows, lost } = align(challenger, champion)
    if (rows === null) {
      const counts = `${challenger.rows.toLocaleString('en')} rows now, ${champion.rows.toLocaleString('en')} of the champion, ${lost.toLocaleString('en')} ids on one side only`
      return { paired: false, reason: `the holdouts differ (${counts})`, lost }
    }
    joined = partOf(champion, rows)
    line = row => lineOf(champion.source, rows[row] as number)
  } else requireUniqueIds(challenger)
  const reason = oneSided(challenger.weights, champion.weights, 'weights') ?? oneSided(challenger.clusters, champion.clusters, 'clusters')
  if (reason !== null) return { paired: false, reason, lost: 0 }
  const [ours, theirs] = withSameClasses(challenger, joined)
  const found = rowDifference(ours, theirs)
  if (found) {
    const { source } = challenger
    throw new UserError(
      `the ${found.what} of id "${shown(textAt(challenger.ids, found.row))}" differs from the champion's predictions (${champion.source.file} line ${line(found.row)}); both must be scored on the same holdout`,
      { place: { file: source.file, line: lineOf(source, found.row) } },
    )
  }
  // Clusters are the same whatever their numbers; one numbering serves both.
  const alike = theirs.weights === null && theirs.clusters === null
  return { paired: true, challenger: ours, champion: alike ? theirs : { ...theirs, weights: ours.weights, clusters: ours.clusters } }
}

/** Two models on rows of their own, for rules that ask not to pair: the same classes, rows as they are. `slices` and ids stay the champion's. */
export const sideBySide = (
  challenger: Predictions,
  champion: Predictions,
): { readonly challenger: Sample; readonly champion: Predictions } | { readonly reason: string } => {
  const reason = otherTask(challenger, champion)
  if (reason !== null) return { reason }
  const [ours, theirs] = withSameClasses(challenger, champion)
  return { challenger: ours, champion: { ...champion, ...theirs } }
}
