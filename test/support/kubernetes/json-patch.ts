/** A JSON value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
export type JsonObject = { [key: string]: Json }

interface Operation {
  readonly op: string
  readonly path: string
  readonly value?: Json
}

/** A `test` that did not hold, or a path that is not there. */
export class PatchRefused extends Error {}

const isObject = (value: Json | undefined): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Whether two JSON values are the same, whatever the order of keys. */
export const sameJson = (one: Json | undefined, other: Json | undefined): boolean => {
  if (Array.isArray(one) && Array.isArray(other))
    return one.length === other.length && one.every((item, index) => sameJson(item, other[index]))
  if (isObject(one) && isObject(other)) {
    const keys = Object.keys(one)
    return keys.length === Object.keys(other).length && keys.every(key => key in other && sameJson(one[key], other[key]))
  }
  return one === other
}

const partsOf = (path: string): readonly string[] => {
  if (!path.startsWith('/')) throw new PatchRefused(`"${path}" is no JSON Pointer`)
  return path
    .slice(1)
    .split('/')
    .map(part => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}

const at = (value: Json | undefined, part: string): Json | undefined => {
  if (Array.isArray(value)) return /^(0|[1-9]\d*)$/.test(part) ? value[Number(part)] : undefined
  return isObject(value) && Object.hasOwn(value, part) ? value[part] : undefined
}

const apply = (document: Json, { op, path, value }: Operation): void => {
  const parts = partsOf(path)
  const last = parts.at(-1) ?? ''
  const parent = parts.slice(0, -1).reduce<Json | undefined>(at, document)
  const present = at(parent, last)
  if (parent === undefined || (op !== 'add' && present === undefined)) throw new PatchRefused(`${op} ${path}: there is nothing there`)
  if (op === 'test') {
    if (!sameJson(present, value)) throw new PatchRefused(`testing value ${path} failed`)
    return
  }
  if (value === undefined && op !== 'remove') throw new PatchRefused(`${op} ${path} has no value`)
  if (Array.isArray(parent)) {
    const index = last === '-' ? parent.length : Number(last)
    if (!Number.isInteger(index) || index < 0 || index > parent.length) throw new PatchRefused(`${op} ${path}: there is no such place`)
    if (op === 'add') parent.splice(index, 0, value as Json)
    else if (op === 'replace') parent[index] = value as Json
    else parent.splice(index, 1)
    return
  }
  if (!isObject(parent)) throw new PatchRefused(`${op} ${path}: its parent holds nothing`)
  if (op === 'remove') delete parent[last]
  else parent[last] = value as Json
}

/** Applies a JSON Patch (RFC 6902: test, add, replace, remove) to a copy. Throws `PatchRefused`, and then nothing of it counts. */
export const jsonPatched = (document: JsonObject, patch: Json): JsonObject => {
  const copy = structuredClone(document)
  if (!Array.isArray(patch)) throw new PatchRefused('a JSON Patch is a list')
  for (const operation of patch) {
    if (!isObject(operation) || typeof operation.path !== 'string' || !['test', 'add', 'replace', 'remove'].includes(String(operation.op)))
      throw new PatchRefused(`${JSON.stringify(operation)} is no operation`)
    apply(copy, operation as unknown as Operation)
  }
  return copy
}

/** Applies a JSON Merge Patch (RFC 7386) to a copy. */
export const mergePatched = (document: Json | undefined, patch: Json): Json => {
  if (!isObject(patch)) return patch
  const copy: JsonObject = isObject(document) ? structuredClone(document) : {}
  for (const [key, value] of Object.entries(patch))
    if (value === null) delete copy[key]
    else copy[key] = mergePatched(copy[key], value)
  return copy
}
