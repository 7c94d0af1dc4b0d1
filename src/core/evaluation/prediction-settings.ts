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
  /** Column of weights and of clusters; null where none is named. */
  readonly weight: string | null
  readonly cluster: string | null
  /** Are the two models compared on the same rows? */
  readonly paired: boolean
  /** Columns that slices and groups are made of. */
  readonly slices: readonly string[]
}

/** The settings of a model's predictions. */
export const predictionSettings = (rules: ModelConfiguration): PredictionSettings => {
  const section: Partial<Section> = rules.predictions ?? {}
  const named = section.columns ?? {}
  const slices = [...Object.keys(rules.slices ?? {}), ...Object.keys(rules.fairness ?? {})].flatMap(name =>
    name.split(' x ').map(part => part.trim()),
  )
  return {
    named,
    columns: {
      id: named.id ?? 'id',
      label: named.label ?? 'label',
      score: named.score ?? 'score',
      prediction: named.prediction ?? 'prediction',
    },
    threshold: section.threshold ?? null,
    positive: section.positive === undefined ? null : String(section.positive),
    score: section.score ?? null,
    weight: named.weight ?? null,
    cluster: section.cluster ?? null,
    paired: section.paired ?? true,
    slices: [...new Set(slices)].sort(),
  }
}
