import type { LedgerEvent } from '../events.ts'

/** Events by what people look for; `rollout` and `rollback` are several kinds of events each. */
export const eventGroups = ['register', 'kept', 'alias', 'package', 'rollout', 'rollback', 'quarantine', 'storage'] as const
export type EventGroup = (typeof eventGroups)[number]

/** What an event is about, for people who look for it. Being rolled back by the judge is both a rollout and a rollback. */
export const groupsOf = (event: LedgerEvent): readonly EventGroup[] => {
  switch (event.kind) {
    case 'register':
    case 'seen-again':
      return ['register']
    case 'kept':
      return ['kept']
    case 'alias':
      return ['alias']
    case 'package':
      return ['package']
    case 'rollout-end':
      return event.decision === 'rolled-back' ? ['rollout', 'rollback'] : ['rollout']
    case 'rollout-start':
    case 'weight-intent':
    case 'weight-confirm':
    case 'evidence':
    case 'heartbeat':
    case 'rollout-taken':
    case 'rollout-left':
    case 'approve':
      return ['rollout']
    case 'rollback-intent':
    case 'rollback-confirm':
      return ['rollback']
    case 'quarantine':
    case 'release':
      return ['quarantine']
    default:
      return ['storage']
  }
}

/** Whether an event only tells how a rollout goes on: looks at its signals and weights that are about to be set. */
export const isProgress = ({ kind }: LedgerEvent): boolean => ['evidence', 'weight-intent', 'heartbeat'].includes(kind)

/** The version that an event is about; null where it is about none or where the event does not say it. */
export const versionOf = (event: LedgerEvent): number | null => {
  switch (event.kind) {
    case 'register':
      return event.version.version
    case 'alias':
    case 'rollback-intent':
    case 'rollback-confirm':
      return event.to
    default:
      return 'version' in event && typeof event.version === 'number' ? event.version : null
  }
}
