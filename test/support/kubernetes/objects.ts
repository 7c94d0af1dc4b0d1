import type { Json, JsonObject } from './json-patch.ts'

export const services = { blue: 'churn-blue', green: 'churn-green' } as const
export const routeName = 'churn'

export const paths = {
  namespaces: '/api/v1/namespaces',
  routes: (namespace: string) => `/apis/gateway.networking.k8s.io/v1/namespaces/${namespace}/httproutes`,
  route: (namespace: string, name: string = routeName) => `${paths.routes(namespace)}/${name}`,
  deployments: (namespace: string) => `/apis/apps/v1/namespaces/${namespace}/deployments`,
  deployment: (namespace: string, name: string) => `${paths.deployments(namespace)}/${name}`,
  endpointSlices: (namespace: string) => `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`,
} as const

const backend = (name: string, weight?: number): JsonObject => ({ name, port: 8080, ...(weight === undefined ? {} : { weight }) })

/** Two rules that split, the second with a weight left out (which is 1): blue has everything. */
export const twoRules: readonly JsonObject[] = [
  {
    matches: [{ path: { type: 'PathPrefix', value: '/' } }],
    backendRefs: [backend(services.blue, 100), backend(services.green, 0)],
  },
  {
    name: 'checkout',
    matches: [{ path: { type: 'PathPrefix', value: '/checkout' } }],
    backendRefs: [backend(services.green, 0), backend(services.blue)],
  },
]

export const routeObject = (rules: readonly JsonObject[] = twoRules, name: string = routeName): JsonObject => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name },
  spec: { parentRefs: [{ name: 'public' }], hostnames: ['churn.example'], rules: rules as Json[] },
})

export const deploymentObject = (name: string, replicas: number): JsonObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'model', image: 'registry.invalid/churn:1' }] } },
  },
})

/** The status of a Deployment all of whose replicas are new, `available` of them able to serve. */
export const deploymentStatus = (replicas: number, available: number, observedGeneration: number): JsonObject => ({
  observedGeneration,
  replicas,
  updatedReplicas: replicas,
  readyReplicas: available,
  availableReplicas: available,
})

export const endpointSliceObject = (service: string, ready: readonly boolean[]): JsonObject => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: `${service}-abcde`, labels: { 'kubernetes.io/service-name': service } },
  addressType: 'IPv4',
  ports: [{ name: '', port: 8080, protocol: 'TCP' }],
  endpoints: ready.map((isReady, index) => ({ addresses: [`10.0.0.${index + 1}`], conditions: { ready: isReady } })),
})
