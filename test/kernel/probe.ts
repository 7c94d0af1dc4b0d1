import { z } from 'zod'
import { UserError } from '../../src/core/errors.ts'
import { defineAction } from '../../src/kernel/action.ts'
import { choice, decimal, flag, text } from '../../src/kernel/codecs.ts'
import { runAction } from '../../src/kernel/run.ts'
import { tokenInput } from '../../src/kernel/shared-inputs.ts'

// An action for the tests of the kernel, run as a process of its own. `behaviour` says how it ends.

const spec = defineAction({
  id: 'probe',
  name: 'Probe',
  description: 'Ends as it is told to.',
  branding: { icon: 'activity', color: 'gray-dark' },
  inputs: {
    behaviour: {
      schema: choice(
        'pass',
        'fail',
        'refuse',
        'throw',
        'reject-later',
        'throw-later',
        'stray-output',
        'missing-output',
        'wrong-output',
        'hang',
      ),
      description: 'How to end.',
      required: true,
    },
    'max-psi': { schema: decimal({ min: 0 }), description: 'A number.', default: '0.2' },
    'dry-run': { schema: flag, description: 'A flag.', default: 'false' },
    note: { schema: text, description: 'Some text.' },
    old: { schema: text, description: 'An old one.', deprecated: 'use `note`.' },
    token: tokenInput,
  },
  outputs: {
    'dry-run': { schema: z.boolean(), description: 'As given.' },
    note: { schema: z.string(), description: 'As given.' },
    psi: { schema: z.number(), description: 'As given.' },
    sizes: { schema: z.record(z.string(), z.number()), description: 'JSON.' },
  },
  check: inputs => (inputs.dryRun && inputs.maxPsi > 1 ? ['`max-psi` above 1 makes no sense in a dry run'] : []),
})

await runAction(spec, async inputs => {
  const outputs = { dryRun: inputs.dryRun, note: inputs.note ?? '', psi: inputs.maxPsi, sizes: { a: 1 } }
  switch (inputs.behaviour) {
    case 'fail':
      return { outputs, failure: `gate failed: ${inputs.note}` }
    case 'refuse':
      throw new UserError(`no such metric: ${inputs.note}`, { place: { file: 'refline.yml', line: 14, column: 3 } })
    case 'throw':
      throw new Error(`unforeseen: ${inputs.note} ${inputs.token}`, { cause: new Error('the root of it') })
    case 'reject-later':
      void Promise.reject(new Error('rejected later'))
      await new Promise(() => setInterval(() => {}, 1000))
      break
    case 'throw-later':
      setImmediate(() => {
        throw new Error('thrown later')
      })
      await new Promise(() => setInterval(() => {}, 1000))
      break
    case 'stray-output':
      return { outputs: { ...outputs, extra: 'x' } }
    case 'missing-output':
      return { outputs: { dryRun: true } as typeof outputs }
    case 'wrong-output':
      return { outputs: { ...outputs, psi: Number.NaN } }
    case 'hang':
      setInterval(() => {}, 1000)
  }
  return { outputs }
})
