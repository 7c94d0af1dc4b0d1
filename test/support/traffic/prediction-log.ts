import { randomUUID } from 'node:crypto'

interface Line {
  readonly id: string
  readonly version: number
  readonly at: number
  readonly predicted: boolean
  readonly truth: boolean
}

/** Milliseconds until the truth about a prediction is known: long enough to be late, short enough for a test. */
const labelAfter = 700

export interface PredictionLog {
  /** Predicts fraud in half of the cases; of these the share `precision` is right. Where no fraud is predicted there is none. */
  predict(version: number, uniform: () => number, precision: number): { readonly id: string; readonly fraud: boolean }
  /** One line of JSON for each prediction since an instant (milliseconds since 1970); `chargeback` is there once it is known. */
  text(since: number): string
}

/** What an app predicted and, later, what turned out to be true. */
export const predictionLog = (): PredictionLog => {
  const lines: Line[] = []
  return {
    predict: (version, uniform, precision) => {
      const predicted = uniform() < 0.5
      const line = { id: randomUUID(), version, at: Date.now(), predicted, truth: predicted && uniform() < precision }
      lines.push(line)
      return { id: line.id, fraud: predicted }
    },
    text: since => {
      const now = Date.now()
      return lines
        .filter(({ at }) => at >= since)
        .map(({ id, version, at, predicted, truth }) => {
          const known = now - at >= labelAfter ? { chargeback: truth ? 1 : 0 } : {}
          const line = { request_id: id, ts: new Date(at).toISOString(), model_version: version, decision: predicted ? 1 : 0, ...known }
          return `${JSON.stringify(line)}\n`
        })
        .join('')
    },
  }
}
