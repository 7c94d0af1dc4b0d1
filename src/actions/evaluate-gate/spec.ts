import { z } from 'zod'
import { verdict } from '../../core/comparison/answers.ts'
import { defineAction } from '../../kernel/action.ts'
import { text } from '../../kernel/codecs.ts'
import { commentInput, judgeInputs, overrideReasonInput } from '../judge/shared-inputs.ts'

export const spec = defineAction({
  id: 'evaluate-gate',
  name: 'Refline evaluate gate',
  description: "Fails where a run does not pass the gates of the base branch's refline.yml.",
  branding: { icon: 'check-circle', color: 'blue' },
  inputs: {
    ...judgeInputs,
    predictions: {
      schema: text,
      description:
        'A predictions file of the workspace to be judged without any run, for those who do not use `train`. It is read by the `predictions` section of `refline.yml`, whatever file that names.',
    },
    metrics: {
      schema: text,
      description: 'A file of reported metrics of the workspace, likewise; alone or beside `predictions`.',
    },
    comment: commentInput,
    'override-reason': overrideReasonInput,
  },
  check: inputs =>
    inputs.run !== undefined && (inputs.predictions !== undefined || inputs.metrics !== undefined)
      ? ['inputs `predictions` and `metrics` judge files without a run; leave them or `run` out']
      : [],
  outputs: {
    verdict: { schema: verdict, description: '`pass`, `fail` or `inconclusive`.' },
    failed: {
      schema: z.array(z.string()),
      description:
        'Metrics, slices, measures of fairness and checks that fail, as a JSON list; those that are inconclusive are not among them.',
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
