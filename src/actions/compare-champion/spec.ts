import { z } from 'zod'
import { decision } from '../../core/comparison/answers.ts'
import { defineAction } from '../../kernel/action.ts'
import { choice } from '../../kernel/codecs.ts'
import { commentInput, judgeInputs } from '../judge/shared-inputs.ts'

export const spec = defineAction({
  id: 'compare-champion',
  name: 'Refline compare champion',
  description: 'Compares a run with the champion on the same rows and reports it as the one comment of the pull request.',
  branding: { icon: 'bar-chart-2', color: 'blue' },
  inputs: {
    ...judgeInputs,
    against: {
      schema: z
        .string()
        .regex(
          /^(v?[1-9]\d{0,8}|[a-z][a-z0-9-]{0,39})$/,
          'expected champion, the number of a version such as 11, or an alias such as shadow',
        )
        .transform(name => name.replace(/^v(?=\d+$)/, '')),
      description:
        'What to compare with: `champion`, the number of a version, or an alias. Anything but the champion has a comment of its own and changes nothing of what `evaluate-gate` says.',
      default: 'champion',
    },
    'fail-on': {
      schema: choice('never', 'worse', 'inconclusive'),
      description:
        'For those who skip `evaluate-gate`. `worse` fails where a gate fails or the primary metric is undefined or proven worse; `inconclusive` also where that cannot be told.',
      default: 'never',
    },
    comment: commentInput,
  },
  outputs: {
    decision: { schema: decision, description: '`promote`, `keep` or `inconclusive`.' },
    champion: {
      schema: z.union([z.int().min(1), z.literal('')]),
      description: 'Version that was compared with: the champion unless `against` names another; empty where there is none.',
    },
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
