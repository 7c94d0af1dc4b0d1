import { z } from 'zod'
import { UserError } from '../../core/errors.ts'
import type { Kubectl } from './kubectl.ts'

/** What a slot could serve with. */
export interface Readiness {
  /** Everything that is wanted can serve, and that is more than nothing. */
  readonly ready: boolean
  /** Something can serve. */
  readonly some: boolean
  /** Only the newest version runs. */
  readonly settled: boolean
  /** It will not become ready by waiting. */
  readonly failed: boolean
  readonly words: string
}

const count = z.int().min(0).default(0)
const deployment = z.looseObject({
  metadata: z.looseObject({ generation: count }),
  spec: z.looseObject({ replicas: z.int().min(0).default(1) }),
  status: z
    .looseObject({
      observedGeneration: count,
      replicas: count,
      updatedReplicas: count,
      availableReplicas: count,
      conditions: z
        .array(z.looseObject({ type: z.string(), status: z.string(), reason: z.string().default(''), message: z.string().default('') }))
        .default([]),
    })
    .prefault({}),
})
const endpointSlices = z.looseObject({
  items: z.array(
    z.looseObject({
      endpoints: z
        .array(
          z.looseObject({
            // Not known counts as ready: so the API defines it.
            conditions: z.looseObject({ ready: z.boolean().nullable().default(true) }).prefault({}),
          }),
        )
        .nullable()
        .default([]),
    }),
  ),
})

const parsed = <T>(schema: z.ZodType<T>, value: unknown, what: string): T => {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw new UserError(`${what} is not as the API defines it: ${z.prettifyError(result.error).slice(0, 400)}`)
}

const ofDeployment = (value: unknown, name: string): Readiness => {
  const { metadata, spec, status } = parsed(deployment, value, `Deployment ${name}`)
  const seen = status.observedGeneration >= metadata.generation
  const stuck = status.conditions.find(({ type, reason }) => type === 'Progressing' && reason === 'ProgressDeadlineExceeded')
  const what = `Deployment ${name} has ${status.availableReplicas} of ${spec.replicas} replicas available`
  return {
    ready: seen && spec.replicas > 0 && status.availableReplicas >= spec.replicas,
    some: status.availableReplicas > 0,
    settled: seen && status.updatedReplicas >= spec.replicas && status.replicas <= status.updatedReplicas,
    failed: seen && stuck !== undefined,
    words: [
      what,
      ...(seen ? [] : ['its controller has not seen the newest change']),
      ...(status.updatedReplicas < spec.replicas ? [`${status.updatedReplicas} of them new`] : []),
      ...(stuck === undefined ? [] : [`${stuck.reason} ${stuck.message}`.trim()]),
    ].join(', '),
  }
}

const ofEndpoints = (value: unknown, service: string): Readiness => {
  const { items } = parsed(endpointSlices, value, `the list of EndpointSlices of Service ${service}`)
  const able = items.flatMap(({ endpoints }) => endpoints ?? []).filter(({ conditions }) => conditions.ready !== false).length
  return {
    ready: able > 0,
    some: able > 0,
    settled: true,
    failed: false,
    words:
      able > 0
        ? `Service ${service} has ${able} ready endpoints`
        : `Service ${service} has no ready endpoint (and no Deployment of its name is there)`,
  }
}

/**
 * Whether a slot can serve: by its Deployment; where the slot names none and there is none by the Service's name, by the endpoints of the Service.
 *
 * @param named the Deployment, where the configuration names it
 */
export const readinessOf = async (kubectl: Kubectl, namespace: string, service: string, named: string | undefined): Promise<Readiness> => {
  const name = named ?? service
  const found = await kubectl.get('deployment', namespace, name)
  if (found !== null) return ofDeployment(found, `${namespace}/${name}`)
  if (named !== undefined)
    throw new UserError(
      `there is no Deployment ${namespace}/${named} in ${kubectl.where}: create it first, or take it out of \`deployments\``,
    )
  const slices = await kubectl.list('endpoints', namespace, { key: 'kubernetes.io/service-name', value: service })
  return ofEndpoints(slices, `${namespace}/${service}`)
}
