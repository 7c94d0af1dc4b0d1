import { gatewayApiTarget } from '../../adapters/kubernetes/target.ts'
import { scrubbedEnvironment } from '../../adapters/process/scrubbed-environment.ts'
import type { TargetConfiguration } from '../../core/configuration/environment-schema.ts'
import type { Slot } from '../../core/lineage/events.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/report.ts'
import type { Release, Target } from '../../ports/target.ts'
import { filled } from './filled.ts'

/** The gateway-api target of refline.yml. kubectl gets the environment that users' own commands get, so `pass_env` gives back what its login needs. */
export const gatewayApiTargetOf = (
  target: Extract<TargetConfiguration, { readonly kind: 'gateway-api' }>,
  model: string,
  around: {
    readonly workspace: string
    readonly environment: NodeJS.ProcessEnv
    readonly clock: Clock
    readonly log: Pick<Log, 'info'>
    readonly deploy: (slot: Slot, release: Release, seq: number) => Promise<void>
  },
): Target => {
  const bySlot = (names: Readonly<Record<Slot, string>>) => ({
    blue: filled(names.blue, { model, slot: 'blue' }),
    green: filled(names.green, { model, slot: 'green' }),
  })
  return gatewayApiTarget({
    kubectl: {
      folder: around.workspace,
      environment: scrubbedEnvironment(around.environment, target.pass_env ?? []),
      ...(target.context === undefined ? {} : { context: filled(target.context, { model }) }),
      ...(target.kubeconfig === undefined ? {} : { kubeconfig: filled(target.kubeconfig, { model }) }),
    },
    namespace: filled(target.namespace, { model }),
    route: filled(target.route, { model }),
    slots: bySlot(target.slots),
    ...(target.deployments === undefined ? {} : { deployments: bySlot(target.deployments) }),
    deploy: around.deploy,
    clock: around.clock,
    onNotice: line => around.log.info(`  ${line}`),
  })
}
