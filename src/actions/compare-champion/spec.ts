import { z } from 'zod'
import { decision } from '../../core/comparison/answers.ts'
import { defineAction } from '../../kernel/action.ts'
import { commentInput, judgeInputs } from '../judge/shared-inputs.ts'

export const spec = defineAction({
  id: 'compare-champion',
  name: 'Refline compare champion',
  description: 'Compares a run with the champion on the same rows and reports it as the one comment of the pull request.',
  branding: { icon: 'bar-chart-2', color: 'blue' },
  inputs: { ...judgeInputs, comment: commentInput },
  outputs: {
    decision: { schema: decision, description: '`promote`, `keep` or `inconclusive`.' },
    champion: { schema: z.union([z.int().min(1), z.literal('')]), description: 'Version of the champion; empty where there is none.' },
    differences: {
      schema: z.record(
        z.string(),
        z.object({ value: z.number().nullable(), low: z.number().nullable(), high: z.number().nullable(), p: z.number().nullable() }),
      ),
      description: 'Differences from the champion by metric, as JSON: value, low, high, p.',
    },
    'comment-url': { schema: z.string(), description: 'Address of the comment; empty where there is none.' },
    reason: { schema: z.string(), description: 'The answer in one sentence.' },
    result: { schema: z.string(), description: 'Path of `result.json`.' },
  },
})
