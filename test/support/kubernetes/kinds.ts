import type { Json } from './json-patch.ts'

/** A kind of object that the double holds. */
export interface Kind {
  readonly kind: string
  readonly group: string
  readonly apiVersion: string
  readonly plural: string
  readonly singular: string
  readonly isNamespaced: boolean
  readonly hasStatus: boolean
  /** Paths of its objects, with the groups namespace, name and status. */
  readonly path: RegExp
}

const kindOf = (kind: string, group: string, isNamespaced: boolean, hasStatus: boolean): Kind => {
  const plural = `${kind.toLowerCase()}s`
  const base = group === '' ? '/api/v1' : `/apis/${group.replaceAll('.', '\\.')}/v1`
  const place = isNamespaced ? '/namespaces/(?<namespace>[^/]+)' : ''
  return {
    kind,
    group,
    apiVersion: group === '' ? 'v1' : `${group}/v1`,
    plural,
    singular: kind.toLowerCase(),
    isNamespaced,
    hasStatus,
    path: new RegExp(`^${base}${place}/${plural}(?:/(?<name>[^/]+)(?:/(?<status>status))?)?$`),
  }
}

export const kinds: readonly Kind[] = [
  kindOf('HTTPRoute', 'gateway.networking.k8s.io', true, true),
  kindOf('Deployment', 'apps', true, true),
  kindOf('EndpointSlice', 'discovery.k8s.io', true, false),
  kindOf('Namespace', '', false, false),
]

const groups = [...new Set(kinds.map(({ group }) => group).filter(group => group !== ''))]

/** What discovery answers at a path, in the form that every version of kubectl reads; undefined where it is another path. */
export const legacyDiscovery = (path: string, knowsRoutes: boolean): Json | undefined => {
  const known = groups.filter(group => knowsRoutes || group !== 'gateway.networking.k8s.io')
  if (path === '/version') return { major: '1', minor: '33', gitVersion: 'v1.33.0', platform: 'linux/amd64' }
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] }
  if (path === '/apis')
    return {
      kind: 'APIGroupList',
      apiVersion: 'v1',
      groups: known.map(name => {
        const version = { groupVersion: `${name}/v1`, version: 'v1' }
        return { name, versions: [version], preferredVersion: version }
      }),
    }
  const [, group] = /^\/apis\/([^/]+)\/v1$/.exec(path) ?? []
  if (path !== '/api/v1' && (group === undefined || !known.includes(group))) return undefined
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: group === undefined ? 'v1' : `${group}/v1`,
    resources: kinds
      .filter(kind => kind.group === (group ?? ''))
      .map(({ plural, singular, kind, isNamespaced }) => ({
        name: plural,
        singularName: singular,
        namespaced: isNamespaced,
        kind,
        verbs: ['create', 'get', 'list', 'patch'],
      })),
  }
}
