import { z } from 'zod'
import { defineAction } from '../../kernel/action.ts'
import { flag, integer } from '../../kernel/codecs.ts'
import { configInput, ledgerInput, modelInput, tokenInput } from '../../kernel/shared-inputs.ts'

export const spec = defineAction({
  id: 'build-model-image',
  name: 'Refline build model image',
  description: 'Builds the serving image of a version, labelled with its lineage.',
  branding: { icon: 'package', color: 'blue' },
  inputs: {
    model: modelInput,
    config: configInput,
    version: {
      schema: integer({ min: 1 }),
      description: 'Number of the version. By default the one that this job or this workflow run registered.',
    },
    push: {
      schema: flag,
      description: '`true` pushes to the registry and enters the image in the ledger; `false` leaves it in the local engine only.',
      default: 'true',
    },
    'skip-without-engine': {
      schema: flag,
      description: '`true` ends well without an image where there is no Docker Engine; `false` is an error there.',
      default: 'false',
    },
    ledger: ledgerInput,
    token: tokenInput,
  },
  outputs: {
    image: { schema: z.string(), description: '`name@digest`; the id of the image where it was not pushed; empty where none was built.' },
    digest: { schema: z.string(), description: 'Digest of the image; empty where none was built.' },
    reason: { schema: z.string(), description: 'What happened, in one sentence.' },
    result: { schema: z.string(), description: 'Path of a JSON file with image, digest, version and labels; empty where none was built.' },
  },
})
