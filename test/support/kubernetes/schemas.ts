import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv, type ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'
import type { Json, JsonObject } from './json-patch.ts'

const file = join(import.meta.dirname, '..', '..', 'fixtures', 'kubernetes', 'schemas.json')

interface Schemas {
  readonly httpRoute: Readonly<Record<Channel, JsonObject>>
  readonly components: JsonObject
}

/** Channel of the Gateway API's CRDs. */
export type Channel = 'standard' | 'experimental'

/** What the API server calls strict field validation: a field that no schema names is an error. Kubernetes writes "may be null" in its own way. */
const strict = (value: Json): Json => {
  if (Array.isArray(value)) return value.map(strict)
  if (typeof value !== 'object' || value === null) return value
  const { nullable, ...rest } = value
  const kept = Object.fromEntries(Object.entries(rest).map(([key, part]) => [key, strict(part)]))
  const closed =
    'properties' in kept && kept.type === 'object' && !('additionalProperties' in kept) ? { ...kept, additionalProperties: false } : kept
  return nullable === true && typeof closed.type === 'string' ? { ...closed, type: [closed.type, 'null'] } : closed
}

/** In the published schema of an object of a CRD, metadata is `{type: object}`; it is what every object has. */
const objectMeta = { $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' }

/** Checks objects against the published schemas; `null` where an object is as it should be, else what is wrong. */
export const publishedSchemas = (channel: Channel) => {
  const { httpRoute, components } = JSON.parse(readFileSync(file, 'utf8')) as Schemas
  const ajv = addFormats
    .default(new Ajv({ strict: false, allErrors: true }), ['date-time', 'int32', 'int64'])
    .addFormat('int-or-string', true)
  const compile = (schema: JsonObject): ValidateFunction => ajv.compile(strict({ ...schema, components }) as JsonObject)
  const reference = (name: string) => compile({ allOf: [{ $ref: `#/components/schemas/${name}` }] })
  const route = httpRoute[channel]
  const validators: Readonly<Record<string, ValidateFunction>> = {
    HTTPRoute: compile({ ...route, properties: { ...(route.properties as JsonObject), metadata: objectMeta } }),
    Deployment: reference('io.k8s.api.apps.v1.Deployment'),
    EndpointSlice: reference('io.k8s.api.discovery.v1.EndpointSlice'),
    EndpointSliceList: reference('io.k8s.api.discovery.v1.EndpointSliceList'),
  }
  return (kind: string, value: Json): string | null => {
    const validate = validators[kind]
    if (validate === undefined) return `there is no schema of ${kind}`
    if (validate(value)) return null
    return (validate.errors ?? [])
      .map(({ instancePath, message, params }) => `${instancePath || '/'} ${message} ${JSON.stringify(params)}`)
      .join('; ')
  }
}
