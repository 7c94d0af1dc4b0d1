import { z } from 'zod'
import { configuration } from '../../src/core/configuration/schema.ts'

type Shape = Record<string, unknown>

/** JSON Schema of `refline.yml`, for editors. `defaults` takes the keys of a model with none of them required. */
export const configurationSchema = (): Shape => {
  const { $schema, ...schema } = z.toJSONSchema(configuration, { io: 'input' }) as Shape
  const properties = schema.properties as Record<string, Shape>
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
