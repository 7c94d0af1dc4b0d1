import type { ModelConfiguration } from '../configuration/schema.ts'

type Section = Extract<NonNullable<ModelConfiguration['predictions']>, { columns?: unknown }>

/** The predictions section of refline.yml with its defaults. `columns` names what the file must be searched for; `named` what the user wrote. */
export interface PredictionSettings {
  readonly named: NonNullable<Section['columns']>
  readonly columns: { readonly id: string; readonly label: string; readonly score: string; readonly prediction: string }
  readonly threshold: number | null
  /** As text; null where none is named. */
  readonly positive: string | null
  /** Makes predictions from a saved model; null where there is no such command. */
  readonly score: string | readonly string[] | null
  /** Columns that slices are made of. */
  readonly slices: readonly string[]
}

/** The settings of a model's predictions. */
export const predictionSettings = (rules: ModelConfiguration): PredictionSettings => {
  const section: Partial<Section> = rules.predictions ?? {}
  const named = section.columns ?? {}
  const slices = Object.keys(rules.slices ?? {}).flatMap(name => name.split(' x ').map(part => part.trim()))
  return {
    named,
    columns: { id: 'id', label: 'label', score: 'score', prediction: 'prediction', ...named } as PredictionSettings['columns'],
    threshold: section.threshold ?? null,
    positive: section.positive === undefined ? null : String(section.positive),
    score: section.score ?? null,
    slices: [...new Set(slices)].sort(),
  }
}
