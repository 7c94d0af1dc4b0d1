import { runAction } from '../../kernel/run.ts'
import { surroundings } from '../wiring.ts'
import { evidenceOf, packRun } from './files.ts'
import { register } from './handler.ts'
import { spec } from './spec.ts'

export const main = () =>
  runAction(spec, async inputs => {
    const around = surroundings(inputs)
    return register(inputs, {
      ...around,
      store: await around.store(inputs.config),
      ledger: await around.ledger(),
      pack: judged => packRun(judged, around.runs),
      evidence: judged => evidenceOf(judged, around.runs),
    })
  })
