import { z } from 'zod'
import { UserError } from '../../core/errors.ts'

const backendRef = z.looseObject({
  group: z.string().default(''),
  kind: z.string().default('Service'),
  name: z.string(),
  namespace: z.string().optional(),
  port: z.int().optional(),
  /** Left out it is 1, and not 0. */
  weight: z.int().min(0).default(1),
})

const filter = z.looseObject({
  type: z.string(),
  requestMirror: z.looseObject({ backendRef: backendRef }).optional(),
})

const rule = z.looseObject({
  name: z.string().optional(),
  backendRefs: z.array(backendRef.extend({ filters: z.array(filter).default([]) })).default([]),
  filters: z.array(filter).default([]),
  sessionPersistence: z.looseObject({}).optional(),
})

const parentRef = z.looseObject({
  group: z.string().default('gateway.networking.k8s.io'),
  kind: z.string().default('Gateway'),
  namespace: z.string().optional(),
  name: z.string(),
  sectionName: z.string().optional(),
  port: z.int().optional(),
})

const condition = z.looseObject({
  type: z.string(),
  status: z.string(),
  observedGeneration: z.int().default(0),
  reason: z.string().default(''),
  message: z.string().default(''),
})

/** The parts of an HTTPRoute (gateway.networking.k8s.io/v1) that are looked at; everything else is left as it is. */
const httpRoute = z.looseObject({
  metadata: z.looseObject({
    resourceVersion: z.string().min(1),
    generation: z.int().default(0),
    annotations: z.record(z.string(), z.string()).optional(),
    managedFields: z
      .array(
        z.looseObject({
          manager: z.string().default('somebody without a name'),
          time: z.string().default(''),
          fieldsV1: z.record(z.string(), z.unknown()).default({}),
        }),
      )
      .default([]),
  }),
  spec: z.looseObject({ parentRefs: z.array(parentRef).default([]), rules: z.array(rule).default([]) }),
  status: z
    .looseObject({
      parents: z
        .array(z.looseObject({ parentRef, controllerName: z.string().default('a controller'), conditions: z.array(condition).default([]) }))
        .default([]),
    })
    .default({ parents: [] }),
})
export type HttpRoute = z.output<typeof httpRoute>
export type BackendRef = z.output<typeof backendRef>
export type ParentRef = z.output<typeof parentRef>
export type Rule = z.output<typeof rule>

/** Throws a UserError where the answer is no HTTPRoute. */
export const parseRoute = (value: unknown, what: string): HttpRoute => {
  const parsed = httpRoute.safeParse(value)
  if (parsed.success) return parsed.data
  throw new UserError(`${what} is not an HTTPRoute of version v1 as expected: ${z.prettifyError(parsed.error).slice(0, 400)}`)
}
