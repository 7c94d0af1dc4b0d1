import type { ModelConfiguration } from '../../core/configuration/schema.ts'
import type { Predictions } from '../../core/evaluation/predictions.ts'

/**
 * Reads a predictions file (.csv, .jsonl or .parquet) into typed columns by the model's rules. A missing file or column, text where a number must be,
 * or broken quoting is a UserError with file, line and column; NaN scores and an empty file are kept as `problem`.
 */
export const readPredictions = async (_path: string, _rules: ModelConfiguration): Promise<Predictions> => {
  throw new Error('not written yet')
}
