import { UserError } from '../../core/errors.ts'
import type { Slot } from '../../core/lineage/events.ts'
import { otherSlot } from '../../core/rollout/batch.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Release, Target } from '../../ports/target.ts'
import { type Instance, instanceOf, type Look, type NginxInstanceSettings, shareOfLook, type Written } from './instance.ts'
import { whyUnready } from './status.ts'
import { assertSplit, everything, hundredthsOfBlue, percentOf, type Split, type Told, type WeightsFile } from './weights-file.ts'

export interface NginxTargetSettings {
  readonly instances: readonly NginxInstanceSettings[]
  readonly split: Split
  /** Where the model server of each slot says by status 2xx that it could serve; nginx itself does not ask. */
  readonly ready: Readonly<Record<Slot, URL>>
  /** Brings a release up in a slot; nginx itself only moves traffic. */
  readonly deploy: (slot: Slot, release: Release, seq: number) => Promise<void>
  readonly clock: Clock
  /** How long one answer may take, and how long new workers may take to serve. */
  readonly answerSeconds?: number
  /** How long a deployed server may take until it is ready. */
  readonly readySeconds?: number
}

/** Somebody decided later than this seq. */
const assertNewest = (newest: number, seq: number) => {
  if (newest > seq)
    throw new UserError(
      `nginx was told seq ${newest} of the ledger, which is newer than ${seq}: somebody else has decided since, so nothing was changed`,
    )
}
/** Per cent points within which a share counts as met: nginx's own precision, and the rounding of sums of it. */
const grain = 0.0101

/** The file is the one that was installed before anything was told. */
const hasForgotten = ({ installed }: Look): boolean => installed !== null

const seqOf = ({ served, stored }: Look): number => Math.max(served.seq, stored.told.seq)

const meanPercent = (looks: readonly Look[], slot: Slot): number =>
  looks.reduce((sum, look) => sum + percentOf(shareOfLook(look), slot), 0) / looks.length

/** Runs work at all instances at once and waits for all of them; then throws the first bug, or all UserErrors in one. */
const atAll = async (instances: readonly Instance[], work: (instance: Instance) => Promise<void>): Promise<void> => {
  const done = await Promise.allSettled(instances.map(work))
  const failures = done.flatMap(result => (result.status === 'rejected' ? [result.reason as unknown] : []))
  const bug = failures.find(failure => !(failure instanceof UserError))
  if (bug !== undefined) throw bug
  if (failures.length > 0) throw new UserError(failures.map(failure => (failure as UserError).message).join('; '))
}

/**
 * A target whose slots are two upstreams of nginx, divided by a `split_clients` file of its own that is replaced as a whole, tested and reloaded. The file holds
 * the ledger's seq, and each worker says at a status location which file it serves by.
 */
