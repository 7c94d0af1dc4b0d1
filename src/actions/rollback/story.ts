import type { RolloutStory } from '../../core/report/rollout.ts'
import type { Inputs, RollbackContext } from './ports.ts'

/** What people are told of a rollback. */
export const storyOf = (context: RollbackContext, moved: { readonly from: number; readonly to: number }, inputs: Inputs): RolloutStory => ({
  model: context.model,
  environment: context.environment,
  version: moved.from,
  live: moved.to,
  decision: 'rolled-back',
  reason: inputs.reason,
  quarantined: inputs.quarantine,
  deploymentUrl: '',
})
