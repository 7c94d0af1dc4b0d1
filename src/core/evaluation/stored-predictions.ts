import type { ModelConfiguration } from '../configuration/schema.ts'

/**
 * The rules to read predictions by that are stored beside a version: they are always kept under the standard column names, so that a later renaming of
 * columns in refline.yml does not make an old champion unreadable.
 */
export const rulesForStored = (model: ModelConfiguration): ModelConfiguration => {
  if (model.predictions === undefined || !('columns' in model.predictions)) return model
  const { columns: _columns, ...predictions } = model.predictions
  return { ...model, predictions }
}