export const nginxTarget = (settings: NginxTargetSettings): Target => {
  const { split, ready, clock } = settings
  const seconds = settings.answerSeconds ?? 5
  assertSplit(split)
  const instances = settings.instances.map(instance => instanceOf(instance, split, seconds, clock))
  const lookAtAll = () => Promise.all(instances.map(instance => instance.look()))

  const assertReady = async (slot: Slot) => {
    const why = await whyUnready(ready[slot], seconds)
    if (why !== null) throw new UserError(`slot ${slot} (${split.slots[slot]}) is not ready, so it is given no more traffic: ${why}`)
  }
  const servesOther =
    (told: Told) =>
    (served: Told): string | null => {
      assertNewest(served.seq, told.seq)
      return served.seq === told.seq && served.blueHundredths === told.blueHundredths
        ? null
        : `serves blue ${percentOf(served.blueHundredths, 'blue')} % of seq ${served.seq} where ${percentOf(told.blueHundredths, 'blue')} % of seq ${told.seq} was reloaded; its error log says why`
    }
  /** What stands in a file is neither what is expected nor what is wanted. */
  const assertExpected = (instance: Instance, blueHundredths: number, slot: Slot, percent: number, expecting: number) => {
    const now = percentOf(blueHundredths, slot)
    if (Math.abs(now - expecting) > grain && Math.abs(now - percent) > grain)
      throw new UserError(
        `slot ${slot} has ${now} % of the traffic by ${instance.file} where ${expecting} % was expected, so somebody else moved it and nothing was changed`,
      )
  }
  const assertMayMove = (looks: readonly Look[], slot: Slot, percent: number, expecting: number) => {
    // Where one of several has forgotten, what the caller read is the mean with it.
    const isMean = looks.some(hasForgotten) && Math.abs(meanPercent(looks, slot) - expecting) <= grain
    if (isMean) return
    // The file that was installed is nobody's decision, so it is no reason to stop.
    for (const [index, look] of looks.entries())
      if (!hasForgotten(look)) assertExpected(instances[index] as Instance, shareOfLook(look), slot, percent, expecting)
  }

  return {
    describe: () =>
      `nginx ${split.slots.blue} and ${split.slots.green} by ${instances.length === 1 ? instances[0]?.file : `${instances.length} files`}`,
    deploy: async (slot, release, seq) => {
      assertNewest(Math.max(...(await lookAtAll()).map(seqOf)), seq)
      await settings.deploy(slot, release, seq)
      const limit = settings.readySeconds ?? 60
      const deadline = clock.now() + limit * 1000
      for (;;) {
        const why = await whyUnready(ready[slot], seconds)
        if (why === null) return
        if (clock.now() >= deadline)
          throw new UserError(`slot ${slot} is not ready ${limit} s after v${release.version} was deployed into it: ${why}`)
        await clock.sleep(250)
      }
    },
    read: async () => {
      const [looks, blueUnready, greenUnready] = await Promise.all([
        lookAtAll(),
        whyUnready(ready.blue, seconds),
        whyUnready(ready.green, seconds),
      ])
      const seq = Math.max(...looks.map(seqOf))
      const forgot = looks.flatMap(({ installed }) => (installed === null ? [] : [installed]))
      return {
        percent: { blue: meanPercent(looks, 'blue'), green: meanPercent(looks, 'green') },
        ready: { blue: blueUnready === null, green: greenUnready === null },
        seq: seq === 0 ? null : seq,
        forgot: forgot.length === 0 ? null : Math.max(...forgot),
      }
    },
    set: async (slot, percent, expecting, seq) => {
      const told: Told = { seq, blueHundredths: hundredthsOfBlue(slot, percent) }
      const looks = await lookAtAll()
      assertNewest(Math.max(...looks.map(seqOf)), seq)
      if (expecting !== null) assertMayMove(looks, slot, percent, expecting)
      const shares = looks.map(look => percentOf(shareOfLook(look), slot))
      if (shares.some(share => share < percent)) await assertReady(slot)
      if (shares.some(share => share > percent)) await assertReady(otherSlot(slot))

      const written: Written[] = []
      try {
        for (const [index, instance] of instances.entries()) {
          const seen = looks[index] as Look
          written.push(
            await instance.write(told, stored => {
              assertNewest(stored?.told.seq ?? 0, seq)
              // Since the look somebody else may have written: that is judged again, by what stands there now.
              if (expecting !== null && !isSame(stored, seen.stored))
                assertExpected(instance, stored?.blueHundredths ?? seen.stored.blueHundredths, slot, percent, expecting)
            }),
          )
          await instance.test()
        }
      } catch (error) {
        for (const { undo } of written) await undo()
        throw error
      }
      await atAll(instances, async instance => {
        await instance.reload(told, written[instances.indexOf(instance)]?.changed ?? true)
        await instance.untilServed(servesOther(told))
      })
    },
    verify: async (slot, percent) => {
      const blueHundredths = hundredthsOfBlue(slot, percent)
      for (const part of ['blue', 'green'] as const) {
        const why = percentOf(blueHundredths, part) === 0 ? null : await whyUnready(ready[part], seconds)
        if (why !== null) throw new UserError(`slot ${part} is not ready, so ${percent} % for slot ${slot} is not what is served: ${why}`)
      }
      await atAll(instances, async instance => {
        const look = await instance.look()
        const words = (share: number) => `gives slot ${slot} ${percentOf(share, slot)} % of the traffic where ${percent} % was expected`
        if (look.stored.blueHundredths !== blueHundredths)
          throw new UserError(`nginx ${words(look.stored.blueHundredths)} by ${instance.file}`)
        await instance.untilServed(served => (served.blueHundredths === blueHundredths ? null : words(served.blueHundredths)))
      })
    },
    restore: async (slot, seq) => {
      const told: Told = { seq, blueHundredths: slot === 'blue' ? everything : 0 }
      assertNewest(Math.max(...(await Promise.all(instances.map(instance => instance.newestSeq())))), seq)
      await assertReady(slot)
      await atAll(instances, async instance => {
        const { changed, undo } = await instance.write(told, stored => assertNewest(stored?.told.seq ?? 0, seq))
        try {
          await instance.test()
        } catch (error) {
          await undo()
          throw error
        }
        await instance.reload(told, changed)
        await instance.untilServed(servesOther(told))
      })
    },
  }
}

const isSame = (one: WeightsFile | null, other: WeightsFile): boolean =>
  one !== null && one.told.seq === other.told.seq && one.blueHundredths === other.blueHundredths
