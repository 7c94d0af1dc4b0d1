import type { Assessment, Difference, JudgedRow } from '../comparison/assessment.ts'
import { opponentName } from '../comparison/opponent.ts'
import type { CommentContext } from './comment-context.ts'
import { code, escapeMarkdown } from './escape.ts'
import { formatBytes, formatCount, formatP, formatSeconds } from './numbers.ts'
import { fold } from './table.ts'

const paramsWords = (context: CommentContext): readonly string[] =>
  context.params.slice(0, 30).map(({ name, from, to }) => {
    const label = code(name, 80)
    if (from === null) return `${label} is new: ${escapeMarkdown(to ?? '', 80)}`
    return to === null
      ? `${label} is gone (was ${escapeMarkdown(from, 80)})`
      : `${label} ${escapeMarkdown(from, 80)} → ${escapeMarkdown(to, 80)}`
  })

const dataWords = (context: CommentContext): readonly string[] =>
  context.data.slice(0, 20).map(({ path, sha256, changed }) => {
    const state = changed === null ? '' : changed ? ' changed' : ' unchanged'
    return `${code(path, 120)} ${code(`${sha256.slice(0, 4)}…`)}${state}`
  })

const sizeWords = (context: CommentContext): string | null => {
  if (context.modelBytes === null) return null
  const before = context.championBytes === null ? '' : ` (champion: ${formatBytes(context.championBytes)})`
  return `model ${formatBytes(context.modelBytes)}${before}`
}

/** What is different from the champion, as facts joined by middle dots; empty where nothing is known. */
const whatChanged = (context: CommentContext): string =>
  [
    ...paramsWords(context),
    ...(context.params.length > 30 ? [`${context.params.length - 30} more params`] : []),
    ...(context.codeChanged === null ? [] : [context.codeChanged ? 'code changed' : 'code unchanged']),
    ...dataWords(context),
    ...(context.seconds === null ? [] : [`trained in ${formatSeconds(context.seconds)}`]),
    ...[sizeWords(context)].filter(words => words !== null),
  ].join(' · ')

/** Methods that are named after somebody or something; the others are words already. */
const methodNames: Readonly<Record<string, string>> = {
  delong: 'DeLong',
  wilson: 'Wilson',
  'wilson on the smaller class': 'Wilson on the smaller class',
  t: "Student's t",
}

/** What these rows could have shown. Nothing where the two are alike, or where they have shown more. */
const detectableWords = ({ detectable, low, high }: Difference): string => {
  if (detectable !== null) return `, these rows show a difference of ${Number(detectable.toPrecision(2))} in 4 of 5 cases`
  const isOpen = low !== null && high !== null && low < 0 && high > 0
  return isOpen ? ', the two differ in too few rows to show any difference in 4 of 5 cases' : ''
}

const testWords = (row: JudgedRow): string | null => {
  const { difference, challenger } = row
  if (difference?.test) {
    const statistic = difference.statistic === null ? '' : `, statistic ${Number(difference.statistic.toPrecision(3))}`.replace('-', '−')
    const p = difference.p === null ? '' : `, p ${formatP(difference.p)}`
    return `${escapeMarkdown(row.title, 100)}: ${escapeMarkdown(difference.test, 100)}${statistic}${p}${detectableWords(difference)}`
  }
  return challenger.method === null
    ? null
    : `${escapeMarkdown(row.title, 100)}: interval by ${escapeMarkdown(methodNames[challenger.method] ?? challenger.method, 60)}`
}

const changeWords: Readonly<Record<Assessment['change'], string>> = {
  changed: 'judged as a change of code',
  retrained: 'judged as the same code retrained',
  first: 'judged as a first version',
}

const summaryOf = (context: CommentContext): string => {
  const facts = [
    ...(context.params.length === 0 ? [] : [`${context.params.length} ${context.params.length === 1 ? 'param' : 'params'}`]),
    ...(context.codeChanged ? ['code'] : []),
    ...(context.data.some(file => file.changed) ? ['data'] : []),
  ]
  return facts.length === 0 ? 'How this was decided' : `What changed (${facts.join(', ')}) and how this was decided`
}

/** The fold that makes the verdict checkable: what changed, by which test each metric was judged, and whose rules they are. */
export const decisionSection = (assessment: Assessment, context: CommentContext): string => {
  const { rules, seed, confidence } = assessment
  const how = [
    ...assessment.rows.map(testWords).filter(words => words !== null),
    changeWords[assessment.change],
    `intervals at ${Number((confidence * 100).toFixed(2))} %, two-sided`,
    ...(seed === null ? [] : [`seed ${seed}`]),
    `rules: ${code(rules.from, 200)} ${code(`${rules.digest.slice(0, 12)}…`)}`,
    ...(assessment.holdout === null ? [] : [`holdout ${code(`${assessment.holdout.digest.slice(0, 12)}…`)}`]),
  ].join(' · ')
  const changed = whatChanged(context)
  return fold(summaryOf(context), changed === '' ? how : `${changed}\n\n${how}`)
}

/** What else a reader must know of the rows: weights, clusters, and how often they have decided. */
const aboutRows = (assessment: Assessment, { weighted, clusters }: NonNullable<Assessment['holdout']>): readonly string[] => {
  const decided = decidedWords(assessment)
  return [
    ...(weighted ? ['Rows are weighted.'] : []),
    ...(clusters === null ? [] : [`${formatCount(clusters)} clusters; whole clusters are resampled.`]),
    ...(decided === null ? [] : [`${decided}.`]),
  ]
}

/** How often the holdout has decided before; null where it has not, where that is not known and where a note says it with what follows from it. */
export const decidedWords = ({ holdout, notes }: Assessment): string | null => {
  const decided = holdout?.decided ?? 0
  if (decided === 0 || notes.some(note => note.startsWith('this holdout has decided'))) return null
  return `This holdout has decided ${decided === 1 ? 'once' : `${formatCount(decided)} times`} before`
}

/** Which rows both models were scored on, and how they count; null where only reported metrics exist. */
export const holdoutSentence = (assessment: Assessment): string | null => {
  const { holdout, rows } = assessment
  if (holdout === null && rows.some(row => row.challenger.value === null)) return 'There are no usable predictions, so no rows to judge by.'
  if (holdout === null) return 'These are metrics as the training script reported them: no rows, so no intervals and nothing to pair.'
  return [scoredOn(assessment, holdout), ...aboutRows(assessment, holdout)].join(' ')
}

const scoredOn = ({ opponent, rows }: Assessment, holdout: NonNullable<Assessment['holdout']>): string => {
  const positive = holdout.positive === null ? '' : ` (${formatCount(holdout.positive)} positive)`
  if (opponent.kind !== 'champion') return `${formatCount(holdout.rows)} holdout rows${positive}.`
  if (holdout.paired === null) {
    const asked = rows.some(row => row.difference !== null && row.challenger.support !== null)
    const other = opponent.asked === undefined ? 'the champion' : escapeMarkdown(opponentName(opponent), 100)
    const how = asked ? `compared with ${other} as unrelated rows, as the rules ask` : `not paired with ${other}`
    return `${formatCount(holdout.rows)} holdout rows${positive}, ${how}.`
  }
  const lost = holdout.lost === 0 ? 'none lost' : `**${formatCount(holdout.lost)} lost**`
  const same =
    holdout.paired === holdout.rows
      ? `Same ${formatCount(holdout.rows)} holdout rows for both${positive}`
      : `${formatCount(holdout.paired)} of ${formatCount(holdout.rows)} holdout rows${positive} are common to both`
  return `${same}, paired by id, ${lost}.`
}
