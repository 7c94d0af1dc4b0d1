import { UserError } from '../errors.ts'
import { labelOf, truthOf } from './log-values.ts'

/** What is known of one request so far; null is not known yet. Predictions and labels are as `labelOf` writes them. */
export interface KnownRequest {
  readonly prediction: string | null
  readonly label: string | null
  readonly flag: boolean | null
}

/** What one request adds to a rate: `outside` is not among those counted, `waits` needs a label that is not there yet. */
export type Counted = 'good' | 'bad' | 'outside' | 'waits'

/** A rate of a prediction log: which requests are counted, and which of them are bad. */
export interface Rate {
  readonly needsPrediction: boolean
  /** The column that says by itself what is bad, null where prediction and label do. */
  readonly flagColumn: string | null
  /** Scores from here on are positive decisions, null where the log holds decisions. */
  readonly threshold: number | null
  judge(request: KnownRequest): Counted
}

export interface RateSettings {
  /** `predicted_positive` makes bad ones the complement of precision, `actual_positive` that of recall. */
  readonly of: 'all' | 'predicted_positive' | 'actual_positive'
  /** `wrong`: prediction and label differ. `positive`, `negative`: what was predicted. `<column> is true`: what the log says. */
  readonly bad: string
  /** The positive label; 1, true and yes by default. */
  readonly positive: string | null
  readonly threshold: number | null
}

/** Predictions of a rate with a threshold, which has made decisions of scores. */
export const decided = { positive: 'positive', negative: 'negative' } as const

const flagPattern = /^(?<column>.+?) is true$/

/** The rate that a configuration names; `where` begins the message of one that is none. */
export const rateOf = ({ of, bad, positive, threshold }: RateSettings, where: string): Rate => {
  const flagColumn = flagPattern.exec(bad)?.groups?.column ?? null
  if (flagColumn === null && bad !== 'wrong' && bad !== 'positive' && bad !== 'negative')
    throw new UserError(`${where}: bad: ${JSON.stringify(bad)} is none of wrong, positive, negative or "<column> is true"`)
  if (of === 'predicted_positive' && (bad === 'positive' || bad === 'negative'))
    throw new UserError(
      `${where}: of: predicted_positive counts requests that were all predicted positive, so bad: ${bad} says nothing; write bad: wrong, which is 1 - precision`,
    )
  const named = positive === null ? null : labelOf(positive)
  const isPositive = (text: string, what: string): boolean => {
    if (named !== null) return text === named
    const truth = truthOf(text)
    if (truth === null)
      throw new UserError(
        `${where}: a ${what} is ${JSON.stringify(text.slice(0, 60))}, and which label is positive is not known; set \`positive\``,
      )
    return truth
  }
  const predictedPositive = (text: string): boolean => (threshold === null ? isPositive(text, 'prediction') : text === decided.positive)
  const isWrong = (prediction: string, label: string): boolean => {
    if (threshold !== null) return predictedPositive(prediction) !== isPositive(label, 'label')
    if (prediction === label) return false
    const [one, other] = [truthOf(prediction), truthOf(label)]
    return one === null || one !== other
  }

  return {
    needsPrediction: of === 'predicted_positive' || flagColumn === null,
    flagColumn,
    threshold,
    judge: ({ prediction, label, flag }) => {
      if (of === 'predicted_positive') {
        if (prediction === null) return 'waits'
        if (!predictedPositive(prediction)) return 'outside'
      }
      if (of === 'actual_positive') {
        if (label === null) return 'waits'
        if (!isPositive(label, 'label')) return 'outside'
      }
      if (flagColumn !== null) return flag === null ? 'waits' : flag ? 'bad' : 'good'
      if (prediction === null) return 'waits'
      if (bad === 'wrong') return label === null ? 'waits' : isWrong(prediction, label) ? 'bad' : 'good'
      return predictedPositive(prediction) === (bad === 'positive') ? 'bad' : 'good'
    },
  }
}
