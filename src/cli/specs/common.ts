import type { OptionSpec } from '../command.ts'

// Options that many commands have, spelled and described alike.

/** `--json` */
export const jsonOption = { description: 'prints one JSON document instead', common: true } as const satisfies OptionSpec

/** `--model`, for commands whose operand is something else. */
export const modelOption = {
  value: 'name',
  description: 'the model; may be left out where refline.yml has only one',
  completes: 'model',
  common: true,
} as const satisfies OptionSpec

/** `--config` and `--ledger`: where the names of models and the ledger are found. */
export const placeOptions = {
  config: {
    value: 'file',
    description: 'configuration with the models; refline.yml of this folder or of the checkout by default',
    completes: 'file',
    common: true,
  },
  ledger: {
    value: 'remote',
    description: "git remote that holds the ledger, a URL or a folder; the checkout's origin by default",
    completes: 'file',
    common: true,
  },
} as const satisfies Record<string, OptionSpec>

/** `--store`, for commands that look at the files of versions. */
export const storeOption = {
  value: 'folder',
  description:
    'folder that holds the files of versions; by default what refline.yml of the checkout names, in a workflow the releases on GitHub',
  completes: 'file',
  common: true,
} as const satisfies OptionSpec

/** The operand of commands that are about a whole model. */
export const modelOperand = {
  name: 'model',
  required: false,
  description: 'the model; may be left out where refline.yml has only one',
  completes: 'model',
} as const

/** What every document of `--json` begins with. */
export const documentHead = { schema: '1, until a name changes its meaning', model: 'name of the model' } as const
