import type { InputsOf } from '../../kernel/action.ts'
import type { Deployments } from '../../ports/forge.ts'
import type { ModelStore } from '../../ports/model-store.ts'
import type { AnnouncePorts } from '../traffic/announce.ts'
import type { TrafficContext, TrafficPorts } from '../traffic/moving.ts'
import type { FetchModel } from '../traffic/version.ts'
import type { spec } from './spec.ts'

/** What is asked for. */
export type Inputs = Pick<InputsOf<(typeof spec)['inputs']>, 'reason' | 'to' | 'quarantine' | 'dryRun'>

/** All that rollback needs of the world. */
export interface RollbackPorts extends TrafficPorts, AnnouncePorts {
  readonly store: ModelStore
  readonly deployments: Deployments
  readonly fetchModel: FetchModel
  readonly keepResult: (result: Readonly<Record<string, unknown>>) => Promise<string>
}

export interface RollbackContext extends TrafficContext {
  readonly commit: string | null
}
