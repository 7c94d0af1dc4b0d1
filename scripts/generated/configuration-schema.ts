import { z } from 'zod'
import { configuration } from '../../src/core/configuration/schema.ts'

type Shape = Record<string, unknown>

/** JSON Schema of `refline.yml`, for editors. `defaults` takes the keys of a model with none of them required. */
export const configurationSchema = (): Shape => {
  const { $schema, ...schema } = z.toJSONSchema(configuration, { io: 'input' }) as Shape
  const properties = schema.properties as Record<string, Shape>
  allowSources(properties)
  return {
    $schema,
    title: 'refline.yml',
    ...schema,
    properties: {
      defaults: { description: 'laid under every model, key by key', ...optional(properties.models?.additionalProperties) },
      ...properties,
    },
  }
}

/** Lets each kind of signal name a source of its kind instead of what that has. */
const allowSources = (properties: Readonly<Record<string, Shape>>): void => {
  const branches = (shape: Shape | undefined) => (shape?.oneOf ?? []) as readonly Signal[]
  const environment = properties.environments?.additionalProperties as { readonly properties: Record<string, Shape> }
  const signals = environment.properties.signals as { additionalProperties: Shape }
  const sources = branches(properties.sources?.additionalProperties as Shape)
  const named = branches(signals.additionalProperties).map(signal => {
    const { kind, ...own } = signal.properties
    const source = sources.find(({ properties: of }) => of.kind?.const === kind?.const)
    const given = Object.keys(source?.properties ?? {})
    return {
      ...signal,
      properties: { source: { type: 'string', description: `a source of kind ${kind?.const} under \`sources\`` }, ...own },
      required: ['source', ...(signal.required ?? []).filter(key => !given.includes(key))],
    }
  })
  signals.additionalProperties = { anyOf: [...branches(signals.additionalProperties), ...named] }
}

interface Signal {
  readonly properties: Readonly<Record<string, Shape>>
  readonly required?: readonly string[]
}

const optional = (shape: unknown): Shape => {
  const relaxed = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(relaxed)
      : typeof value === 'object' && value !== null
        ? Object.fromEntries(
            Object.entries(value)
              .filter(([keyword, inner]) => !(keyword === 'required' && Array.isArray(inner)))
              .map(([keyword, inner]) => [keyword, relaxed(inner)]),
          )
        : value
  return relaxed(shape) as Shape
}
