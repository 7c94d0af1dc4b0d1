import { z } from 'zod'
import { defineAction } from '../../kernel/action.ts'
import { flag, integer, text } from '../../kernel/codecs.ts'
import { allowRefInput, configInput, environmentInput, ledgerInput, modelInput, tokenInput } from '../../kernel/shared-inputs.ts'

/** Inputs and outputs of the action rollback. */
export const spec = defineAction({
  id: 'rollback',
  name: 'Refline rollback',
  description:
    'Puts the previous champion back: aborts a running canary, else goes to the version that was live before, or to a named one.',
  branding: { icon: 'rewind', color: 'red' },
  inputs: {
    model: modelInput,
    config: configInput,
    ledger: ledgerInput,
    token: tokenInput,
    'allow-ref': allowRefInput,
    reason: { schema: text.max(500, 'at most 500 characters'), description: 'Why; kept in the ledger for ever.', required: true },
    environment: environmentInput,
    to: {
      schema: integer({ min: 1 }),
      description: 'Version to go to; by default the stable one of a running canary, else the one that was live before.',
    },
    quarantine: {
      schema: flag,
      description: 'Whether the version that is left may not go live again until `refline release` takes it out of quarantine.',
      default: 'true',
    },
    'dry-run': { schema: flag, description: 'Only print the whole plan; change nothing.', default: 'false' },
  },
  outputs: {
    from: { schema: z.int(), description: 'The version that traffic was taken from.' },
    to: { schema: z.int(), description: 'The version that has the traffic.' },
    outcome: {
      schema: z.enum(['rolled-back', 'already', 'planned']),
      description:
        '`rolled-back`, `already` (this request had been done before, or the version was live) or `planned` (only a plan was asked for).',
    },
    seconds: { schema: z.number(), description: 'From the start of the action until the traffic was read back.' },
    'issue-url': { schema: z.string(), description: 'The incident issue; empty where the token may not write it.' },
    reason: { schema: z.string(), description: 'What was done and why, in one sentence.' },
    result: { schema: z.string(), description: 'Path of a JSON file with the whole answer.' },
  },
})
