import { resolve } from 'node:path'
import { urlOf } from '../../adapters/nginx/status.ts'
import { nginxTarget } from '../../adapters/nginx/target.ts'
import type { TargetConfiguration } from '../../core/configuration/environment-schema.ts'
import { UserError } from '../../core/errors.ts'
import type { Slot } from '../../core/lineage/events.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Release, Target } from '../../ports/target.ts'
import type { UserCommand } from '../../ports/user-command.ts'
import { filled } from './filled.ts'

/** Seconds that `nginx -t` or a reload may take. */
const controlSeconds = 60

/** The nginx target of refline.yml: `test` and `reload` run as the user's commands. */
export const nginxTargetOf = (
  target: Extract<TargetConfiguration, { readonly kind: 'nginx' }>,
  model: string,
  around: {
    readonly command: UserCommand
    readonly folder: string
    readonly passEnv: readonly string[]
    readonly environment: Readonly<Record<string, string>>
    readonly clock: Clock
    readonly deploy: (slot: Slot, release: Release, seq: number) => Promise<void>
  },
): Target => {
  const { command, folder, passEnv, environment } = around
  const control = (name: 'test' | 'reload', argv: string | readonly string[]) => async () => {
    const done = await command.run({ command: argv, folder, environment, passEnv, timeoutSeconds: controlSeconds })
    if (done.exitCode !== 0)
      throw new UserError(
        `target.instances.${name} ended with exit code ${done.exitCode}: ${done.lastLines.slice(-3).join(' / ') || 'no output'}${name === 'test' ? '. The old file was put back and nothing was changed.' : ''}`,
      )
  }
  const bySlot = (texts: Readonly<Record<Slot, string>>) => ({
    blue: filled(texts.blue, { model, slot: 'blue' }),
    green: filled(texts.green, { model, slot: 'green' }),
  })
  const ready = bySlot(target.ready)
  return nginxTarget({
    instances: target.instances.map(instance => ({
      file: resolve(folder, filled(instance.file, { model })),
      status: urlOf(filled(instance.status, { model }), 'target.instances.status'),
      test: control('test', instance.test),
      reload: control('reload', instance.reload),
    })),
    split: {
      variable: filled(target.variable, { model }).replaceAll(/[^A-Za-z0-9_]/g, '_'),
      slots: bySlot(target.slots),
      by: target.split_by,
    },
    ready: { blue: urlOf(ready.blue, 'target.ready.blue'), green: urlOf(ready.green, 'target.ready.green') },
    deploy: around.deploy,
    clock: around.clock,
  })
}
