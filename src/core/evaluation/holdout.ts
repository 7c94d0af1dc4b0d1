import type { Predictions } from './predictions.ts'

/** Identity of a holdout: hex SHA-256 over its rows sorted by id, each with its label and slice columns. Scores play no part, nor does the order of rows. */
export const holdoutDigest = (_predictions: Predictions): string => {
  throw new Error('not written yet')
}
