import { runAction } from '../../kernel/run.ts'
import { trafficWiring } from '../traffic/wiring.ts'
import { canaryDeployHandler } from './handler.ts'
import { spec } from './spec.ts'

export const main = () =>
  runAction(spec, async inputs => {
    const { context, ports, signals, kept } = await trafficWiring(inputs)
    return canaryDeployHandler({ ...ports, signals: signals(), kept }, context)(inputs)
  })
