import { z } from 'zod'
import { UserError } from '../../core/errors.ts'
import type { Slot } from '../../core/lineage/events.ts'
import type { Release, Target, Traffic } from '../../ports/target.ts'
import type { UserCommand } from '../../ports/user-command.ts'

type Command = string | readonly string[]

export interface CommandTargetSettings {
  readonly command: UserCommand
  readonly folder: string
  readonly deploy: Command
  readonly read: Command
  readonly set: Command
  readonly passEnv?: readonly string[]
  /** Variables that every command gets, such as REFLINE_ENVIRONMENT. */
  readonly environment?: Readonly<Record<string, string>>
  readonly onLine?: (line: string) => void
  readonly deploySeconds?: number
  readonly commandSeconds?: number
}

/** What `read` and `set` print as their last line, for the slot that was asked about. */
const slotAnswer = z.object({
  percent: z.number().min(0).max(100),
  ready: z.boolean(),
  seq: z.int().min(0).nullish(),
})

/** Exit code by which `set` says: the weight was not as expected and nothing was changed. */
const notAsExpected = 3

const variablesOf = (release: Release): Record<string, string> => ({
  REFLINE_VERSION: String(release.version),
  REFLINE_IMAGE: release.image ?? '',
  REFLINE_MODEL: release.files ?? '',
  REFLINE_MODEL_NAME: release.model,
})

/** Runs the `deploy` command of a target: brings a release up in a slot. Throws a UserError with its last lines where it fails. */
export const deployByCommand = async (
  settings: Omit<CommandTargetSettings, 'read' | 'set'>,
  slot: Slot,
  release: Release,
  seq: number,
): Promise<void> => {
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

/**
 * A target driven by the user's own three commands. They get REFLINE_SLOT, `deploy` and `set` also REFLINE_SEQ, `deploy` REFLINE_VERSION, REFLINE_IMAGE and
 * REFLINE_MODEL (the file or folder that `train.output` names), `set` REFLINE_PERCENT and REFLINE_EXPECT (empty: anything). `read` and `set` print
 * `{"percent": 5, "ready": true}` as their last line, with `seq` where the target can hold one.
 */
export const commandTarget = (settings: CommandTargetSettings): Target => {
  const run = async (verb: 'read' | 'set', slot: Slot, environment: Readonly<Record<string, string>>) => {
    const done = await settings.command.run({
      command: settings[verb],
      folder: settings.folder,
      environment: { ...settings.environment, REFLINE_SLOT: slot, ...environment },
      passEnv: settings.passEnv ?? [],
      timeoutSeconds: settings.commandSeconds ?? 60,
    })
    return done
  }
  const answerOf = (
    verb: string,
    slot: Slot,
    done: { readonly exitCode: number; readonly stdout: string; readonly lastLines: readonly string[] },
  ) => {
    if (done.exitCode !== 0)
      throw new UserError(
        `target.${verb} ended with exit code ${done.exitCode} for slot ${slot}: ${done.lastLines.slice(-3).join(' / ') || 'no output'}`,
      )
    const line = done.stdout.trimEnd().split('\n').at(-1) ?? ''
    let value: unknown
    try {
      value = JSON.parse(line)
    } catch (cause) {
      throw new UserError(
        `target.${verb} did not end with a line of JSON such as {"percent": 5, "ready": true}: ${JSON.stringify(line.slice(0, 200))}`,
        { cause },
      )
    }
    const parsed = slotAnswer.safeParse(value)
    if (!parsed.success)
      throw new UserError(
        `target.${verb} printed ${line.slice(0, 200)}, which is not as expected (a line such as {"percent": 5, "ready": true}): ${z.prettifyError(parsed.error)}`,
      )
    return parsed.data
  }
  const readSlot = async (slot: Slot) => answerOf('read', slot, await run('read', slot, {}))

  const assertNewest = (told: number | null | undefined, seq: number): void => {
    if ((told ?? 0) > seq)
      throw new UserError(
        `the target was told seq ${told} of the ledger, which is newer than ${seq}: somebody else has decided since, so nothing was changed`,
      )
  }

  const read = async (): Promise<Traffic> => {
    const blue = await readSlot('blue')
    const green = await readSlot('green')
    if (Math.abs(blue.percent + green.percent - 100) > 0.5)
      throw new UserError(`target.read says that blue has ${blue.percent} % and green ${green.percent} %, which is not 100 % together`)
    return {
      percent: { blue: blue.percent, green: green.percent },
      ready: { blue: blue.ready, green: green.ready },
      seq: blue.seq ?? green.seq ?? null,
      forgot: null,
    }
  }

  const set: Target['set'] = async (slot, percent, expecting, seq) => {
    assertNewest((await readSlot(slot)).seq, seq)
    const done = await run('set', slot, {
      REFLINE_PERCENT: String(percent),
      REFLINE_EXPECT: expecting === null ? '' : String(expecting),
      REFLINE_SEQ: String(seq),
    })
    if (done.exitCode === notAsExpected) {
      const now = await readSlot(slot)
      throw new UserError(
        `slot ${slot} has ${now.percent} % of the traffic where ${expecting} % was expected, so somebody else moved it and nothing was changed`,
      )
    }
    const answer = answerOf('set', slot, done)
    if (Math.abs(answer.percent - percent) > 0.25)
      throw new UserError(`target.set left slot ${slot} at ${answer.percent} % where ${percent} % was asked for`)
  }

  return {
    describe: () => 'the commands of the target',
    deploy: async (slot, release, seq) => {
      // Before the first deploy there may be nothing that could answer.
      const before = await readSlot(slot).catch(() => null)
      assertNewest(before?.seq, seq)
      await deployByCommand(settings, slot, release, seq)
    },
    read,
    set,
    verify: async (slot, percent) => {
      const now = (await readSlot(slot)).percent
      if (Math.abs(now - percent) > 0.25) throw new UserError(`target.read shows ${now} % for slot ${slot} where ${percent} % was set`)
    },
    restore: (slot, seq) => set(slot, 100, null, seq),
  }
}
