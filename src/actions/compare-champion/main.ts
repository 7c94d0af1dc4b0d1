import { runAction } from '../../kernel/run.ts'
import { surroundings } from '../wiring.ts'
import { compareChampion } from './handler.ts'
import { spec } from './spec.ts'

export const main = () =>
  runAction(spec, async inputs => {
    const around = surroundings(inputs)
    return compareChampion(inputs, { ...around, store: await around.store(inputs.config), ledger: await around.ledger() })
  })
