import type { RolloutState } from '../../core/lineage/events.ts'
import type { Judgement } from '../../core/rollout/judge.ts'

/** Who is told while a rollout goes on; nothing is decided from it. */
export interface Told {
  /** A weight was confirmed. */
  readonly weight: (rollout: RolloutState) => Promise<void>
  /** A batch was judged. */
  readonly look: (rollout: RolloutState, judgement: Judgement) => Promise<void>
  /** Nothing could be judged, and why. */
  readonly held: (rollout: RolloutState, why: string) => Promise<void>
}
