import { z } from 'zod'
import { defineAction } from '../../kernel/action.ts'
import { flag, integer } from '../../kernel/codecs.ts'
import { allowRefInput, configInput, environmentInput, ledgerInput, modelInput, tokenInput } from '../../kernel/shared-inputs.ts'

/** Inputs and outputs of the action canary-deploy. */
export const spec = defineAction({
  id: 'canary-deploy',
  name: 'Refline canary-deploy',
  description: 'Moves an environment to a version step by step: traffic goes up only on proof, and harm rolls back by itself.',
  branding: { icon: 'trending-up', color: 'green' },
  inputs: {
    model: modelInput,
    config: configInput,
    ledger: ledgerInput,
    token: tokenInput,
    'allow-ref': allowRefInput,
    version: { schema: integer({ min: 1 }), description: 'Version to put live; by default the one that this workflow run registered.' },
    environment: environmentInput,
    supersede: {
      schema: flag,
      description: 'Whether a rollout of another version that is under way is given up for this one; otherwise it is an error.',
      default: 'false',
    },
    resume: {
      schema: flag,
      description:
        'Only go on with a rollout whose runner died, and assert live weights that the target has forgotten: for the watchdog workflow. Begins nothing.',
      default: 'false',
    },
    plan: {
      schema: flag,
      description: 'Print the plan, the live weights and the signals with their present values; change nothing.',
      default: 'false',
    },
  },
  outputs: {
    decision: {
      schema: z.enum(['promoted', 'rolled-back', 'held', '']),
      description:
        '`promoted`, `rolled-back` or `held` (undecided, the champion has all traffic); empty where only a plan was asked for or nothing was registered.',
    },
    version: { schema: z.int().nullable(), description: 'The version that is live now.' },
    previous: { schema: z.int().nullable(), description: 'The version that was live before.' },
    rollout: { schema: z.string(), description: 'Id of the rollout in the ledger; empty where none was begun.' },
    'deployment-url': {
      schema: z.string(),
      description: 'The deployment on GitHub that mirrors the rollout; empty where the token may not write it.',
    },
    reason: { schema: z.string(), description: 'Why, in one sentence.' },
    result: { schema: z.string(), description: 'Path of a JSON file with the whole answer.' },
  },
})
