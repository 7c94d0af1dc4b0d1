import { gitLedger } from '../../../src/adapters/git/ledger.ts'
import { systemClock } from '../../../src/adapters/runner/clock.ts'
import type { Scenario } from '../../support/scenario.ts'

const writer = { actor: null, workflow_run: null, workflow: null, commit: null }

/** What the ledger holds of the rollouts of a version: how often one was started, and requests of the canary so far at each look. */
export const decisionsOf = async (
  { bare }: Scenario,
  version: number,
): Promise<{ readonly starts: number; readonly canaryRequests: readonly number[] }> => {
  const ledger = gitLedger({ remote: bare, environment: {}, writer, clock: systemClock, random: Math.random, release: 'test' })
  const events = (await ledger.records('churn')).flatMap(record => record.events)
  const rollouts = events.flatMap(event => (event.kind === 'rollout-start' && event.version === version ? [event.rollout] : []))
  const looks = events.flatMap(event => (event.kind === 'evidence' && rollouts.includes(event.rollout) ? [event.judge] : []))
  return { starts: rollouts.length, canaryRequests: looks.map(({ signals }) => signals.errors?.total.canary ?? 0) }
}
