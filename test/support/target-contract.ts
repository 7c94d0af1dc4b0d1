import { describe, expect, it } from 'vitest'
import { UserError } from '../../src/core/errors.ts'
import type { Slot } from '../../src/core/lineage/events.ts'
import { otherSlot } from '../../src/core/rollout/batch.ts'
import type { Release, Target } from '../../src/ports/target.ts'
import type { Capability, TargetCapabilities, TargetWorld } from './target-world.ts'

export type { Capability, TargetCapabilities, TargetWorld, Undo } from './target-world.ts'

const release: Release = { model: 'churn', version: 2, image: null, files: '/models/v2' }

/**
 * The contract every target is put through (`docs/targets.md`). `makeWorld` is called for each test.
 *
 * @param seconds how long one test may take
 */
export const targetContract = (
  name: string,
  capabilities: TargetCapabilities,
  makeWorld: () => Promise<TargetWorld>,
  seconds = 20,
): void => {
  const test = (title: string, body: (world: TargetWorld, target: Target) => Promise<void>) =>
    it(
      title,
      async () => {
        await using world = await makeWorld()
        await body(world, world.target())
      },
      seconds * 1000,
    )
  const testWhere = (
    capability: Capability,
    title: string,
    body: (world: TargetWorld, target: Target) => Promise<void>,
    otherwise: (world: TargetWorld, target: Target) => Promise<void>,
  ) => (capability === true ? test(title, body) : test(`cannot be shown: ${title}, because ${capability}`, otherwise))

  const expectShares = async (world: TargetWorld, slot: Slot, percent: number) => {
    for (const [part, wanted] of [
      [slot, percent],
      [otherSlot(slot), 100 - percent],
    ] as const)
      for (const share of await world.shares(part))
        if (wanted === 0 || wanted === 100) expect(share).toBe(wanted)
        else expect(Math.abs(share - wanted)).toBeLessThanOrEqual(world.grain)
  }
  const refused = async (work: Promise<unknown>, words: RegExp = /\S/) => {
    const error = await work.then(
      () => null,
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(UserError)
    expect((error as UserError).message).toMatch(words)
  }

  describe(`the contract of targets: ${name}`, () => {
    test('it says in one line what it is', async (_, target) => {
      expect(target.describe()).toMatch(/^[^\n]{5,200}$/)
    })

    test('it is read before anything was told to it', async (world, target) => {
      const traffic = await target.read()
      expect(traffic).toMatchObject({ percent: { blue: 100, green: 0 }, ready: { blue: true, green: true }, seq: null })
      await expectShares(world, 'blue', 100)
    })

    test('a deploy returns when the slot is ready, and moves no traffic', async (world, target) => {
      await target.deploy('green', release, 1)
      await target.deploy('green', release, 1)
      expect((await target.read()).ready.green).toBe(true)
      await expectShares(world, 'blue', 100)
    })

    test('every step up, everything, nothing and back: as read by us and as it really is', async (world, target) => {
      let expecting = 0
      let seq = 1
      for (const percent of [5, 10, 25, 50, 100, 0, 50, 0]) {
        await target.set('green', percent, expecting, seq)
        await expectShares(world, 'green', percent)
        const { percent: read } = await target.read()
        expect(Math.abs(read.green - percent)).toBeLessThanOrEqual(world.grain)
        expect(read.blue + read.green).toBeCloseTo(100, 6)
        if (percent === 0 || percent === 100) expect(read.green).toBe(percent)
        await target.verify('green', percent)
        expecting = percent
        seq += 1
      }
    })

    test('nothing is an explicit 0: the slot gets no traffic at all and stays there', async (world, target) => {
      await target.set('green', 25, 0, 1)
      await target.set('green', 0, 25, 2)
      await expectShares(world, 'green', 0)
      expect((await target.read()).percent).toEqual({ blue: 100, green: 0 })
      await target.set('blue', 0, 100, 3)
      await expectShares(world, 'blue', 0)
    })

    test('group 11: a weight that somebody else moved is not overwritten, and both numbers are said', async (world, target) => {
      await target.set('green', 5, 0, 1)
      await world.moveByHand('green', 30)
      expect((await target.read()).forgot).toBeNull()
      expect(Math.abs((await target.read()).percent.green - 30)).toBeLessThanOrEqual(world.grain)
      await refused(target.set('green', 10, 5, 2), /\b30(\.\d+)? %.*\b5 %/)
      await expectShares(world, 'green', 30)
    })

    test('the same weight may be set again, whatever was expected', async (world, target) => {
      await target.set('green', 25, 0, 1)
      await target.set('green', 25, 0, 1)
      await target.set('green', 25, 25, 2)
      await target.set('green', 25, null, 3)
      await expectShares(world, 'green', 25)
    })

    test('it verifies the weight that is served, and says what is missing of another', async (world, target) => {
      await target.set('green', 25, 0, 1)
      await target.verify('green', 25)
      await target.verify('blue', 75)
      const hasty = world.target({ seconds: 0.5 })
      await refused(hasty.verify('green', 50), /\b50 %/)
      await refused(hasty.verify('green', 0), /\b0 %/)
      await world.moveByHand('green', 40)
      await refused(hasty.verify('green', 25), /\b25 %/)
    })

    test('groups 4 and 5: all traffic is given back from any state, and again', async (world, target) => {
      let seq = 1
      for (const slot of ['blue', 'green', 'blue'] as const) {
        await world.moveByHand(slot, 30)
        await target.restore(slot, seq)
        await target.restore(slot, seq)
        await expectShares(world, slot, 100)
        expect((await target.read()).percent[slot]).toBe(100)
        await target.verify(slot, 100)
        seq += 1
      }
      await target.deploy('green', release, seq)
      await target.set('green', 5, 0, seq)
      await expectShares(world, 'green', 5)
    })

    test('two clients at once end in the weights of one of them, never in a mix', async world => {
      const [one, two] = [world.target(), world.target()]
      for (let round = 1; round <= 4; round++) {
        const done = await Promise.allSettled([one.set('green', 25, null, 2 * round), two.set('green', 75, null, 2 * round + 1)])
        for (const { status, reason } of done as PromiseRejectedResult[])
          if (status === 'rejected') expect(reason).toBeInstanceOf(UserError)
        const [share = Number.NaN] = await world.shares('green')
        await expectShares(world, 'green', capabilities.seq === true || share > 50 ? 75 : 25)
      }
    })

    test('a silent other side is an error in words by a deadline', async world => {
      await world.target().set('green', 25, 0, 1)
      const undo = await world.silence()
      try {
        const hasty = world.target({ seconds: 0.5 })
        await refused(hasty.read())
        await refused(hasty.set('green', 50, 25, 2))
        await refused(hasty.verify('green', 25))
        await refused(hasty.restore('blue', 2))
      } finally {
        await undo()
      }
      await world.target().set('green', 50, null, 3)
      await expectShares(world, 'green', 50)
    })

    test('a configuration that names what is not there is an error in words', async world => {
      const misnamed = Object.entries(world.misnamed())
      expect(misnamed.length).toBeGreaterThan(0)
      for (const [, target] of misnamed) {
        await refused(target.read())
        await refused(target.set('green', 5, null, 1))
        await refused(target.verify('green', 5))
      }
      await expectShares(world, 'blue', 100)
    })

    testWhere(
      capabilities.seq,
      'an older decision is refused by every verb that writes',
      async (world, target) => {
        await target.set('green', 25, 0, 9)
        expect((await target.read()).seq).toBe(9)
        await refused(target.set('green', 50, 25, 8), /\b9\b.*\b8\b/)
        await refused(target.restore('blue', 8), /\b9\b.*\b8\b/)
        await refused(target.deploy('green', release, 8), /\b9\b.*\b8\b/)
        await expectShares(world, 'green', 25)
        await target.restore('blue', 10)
        expect((await target.read()).seq).toBe(10)
      },
      async (_, target) => {
        await target.set('green', 25, 0, 9)
        expect((await target.read()).seq).toBeNull()
      },
    )

    testWhere(
      capabilities.forgets,
      'weights that were lost are told from weights that were moved',
      async (world, target) => {
        await target.set('green', 25, 0, 1)
        expect((await target.read()).forgot).toBeNull()
        // Instances say whole seconds of how long they run.
        const before = Date.now() / 1000 - 2
        await world.forget()
        const { forgot, percent } = await target.read()
        expect(forgot).not.toBeNull()
        expect(forgot as number).toBeGreaterThan(before)
        expect(forgot as number).toBeLessThan(Date.now() / 1000 + 2)
        // The way a rollout asserts a forgotten weight: it expects what it read.
        await target.set('green', 25, percent.green, 1)
        expect((await target.read()).forgot).toBeNull()
        await expectShares(world, 'green', 25)
      },
      async (_, target) => {
        await target.set('green', 25, 0, 1)
        expect((await target.read()).forgot).toBeNull()
      },
    )

    testWhere(
      capabilities.several,
      'a move that reached some instances is neither the old weight nor the new one, and is completed by the next',
      async (world, target) => {
        expect(world.instances).toBeGreaterThan(1)
        await target.set('green', 10, 0, 1)
        await world.moveByHand('green', 50, 0)
        const { percent } = await target.read()
        expect(percent.green).toBeGreaterThan(10 + world.grain)
        expect(percent.green).toBeLessThan(50 - world.grain)
        await refused(world.target({ seconds: 0.5 }).verify('green', 50), /\b50 %/)
        await target.set('green', 50, 10, 2)
        await expectShares(world, 'green', 50)

        const undo = await world.takeAway(world.instances - 1)
        await refused(world.target({ seconds: 0.5 }).set('green', 100, 50, 3))
        await undo()
        await target.set('green', 100, 50, 3)
        await expectShares(world, 'green', 100)
      },
      async world => {
        expect(world.instances).toBe(1)
      },
    )

    testWhere(
      capabilities.several,
      'where one instance is away the others are given back all the same, and the next attempt completes it',
      async (world, target) => {
        await target.set('green', 25, 0, 1)
        const undo = await world.takeAway(world.instances - 1)
        await refused(world.target({ seconds: 0.5 }).restore('blue', 2))
        expect((await world.shares('blue')).slice(0, -1).every(share => share === 100)).toBe(true)
        await undo()
        await target.restore('blue', 2)
        await expectShares(world, 'blue', 100)
      },
      async world => {
        expect(world.instances).toBe(1)
      },
    )

    testWhere(
      capabilities.forgets === true ? capabilities.several : capabilities.forgets,
      'one instance of several that forgot is told again by what was read of all, in the middle of a move too',
      async (world, target) => {
        await target.set('green', 10, 0, 1)
        await world.forget(world.instances - 1)
        const { percent, forgot } = await target.read()
        expect(forgot).not.toBeNull()
        expect(percent.green).toBeLessThan(10 - world.grain)
        await target.set('green', 25, percent.green, 2)
        await expectShares(world, 'green', 25)
        expect((await target.read()).forgot).toBeNull()
      },
      async (_, target) => {
        await target.set('green', 10, 0, 1)
        expect((await target.read()).forgot).toBeNull()
      },
    )

    testWhere(
      capabilities.readiness,
      'group 6: a slot that cannot serve is given no more traffic than it has',
      async (world, target) => {
        await target.set('green', 5, 0, 1)
        const undo = await world.slotDown('green')
        expect((await target.read()).ready).toEqual({ blue: true, green: false })
        await refused(target.set('green', 25, 5, 2), /green/)
        await refused(world.target({ seconds: 1 }).deploy('green', release, 2), /green/)
        await expectShares(world, 'green', 5)
        await target.set('green', 0, 5, 3)
        await undo()
        await target.deploy('green', release, 4)
        await target.set('green', 25, 0, 4)
        await expectShares(world, 'green', 25)

        const back = await world.slotDown('blue')
        await refused(target.set('green', 0, 25, 5), /blue/)
        await expectShares(world, 'green', 25)
        await back()
      },
      async (_, target) => {
        expect((await target.read()).ready).toEqual({ blue: true, green: true })
      },
    )
  })
}
