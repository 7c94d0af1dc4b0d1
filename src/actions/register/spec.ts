import { z } from 'zod'
import { defineAction } from '../../kernel/action.ts'
import { choice } from '../../kernel/codecs.ts'
import { allowRefInput } from '../../kernel/shared-inputs.ts'
import { judgeInputs, overrideReasonInput } from '../judge/shared-inputs.ts'

export const spec = defineAction({
  id: 'register',
  name: 'Refline register',
  description: 'Judges a run again and makes it a version: files and model card in a release, its record in the ledger.',
  branding: { icon: 'archive', color: 'blue' },
  inputs: {
    ...judgeInputs,
    when: {
      schema: choice('promote', 'pass'),
      description: '`promote` registers what is to go live by the comparison; `pass` whatever passes its gates.',
      default: 'promote',
    },
    alias: {
      schema: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'expected lower-case letters, digits and hyphens, at most 40, such as shadow'),
      description: 'One more name for the version, such as `shadow`.',
    },
    'override-reason': overrideReasonInput,
    'allow-ref': allowRefInput,
  },
  check: inputs =>
    inputs.alias === 'champion' || inputs.alias === 'challenger'
      ? ['input `alias` cannot be champion or challenger: those are moved by decisions only']
      : [],
  outputs: {
    version: { schema: z.union([z.int().min(1), z.literal('')]), description: 'Number of the version; empty when kept.' },
    outcome: {
      schema: z.enum(['created', 'existing', 'kept']),
      description: '`created`, `existing` (the same bytes or the same request were registered before) or `kept` (the champion stays).',
    },
    digest: { schema: z.string(), description: 'SHA-256 of the manifest of the model files; empty when kept.' },
    'release-url': { schema: z.string(), description: 'Address of the release; empty when kept.' },
    reason: { schema: z.string(), description: 'What happened, in one sentence.' },
    result: { schema: z.string(), description: 'Path of `result.json`.' },
  },
})
