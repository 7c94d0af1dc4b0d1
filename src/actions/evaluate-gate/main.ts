import { runAction } from '../../kernel/run.ts'
import { surroundings } from '../wiring.ts'
import { evaluateGate } from './handler.ts'
import { spec } from './spec.ts'

export const main = () =>
  runAction(spec, async inputs => {
    const around = surroundings(inputs)
    return evaluateGate(inputs, { ...around, store: await around.store(inputs.config), ledger: await around.ledger() })
  })
