import { z } from 'zod'
import { defineAction } from '../../kernel/action.ts'
import { text } from '../../kernel/codecs.ts'
import { allowRefInput, ledgerInput, modelInput, tokenInput } from '../../kernel/shared-inputs.ts'

export const spec = defineAction({
  id: 'cli',
  name: 'Refline command',
  description: 'Runs a command of the terminal client `refline` in a step, with nothing to install.',
  branding: { icon: 'terminal', color: 'blue' },
  inputs: {
    command: {
      schema: text,
      description:
        'What is typed after `refline`, such as `log --last 5`. Split at blanks; `"..."` keeps blanks together. No shell reads it, so nothing else is special.',
      required: true,
    },
    reason: {
      schema: text,
      description:
        'What `--reason` is, for commands that have it. Text from a person belongs here and not into `command`, where a quote in it would end it.',
    },
    model: {
      ...modelInput,
      description: 'The model, where the command names none; may be left out where there is only one in `refline.yml`.',
    },
    ledger: ledgerInput,
    token: tokenInput,
    'allow-ref': allowRefInput,
  },
  outputs: {
    result: { schema: z.string(), description: 'Path of the JSON document, where the command has `--json`; else empty.' },
    reason: { schema: z.string(), description: 'Why the command says no, in one sentence; empty where it does not.' },
  },
})
