import { deployByCommand } from '../../adapters/command/deploy.ts'
import { commandTarget } from '../../adapters/command/target.ts'
import { haproxyTarget } from '../../adapters/haproxy/target.ts'
import { userCommand } from '../../adapters/process/user-command.ts'
import type { EnvironmentConfiguration } from '../../core/configuration/schema.ts'
import type { Slot } from '../../core/lineage/events.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/report.ts'
import type { Release, Target } from '../../ports/target.ts'
import { filled } from './filled.ts'
import { gatewayApiTargetOf } from './gateway-api-target.ts'
import { nginxTargetOf } from './nginx-target.ts'

/** What a target is made with besides refline.yml. */
export interface TargetSurroundings {
  readonly workspace: string
  readonly environment: NodeJS.ProcessEnv
  readonly clock: Clock
  readonly log: Pick<Log, 'info'>
}

/** The target that an environment of refline.yml names, with `${model}` and `${slot}` filled in. */
export const targetOf = (
  settings: EnvironmentConfiguration,
  names: { readonly model: string; readonly environment: string },
  around: TargetSurroundings,
): Target => {
  const { target } = settings
  const { model } = names
  const commands = {
    command: userCommand(around.environment),
    folder: around.workspace,
    deploy: target.deploy,
    passEnv: target.pass_env ?? [],
    environment: { REFLINE_ENVIRONMENT: names.environment, REFLINE_MODEL_NAME: model },
    onLine: (line: string) => around.log.info(`  deploy: ${line}`),
  }
  const deploy = (slot: Slot, release: Release, seq: number) => deployByCommand(commands, slot, release, seq)
  const { clock } = around
  if (target.kind === 'command') return commandTarget({ ...commands, read: target.read, set: target.set, clock })
  const slots = { blue: filled(target.slots.blue, { model, slot: 'blue' }), green: filled(target.slots.green, { model, slot: 'green' }) }
  switch (target.kind) {
    case 'haproxy':
      return haproxyTarget({ sockets: target.sockets, backend: filled(target.backend, { model }), slots, deploy, clock })
    case 'nginx':
      return nginxTargetOf(target, model, { ...commands, deploy, clock })
    case 'gateway-api':
      return gatewayApiTargetOf(target, model, { ...around, deploy })
  }
}
