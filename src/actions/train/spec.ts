import { z } from 'zod'
import { reportedValue } from '../../core/lineage/values.ts'
import { defineAction } from '../../kernel/action.ts'
import { list, text } from '../../kernel/codecs.ts'
import { configInput, ledgerInput, modelInput, tokenInput } from '../../kernel/shared-inputs.ts'

export const spec = defineAction({
  id: 'train',
  name: 'Refline train',
  description: "Runs the model's own training command and keeps what it was made from and what came out as a run.",
  branding: { icon: 'cpu', color: 'blue' },
  inputs: {
    model: modelInput,
    config: configInput,
    command: {
      schema: text,
      description: 'Command to run instead of `train.command` of `refline.yml`; run by bash, which stops at the first error.',
    },
    'pass-env': {
      schema: list,
      description: 'Names of environment variables that the training command needs although they look like credentials.',
      default: '',
    },
    'job-index': {
      schema: z.string(),
      description: 'Tells the runs of a matrix apart; nothing needs to be set.',
      default: '${{ strategy.job-index }}',
    },
    log: {
      schema: z.enum(['each', 'collect']),
      description:
        'When the run goes to the log of runs: `each` at once, or `collect` where a later step writes the runs of all jobs of a matrix in one push (`refline collect`).',
      default: 'each',
    },
    ledger: ledgerInput,
    token: tokenInput,
  },
  outputs: {
    run: { schema: z.string(), description: 'Name of the run, `<model>-<12 hexadecimal characters>`.' },
    metrics: { schema: z.record(z.string(), reportedValue), description: 'Metrics that the script reported, as JSON.' },
    'model-path': { schema: z.string(), description: 'Path of the kept copy of the model file or folder.' },
    reason: { schema: z.string(), description: 'What happened, in one sentence.' },
    result: { schema: z.string(), description: 'Path of `run.json`.' },
  },
})
