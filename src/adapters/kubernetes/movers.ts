import type { HttpRoute } from './route.ts'

const ownManager = 'refline'

const ownsRules = (fields: Readonly<Record<string, unknown>>): boolean => {
  const spec = fields['f:spec']
  return typeof spec === 'object' && spec !== null && 'f:rules' in spec
}

/**
 * Who changed the rules last, as the API server noted it ("kubectl-edit at 2026-01-02T03:04:05Z"); null where it was Refline or is not noted. The list of rules
 * has one owner as a whole, so this is whoever wrote any of them.
 */
export const lastMover = (route: HttpRoute): string | null => {
  const owners = route.metadata.managedFields
    .filter(({ fieldsV1 }) => ownsRules(fieldsV1))
    .toSorted((one, other) => other.time.localeCompare(one.time))
  const [latest] = owners
  if (latest === undefined || latest.manager === ownManager) return null
  return `${latest.manager}${latest.time === '' ? '' : ` at ${latest.time}`}`
}
