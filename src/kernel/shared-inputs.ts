import { z } from 'zod'
import { modelName } from '../core/lineage/values.ts'
import { text } from './codecs.ts'

// Inputs that several actions have, spelled and described alike. Spread them into a spec's `inputs` under the names in the comments.

/** `model` */
export const modelInput = {
  schema: modelName,
  description: 'Name of the model in `refline.yml`; may be left out where there is only one.',
} as const

/** `config` */
export const configInput = {
  schema: text,
  description: 'Path of the configuration file, from the root of the repository.',
  default: 'refline.yml',
} as const

/** `token`: '' where there is none. */
export const tokenInput = {
  schema: z.string(),
  description: "Token for GitHub. What it must be allowed to do stands in the action's README.",
  default: '${{ github.token }}',
  secret: true,
} as const

/** `ledger` */
export const ledgerInput = {
  schema: text,
  description: "Git remote that holds the ledger: a URL or a folder. By default the checkout's own origin, else the workflow's repository.",
} as const

/** `environment` */
export const environmentInput = {
  schema: text,
  description: 'Environment of `refline.yml`; may be left out where the model lives in one only.',
} as const

/** `allow-ref` */
export const allowRefInput = {
  schema: text,
  description: 'A ref besides the default branch, such as `refs/heads/release`, from which this action may decide.',
} as const
