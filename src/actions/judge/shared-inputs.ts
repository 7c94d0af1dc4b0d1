import { choice, text } from '../../kernel/codecs.ts'
import { configInput, ledgerInput, modelInput, tokenInput } from '../../kernel/shared-inputs.ts'

/** Inputs of every action that judges a run. */
export const judgeInputs = {
  model: modelInput,
  config: configInput,
  run: { schema: text, description: 'Name of the run. By default the one that this job or this workflow run has trained.' },
  ledger: ledgerInput,
  token: tokenInput,
} as const

/** `comment` */
export const commentInput = {
  schema: choice('auto', 'off'),
  description: '`auto` puts the report up as the one comment of the pull request, where there is one and the token may; `off` never does.',
  default: 'auto',
} as const

/** `override-reason` */
export const overrideReasonInput = {
  schema: text,
  description:
    'Why a failing gate is to be passed all the same. Kept in the ledger, shown in the report; needs permission to write and is never taken on a pull request.',
} as const
