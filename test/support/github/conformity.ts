import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv, type ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'

type Schema = Record<string, unknown>
interface Operation {
  readonly requestBody?: { readonly required?: boolean; readonly content: Record<string, { readonly schema?: Schema }> }
  readonly responses: Record<string, Schema>
}
interface Description {
  readonly source: string
  readonly paths: Record<string, Record<string, Operation>>
  readonly components: Record<string, Record<string, Schema>>
}

/** A request's operation: `key` is `GET /repos/{owner}/{repo}` and `parameters` are the decoded parts of the path. */
export interface MatchedOperation {
  readonly key: string
  readonly parameters: Readonly<Record<string, string>>
}

/**
 * Where GitHub itself does what its description does not say. Each entry: which operation, what is let through, and why. Everything else that
 * differs is a violation.
 */
const exceptions: readonly {
  readonly what: string
  readonly status?: readonly number[]
  readonly field?: RegExp
  readonly why: string
}[] = [
  {
    what: 'statuses of every operation',
    status: [400, 401, 403, 404, 429, 500, 502, 503],
    why: 'authentication, permissions, missing objects, rate limits and outages are described once in the documentation and listed for few operations',
  },
  {
    what: 'PATCH /repos/{owner}/{repo}/releases/{release_id}',
    status: [422],
    why: 'publishing on a taken tag is answered so; the description lists 200 and 404 only',
  },
  {
    what: 'DELETE /repos/{owner}/{repo}/releases/assets/{asset_id}',
    status: [422],
    why: 'assets of an immutable release cannot be removed',
  },
  { what: 'PATCH /repos/{owner}/{repo}/releases/assets/{asset_id}', status: [422], why: 'a taken name, and immutable releases' },
  {
    what: 'asset state',
    field: /\/state$/,
    why: 'the prose of the description says that an interrupted upload leaves an asset in state `starter`; its enumeration omits it',
  },
]

/** `nullable: true` of OpenAPI 3.0 as JSON Schema says it; ajv knows it only beside `type`. */
const withNull = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withNull)
  if (typeof value !== 'object' || value === null) return value
  const { nullable, ...rest } = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withNull(item)]))
  return nullable === true ? { anyOf: [rest, { type: 'null' }] } : nullable === undefined ? rest : { ...rest, nullable }
}

const multiple = new Set(['path', 'ref', 'tag'])
const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** Compares requests and responses with GitHub's own description of its API. */
export class Conformity {
  readonly source: string
  readonly #description: Description
  readonly #ajv: Ajv
  readonly #validators = new Map<string, ValidateFunction>()
  readonly #templates: readonly {
    readonly key: string
    readonly method: string
    readonly names: readonly string[]
    readonly pattern: RegExp
  }[]

  constructor() {
    const description = JSON.parse(readFileSync(join(import.meta.dirname, 'openapi.json'), 'utf8')) as Description
    this.source = description.source
    this.#description = withNull(description) as Description
    this.#ajv = new Ajv({ strict: false, logger: false, validateSchema: false, allErrors: true })
    addFormats.default(this.#ajv)
    this.#ajv.addSchema({ ...this.#description, $id: 'github' })
    this.#templates = Object.entries(description.paths)
      .flatMap(([path, methods]) =>
        Object.keys(methods).map(method => {
          const names: string[] = []
          const source = path
            .split(/(\{[a-z_]+\})/)
            .map(part => {
              if (!part.startsWith('{')) return escaped(part)
              const name = part.slice(1, -1)
              names.push(name)
              return multiple.has(name) ? '(.+)' : '([^/]+)'
            })
            .join('')
          return { key: `${method.toUpperCase()} ${path}`, method: method.toUpperCase(), names, pattern: new RegExp(`^${source}$`), path }
        }),
      )
      .sort((a, b) => b.path.replace(/\{[^}]+\}/g, '').length - a.path.replace(/\{[^}]+\}/g, '').length)
  }

  /** Every operation of the extract, as `METHOD template`. */
  get operations(): readonly string[] {
    return this.#templates.map(template => template.key)
  }

  /** Finds the operation of a request; the path still has its percent signs. Null where the description (or its extract) has none. */
  match(method: string, path: string): MatchedOperation | null {
    for (const template of this.#templates) {
      const found = template.method === method ? template.pattern.exec(path) : null
      if (found === null) continue
      const parameters = template.names.map((name, index) => [name, decodeURIComponent(found[index + 1] ?? '')])
      return { key: template.key, parameters: Object.fromEntries(parameters) }
    }
    return null
  }

  /** What is wrong with a request's JSON body; unknown properties are named too, since GitHub would ignore what the caller counts on. */
  request(key: string, body: unknown): readonly string[] {
    const [method = '', path = ''] = key.split(' ')
    const described = this.#description.paths[path]?.[method.toLowerCase()]?.requestBody
    const schema = described?.content['application/json']?.schema
    if (body === undefined) return described?.required === true && schema !== undefined ? [`${key}: a body is required`] : []
    if (schema === undefined) return [`${key}: takes no JSON body`]
    const problems = this.#check(`${key} request`, schema, body)
    const properties = schema.properties as Schema | undefined
    const unknown =
      properties === undefined || typeof body !== 'object' || body === null
        ? []
        : Object.keys(body).filter(name => properties[name] === undefined)
    return [...problems, ...unknown.map(name => `${key} request: unknown property ${name}`)]
  }

  /** What is wrong with a response. `body` is undefined where there is none, or none in JSON. */
  response(key: string, status: number, body: unknown): readonly string[] {
    const [method = '', path = ''] = key.split(' ')
    const described = this.#resolve(this.#description.paths[path]?.[method.toLowerCase()]?.responses[String(status)])
    if (described === undefined) {
      const excepted = exceptions.some(
        exception => exception.status?.includes(status) === true && (exception.what === key || exception.what.startsWith('statuses')),
      )
      if (!excepted) return [`${key}: status ${status} is not described`]
      return body === undefined ? [] : this.#check('error response', { $ref: 'github#/components/schemas/basic-error' }, body)
    }
    const content = described.content as Record<string, { readonly schema?: Schema }> | undefined
    const schema = content?.['application/json']?.schema
    if (schema === undefined || body === undefined) return []
    return this.#check(`${key} ${status}`, schema, body)
  }

  #resolve(response: Schema | undefined): Schema | undefined {
    const reference = response?.$ref
    if (typeof reference !== 'string') return response
    const [, , section = '', name = ''] = reference.split('/')
    return this.#description.components[section]?.[name]
  }

  #check(name: string, schema: Schema, value: unknown): readonly string[] {
    let validate = this.#validators.get(name)
    if (validate === undefined) {
      const text = JSON.stringify(schema).replaceAll('"#/components/', '"github#/components/')
      validate = this.#ajv.compile(JSON.parse(text) as Schema)
      this.#validators.set(name, validate)
    }
    if (validate(value)) return []
    return (validate.errors ?? [])
      .filter(error => error.keyword !== 'enum' || !exceptions.some(exception => exception.field?.test(error.instancePath) === true))
      .map(error => `${name}: ${error.instancePath || '/'} ${error.message ?? 'is wrong'}`)
  }
}
