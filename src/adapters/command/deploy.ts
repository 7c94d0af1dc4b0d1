import { UserError } from '../../core/errors.ts'
import type { Slot } from '../../core/lineage/events.ts'
import type { Release } from '../../ports/target.ts'
import type { UserCommand } from '../../ports/user-command.ts'

/** A command of the user's: a string runs in bash, a list is argv. */
export type Command = string | readonly string[]

export interface DeployCommandSettings {
  readonly command: UserCommand
  readonly folder: string
  readonly deploy: Command
  readonly passEnv?: readonly string[]
  /** Variables that every command gets, such as REFLINE_ENVIRONMENT. */
  readonly environment?: Readonly<Record<string, string>>
  readonly onLine?: (line: string) => void
  readonly deploySeconds?: number
}

const variablesOf = (release: Release): Record<string, string> => ({
  REFLINE_VERSION: String(release.version),
  REFLINE_IMAGE: release.image ?? '',
  REFLINE_MODEL: release.files ?? '',
  REFLINE_MODEL_NAME: release.model,
})

/** Runs the `deploy` command of a target: brings a release up in a slot. Throws a UserError with its last lines where it fails. */
export const deployByCommand = async (settings: DeployCommandSettings, slot: Slot, release: Release, seq: number): Promise<void> => {
  const done = await settings.command.run({
    command: settings.deploy,
    folder: settings.folder,
    environment: { ...settings.environment, REFLINE_SLOT: slot, REFLINE_SEQ: String(seq), ...variablesOf(release) },
    passEnv: settings.passEnv ?? [],
    timeoutSeconds: settings.deploySeconds ?? 900,
    ...(settings.onLine === undefined ? {} : { onLine: settings.onLine }),
  })
  if (done.exitCode !== 0)
    throw new UserError(
      `target.deploy ended with exit code ${done.exitCode} for v${release.version} in slot ${slot}: ${done.lastLines.slice(-3).join(' / ')}`,
    )
}
