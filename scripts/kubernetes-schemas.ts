/**
 * Makes `test/fixtures/kubernetes/schemas.json`: the published schemas of the objects that the double of the Kubernetes API holds, without prose. HTTPRoute
 * comes from the CRDs of the Go module sigs.k8s.io/gateway-api (both channels), the others from the OpenAPI description in the Go module k8s.io/kubernetes.
 *
 *   node scripts/kubernetes-schemas.ts
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parse } from 'yaml'
import { root } from './actions.ts'
import { gatewayApiVersion, goModuleFolder, kubernetesVersion } from './kubernetes-programs.ts'

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
type Schema = { readonly [key: string]: Json }

export const schemasFile = join(root, 'test', 'fixtures', 'kubernetes', 'schemas.json')

/** Without descriptions and rules that only the server itself can run (CEL). */
const withoutProse = (value: Json, isMapOfSchemas = false): Json => {
  if (Array.isArray(value)) return value.map(item => withoutProse(item))
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(
    ([key]) => isMapOfSchemas || !(key === 'description' || key.startsWith('x-kubernetes-') || key === 'externalDocs'),
  )
  return Object.fromEntries(
    kept.map(([key, part]) => [key, withoutProse(part, !isMapOfSchemas && (key === 'properties' || key === 'schemas'))]),
  )
}

const httpRoute = (channel: 'standard' | 'experimental'): Json => {
  const folder = goModuleFolder('sigs.k8s.io/gateway-api', gatewayApiVersion)
  const file = join(folder, 'config', 'crd', channel, 'gateway.networking.k8s.io_httproutes.yaml')
  const { spec } = parse(readFileSync(file, 'utf8')) as {
    spec: { versions: readonly { name: string; schema: { openAPIV3Schema: Schema } }[] }
  }
  const version = spec.versions.find(({ name }) => name === 'v1')
  if (version === undefined) throw new Error(`${file} has no version v1`)
  return withoutProse(version.schema.openAPIV3Schema)
}

const referencesIn = (value: Json): readonly string[] => {
  if (Array.isArray(value)) return value.flatMap(referencesIn)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, part]) =>
    key === '$ref' && typeof part === 'string' ? [part.slice('#/components/schemas/'.length)] : referencesIn(part),
  )
}

/** A schema of the description of a group, with all that it references. */
const builtIn = (group: string, name: string): Schema => {
  const file = join(
    goModuleFolder('k8s.io/kubernetes', kubernetesVersion()),
    'api',
    'openapi-spec',
    'v3',
    `apis__${group}__v1_openapi.json`,
  )
  const { components } = JSON.parse(readFileSync(file, 'utf8')) as { components: { schemas: Schema } }
  const taken: Record<string, Json> = {}
  const waiting = [name]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next in taken) continue
    const schema = withoutProse(components.schemas[next] ?? null)
    taken[next] = schema
    waiting.push(...referencesIn(schema))
  }
  return taken
}

/** The text of the file. */
export const kubernetesSchemas = (): string => {
  const value = {
    source: `sigs.k8s.io/gateway-api ${gatewayApiVersion}, k8s.io/kubernetes ${kubernetesVersion()} (both Apache-2.0), made by scripts/kubernetes-schemas.ts`,
    httpRoute: { standard: httpRoute('standard'), experimental: httpRoute('experimental') },
    components: {
      schemas: {
        ...builtIn('apps', 'io.k8s.api.apps.v1.Deployment'),
        ...builtIn('discovery.k8s.io', 'io.k8s.api.discovery.v1.EndpointSlice'),
        ...builtIn('discovery.k8s.io', 'io.k8s.api.discovery.v1.EndpointSliceList'),
      },
    },
  }
  return `${JSON.stringify(value)}\n`
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) writeFileSync(schemasFile, kubernetesSchemas())
