import { z } from 'zod'
import { UserError } from '../../core/errors.ts'
import type { Slot } from '../../core/lineage/events.ts'
import { otherSlot } from '../../core/rollout/batch.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Target, Traffic } from '../../ports/target.ts'
import { type Command, type DeployCommandSettings, deployByCommand } from './deploy.ts'

export interface CommandTargetSettings extends DeployCommandSettings {
  readonly read: Command
  readonly set: Command
  readonly clock: Clock
  readonly commandSeconds?: number
  /** How long a deployed version may take until `read` says that it is ready. */
  readonly readySeconds?: number
  /** How long a weight that was set may take until `read` shows it. */
  readonly verifySeconds?: number
}

/** What `read` and `set` print as their last line, for the slot that was asked about. */
const slotAnswer = z.object({
  percent: z.number().min(0).max(100),
  ready: z.boolean(),
  seq: z.int().min(0).nullish(),
  forgot: z.number().min(0).nullish(),
})
type SlotAnswer = z.output<typeof slotAnswer>

/** Exit code by which `set` says: the weight was not as expected and nothing was changed. */
const notAsExpected = 3

/** Per cent points within which a share other than 0 and 100 counts as met: what targets move by may be coarse. */
const grain = 0.25
const isShare = (now: number, percent: number): boolean =>
  percent === 0 || percent === 100 ? now === percent : Math.abs(now - percent) <= grain

const newestOf = (one: number | null | undefined, other: number | null | undefined): number | null =>
  one == null && other == null ? null : Math.max(one ?? 0, other ?? 0)

/**
 * A target driven by the user's own three commands. They get REFLINE_SLOT, `deploy` and `set` also REFLINE_SEQ, `deploy` REFLINE_VERSION, REFLINE_IMAGE and
 * REFLINE_MODEL (the file or folder that `train.output` names), `set` REFLINE_PERCENT and REFLINE_EXPECT (empty: anything), and REFLINE_RESTORE=1 where all
 * traffic is given back whatever stands there. `read` and `set` print `{"percent": 5, "ready": true}` as their last line, with `seq` where the target can hold
 * one and `forgot` (seconds since 1970) where it lost its weights.
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

  const assertReady = (slot: Slot, { ready }: SlotAnswer): void => {
    if (!ready) throw new UserError(`slot ${slot} is not ready as target.read says, so it is given no more traffic and nothing was changed`)
  }

  const read = async (): Promise<Traffic> => {
    const blue = await readSlot('blue')
    const green = await readSlot('green')
    if (Math.abs(blue.percent + green.percent - 100) > 0.5)
      throw new UserError(`target.read says that blue has ${blue.percent} % and green ${green.percent} %, which is not 100 % together`)
    return {
      percent: { blue: blue.percent, green: green.percent },
      ready: { blue: blue.ready, green: green.ready },
      seq: newestOf(blue.seq, green.seq),
      forgot: newestOf(blue.forgot, green.forgot),
    }
  }

  /** Runs `set` and believes what it printed as little as what it did not. */
  const write = async (slot: Slot, percent: number, expecting: number | null, seq: number, more: Readonly<Record<string, string>>) => {
    const done = await run('set', slot, {
      REFLINE_PERCENT: String(percent),
      REFLINE_EXPECT: expecting === null ? '' : String(expecting),
      REFLINE_SEQ: String(seq),
      ...more,
    })
    if (done.exitCode === notAsExpected) {
      const now = await readSlot(slot)
      assertNewest(now.seq, seq)
      throw new UserError(
        `slot ${slot} has ${now.percent} % of the traffic where ${expecting === null ? 'anything' : `${expecting} %`} was expected, so somebody else moved it and nothing was changed`,
      )
    }
    const answer = answerOf('set', slot, done)
    if (Math.abs(answer.percent - percent) > grain)
      throw new UserError(`target.set left slot ${slot} at ${answer.percent} % where ${percent} % was asked for`)
  }

  /** Asks again and again until `missing` is null or the time is over; then throws it. */
  const readUntil = async (seconds: number, missing: () => Promise<string | null>): Promise<void> => {
    const deadline = settings.clock.now() + seconds * 1000
    for (let pause = 100; ; pause = Math.min(pause * 2, 2000)) {
      const words = await missing()
      if (words === null) return
      if (settings.clock.now() + pause > deadline) throw new UserError(words)
      await settings.clock.sleep(pause)
    }
  }

  return {
    describe: () => `the commands of refline.yml (set: ${argvInWords(settings.set)})`,
    deploy: async (slot, release, seq) => {
      // Before the first deploy there may be nothing that could answer.
      const before = await readSlot(slot).catch(() => null)
      assertNewest(before?.seq, seq)
      await deployByCommand(settings, slot, release, seq)
      const limit = settings.readySeconds ?? 60
      await readUntil(limit, async () =>
        (await readSlot(slot)).ready
          ? null
          : `slot ${slot} is not ready as target.read says, ${limit} s after v${release.version} was deployed into it`,
      )
    },
    read,
    set: async (slot, percent, expecting, seq) => {
      const now = await readSlot(slot)
      assertNewest(now.seq, seq)
      if (percent > now.percent) assertReady(slot, now)
      if (percent < now.percent) assertReady(otherSlot(slot), await readSlot(otherSlot(slot)))
      await write(slot, percent, expecting, seq, {})
    },
    verify: (slot, percent) =>
      readUntil(settings.verifySeconds ?? 10, async () => {
        const { percent: now, ready } = await read()
        if (!isShare(now[slot], percent)) return `target.read shows ${now[slot]} % for slot ${slot} where ${percent} % was set`
        const unready = (['blue', 'green'] as const).find(part => now[part] > 0 && !ready[part])
        return unready === undefined ? null : `slot ${unready} has ${now[unready]} % of the traffic and is not ready as target.read says`
      }),
    restore: async (slot, seq) => {
      assertNewest((await readSlot(slot)).seq, seq)
      await write(slot, 100, null, seq, { REFLINE_RESTORE: '1' })
      const { percent } = await read()
      if (percent[slot] !== 100)
        throw new UserError(`target.read shows ${percent[slot]} % for slot ${slot} after all traffic was given back to it`)
    },
  }
}

const argvInWords = (command: Command): string =>
  (typeof command === 'string' ? command : command.join(' ')).split('\n')[0]?.slice(0, 80) ?? ''
