import { runAction } from '../../kernel/run.ts'
import { trafficWiring } from '../traffic/wiring.ts'
import { rollbackHandler } from './handler.ts'
import { spec } from './spec.ts'

export const main = () =>
  runAction(spec, async inputs => {
    const { context, ports } = await trafficWiring(inputs)
    return rollbackHandler(ports, context)(inputs)
  })
