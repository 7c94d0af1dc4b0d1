import type { HttpRoute, ParentRef } from './route.ts'

const parentInWords = ({ kind, namespace, name, sectionName }: ParentRef): string =>
  `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}${sectionName === undefined ? '' : ` (${sectionName})`}`

const sameParent = (one: ParentRef, other: ParentRef, namespace: string): boolean =>
  one.group === other.group &&
  one.kind === other.kind &&
  one.name === other.name &&
  (one.namespace ?? namespace) === (other.namespace ?? namespace) &&
  one.sectionName === other.sectionName &&
  one.port === other.port

/**
 * What is missing until every gateway of a route has taken its present generation: each parent that the route names has a status in which `Accepted` and
 * `ResolvedRefs` are true and `PartiallyInvalid` is not, all observed at this generation. A status of a parent that the route no longer names is passed over. Empty where nothing is missing.
 */
export const missingAcceptance = (route: HttpRoute, namespace: string): readonly string[] => {
  const { generation } = route.metadata
  if (route.spec.parentRefs.length === 0) return ['the route names no parent, so no gateway serves it']
  return route.spec.parentRefs.flatMap(parent => {
    const statuses = route.status.parents.filter(({ parentRef }) => sameParent(parentRef, parent, namespace))
    if (statuses.length === 0) return [`${parentInWords(parent)} has not said anything of the route`]
    return statuses.flatMap(({ conditions, controllerName }) => {
      const of = `${parentInWords(parent)} (${controllerName})`
      const stale = conditions.filter(({ observedGeneration }) => observedGeneration < generation)
      const wanted = ['Accepted', 'ResolvedRefs'].flatMap(type => {
        const found = conditions.find(condition => condition.type === type)
        if (found === undefined) return [`${of} shows no condition ${type}`]
        if (stale.includes(found)) return [`${of} shows ${type} of generation ${found.observedGeneration}, the route is at ${generation}`]
        return found.status === 'True' ? [] : [`${of} shows ${type} ${found.status}: ${found.reason} ${found.message}`.trim()]
      })
      const partial = conditions.find(({ type, status }) => type === 'PartiallyInvalid' && status === 'True')
      return partial === undefined || stale.includes(partial)
        ? wanted
        : [...wanted, `${of} shows PartiallyInvalid True: ${partial.reason} ${partial.message}`.trim()]
    })
  })
}
