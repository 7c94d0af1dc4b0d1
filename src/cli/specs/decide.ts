import type { CommandSpec } from '../command.ts'
import { documentHead, jsonOption, modelOption, placeOptions } from './common.ts'

const reasonOption = { value: 'text', description: 'why, for the audit trail', required: true } as const
const outcome = 'appended, existing or nothing'

/** A step goes on. */
export const approveSpec = {
  id: 'approve',
  group: 'decide',
  decides: true,
  summary: 'Gives the approval that a rollout waits for at its present step.',
  details:
    'It writes an event to the ledger, so it needs a token or key that may push; in a workflow whoever started it must have permission to write. The job that drives the rollout sees it at its next look. To take the canary back instead, roll back.',
  operands: [{ name: 'rollout', required: false, description: 'id of the rollout, where more than one waits' }],
  options: {
    reason: reasonOption,
    environment: { value: 'name', description: 'the environment, where rollouts wait in more than one' },
    model: modelOption,
    ...placeOptions,
    json: jsonOption,
  },
  examples: [
    {
      type: 'approve --reason "looked at by the fraud team"',
      prints: [
        'request desk-3f9a1c2b0d7e',
        'approved step 2 (25 %) of v14 in production, which waited since 2026-11-20 12:05:00 UTC (seq 61)',
      ],
    },
    {
      type: 'approve 3f9a1c2b0d7e --model fraud --reason "ok"',
      prints: ['request desk-0b7d2e9c41aa', 'approved step 1 (5 %) of v8 in staging, which waited since 2026-11-20 11:58:31 UTC (seq 40)'],
    },
  ],
  document: {
    ...documentHead,
    environment: 'where',
    rollout: 'id of the rollout',
    version: 'number of the version',
    step: 'which step of the plan, from 1',
    percent: 'its share of the traffic',
    since: 'since when it was waited for; null where that is not known',
    outcome,
    seq: 'seq of the record',
  },
} as const satisfies CommandSpec

/** A version may go live again. */
export const releaseSpec = {
  id: 'release',
  group: 'decide',
  decides: true,
  summary: 'Takes a version out of quarantine, so that it may go live again, and says what it was quarantined for.',
  details:
    'It writes an event to the ledger, so it needs a token or key that may push; in a workflow whoever started it must have permission to write. Nothing goes live by it: roll the version out or back to it afterwards.',
  operands: [{ name: 'version', required: true, description: 'number of the version, such as v3 or 3' }],
  options: { reason: reasonOption, model: modelOption, ...placeOptions, json: jsonOption },
  examples: [
    {
      type: 'release v3 --reason "the proxy was to blame"',
      prints: [
        'request desk-3f9a1c2b0d7e',
        'released churn v3 (seq 51); it was quarantined for: canary 27/331 errors, stable 0/6287, harm 1.8e26',
      ],
    },
    {
      type: 'release 12 --model fraud --reason "the label feed was late"',
      prints: ['request desk-0b7d2e9c41aa', 'released fraud v12 (seq 32); it was quarantined for: precision below 99 %'],
    },
  ],
  document: {
    ...documentHead,
    version: 'number of the version',
    quarantined_for: 'the reason of its quarantine',
    outcome,
    seq: 'seq of the record',
  },
} as const satisfies CommandSpec
