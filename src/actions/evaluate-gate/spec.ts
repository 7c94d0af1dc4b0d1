import { z } from 'zod'
import { verdict } from '../../core/comparison/answers.ts'
import { defineAction } from '../../kernel/action.ts'
import { commentInput, judgeInputs, overrideReasonInput } from '../judge/shared-inputs.ts'

export const spec = defineAction({
  id: 'evaluate-gate',
  name: 'Refline evaluate gate',
  description: "Fails where a run does not pass the gates of the base branch's refline.yml.",
  branding: { icon: 'check-circle', color: 'blue' },
  inputs: { ...judgeInputs, comment: commentInput, 'override-reason': overrideReasonInput },
  outputs: {
    verdict: { schema: verdict, description: '`pass`, `fail` or `inconclusive`.' },
    failed: {
      schema: z.array(z.string()),
      description: 'Metrics and slices that fail, as a JSON list; those that are inconclusive are not among them.',
    },
    metrics: {
      schema: z.record(
        z.string(),
        z.object({ value: z.number().nullable(), low: z.number().nullable(), high: z.number().nullable(), rows: z.number().nullable() }),
      ),
      description: 'Metrics by name, as JSON: value, low, high, rows. Undefined ones are null.',
    },
    reason: { schema: z.string(), description: 'The answer in one sentence.' },
    result: { schema: z.string(), description: 'Path of `result.json`.' },
  },
})
