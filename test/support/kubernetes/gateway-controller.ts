import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '../eventually.ts'
import type { Administrator } from './administrator.ts'
import type { Json, JsonObject } from './json-patch.ts'

/** What a gateway says of a route: status and reason by condition. */
export type Verdicts = Readonly<Record<string, readonly [status: string, reason: string]>>

const content: Verdicts = { Accepted: ['True', 'Accepted'], ResolvedRefs: ['True', 'ResolvedRefs'] }

/** Does what the controller of a gateway does: looks at a route again and again and says in its status what it thinks of the newest generation. */
export interface GatewayController extends AsyncDisposable {
  /** From now on it looks away; returns what makes it look again. */
  pause(): () => void
  /** What it thinks from now on; content by default. Returns once it has said so. */
  think(verdicts?: Verdicts): Promise<void>
}

export const startGatewayController = (administrator: Administrator, route: string): GatewayController => {
  let isPaused = false
  let isOver = false
  let verdicts = content
  let said = ''
  const look = async () => {
    const { metadata, spec } = (await administrator.get(route)) as { metadata: JsonObject; spec: JsonObject }
    const opinion = JSON.stringify([metadata.generation, verdicts])
    if (opinion === said) return
    const conditions: Json = Object.entries(verdicts).map(([type, [status, reason]]) => ({
      type,
      status,
      reason,
      message: reason === 'BackendNotFound' ? 'service "churn-green" not found' : '',
      observedGeneration: metadata.generation ?? 0,
      lastTransitionTime: '2026-01-02T03:04:05Z',
    }))
    const parents = (spec.parentRefs as JsonObject[]).map(parent => ({
      parentRef: { group: 'gateway.networking.k8s.io', kind: 'Gateway', ...parent },
      controllerName: 'gateway.invalid/controller',
      conditions,
    }))
    await administrator.mergePatch(`${route}/status`, { status: { parents } }, 'gateway-controller')
    said = opinion
  }
  const running = (async () => {
    while (!isOver) {
      // A server that is down or slow is asked again, as controllers do.
      if (!isPaused) await look().catch(() => undefined)
      await sleep(80)
    }
  })()
  return {
    pause: () => {
      isPaused = true
      return () => {
        isPaused = false
      }
    },
    think: async (next = content) => {
      verdicts = next
      await eventually('the gateway has said what it thinks', () => said.endsWith(`${JSON.stringify(next)}]`))
    },
    [Symbol.asyncDispose]: async () => {
      isOver = true
      await running
    },
  }
}
