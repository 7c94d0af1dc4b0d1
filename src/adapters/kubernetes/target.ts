import { UserError } from '../../core/errors.ts'
import type { Slot } from '../../core/lineage/events.ts'
import { otherSlot } from '../../core/rollout/batch.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Release, Target, Traffic } from '../../ports/target.ts'
import { missingAcceptance } from './acceptance.ts'
import { type KubectlSettings, kubectlProgram, resources } from './kubectl.ts'
import { type Layout, layoutOf, ownRulePrefix, ruleInWords, type Services, shareOf, shownSplit } from './layout.ts'
import { type Marks, marksOf } from './marks.ts'
import { lastMover } from './movers.ts'
import { type Move, restoreMove, shareMove } from './moves.ts'
import { type Readiness, readinessOf } from './readiness.ts'
import { type Asked, refusalInWords } from './refusals.ts'
import { type HttpRoute, parseRoute } from './route.ts'
import { sameShare, shareInWords } from './weights.ts'

export interface GatewayApiTargetSettings {
  readonly kubectl: Omit<KubectlSettings, 'clock'>
  readonly namespace: string
  /** Name of the HTTPRoute. */
  readonly route: string
  /** Names of the Services by slot. */
  readonly slots: Services
  /** Names of the Deployments by slot, where they are not those of the Services. */
  readonly deployments?: Readonly<Record<Slot, string>>
  /** Brings a release up in a slot; the route itself only moves traffic. */
  readonly deploy: (slot: Slot, release: Release, seq: number) => Promise<void>
  readonly clock: Clock
  /** Told what leads to a slot and is left as it is, in words. */
  readonly onNotice?: (line: string) => void
  /** How long the gateways may take to accept a change of the route. */
  readonly acceptSeconds?: number
  /** How long a deployed slot may take until all its replicas are new and available. */
  readonly readySeconds?: number
}

const nameRule = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/

/** Controllers write a route's status all the time, so a write may meet another version of it again and again. */
const mostWrites = 8
const pauseMilliseconds = 200

/** What one look at the route shows. */
interface Look {
  readonly route: HttpRoute
  readonly layout: Layout
  readonly marks: Marks
}

const assertNames = ({ namespace, route, slots, deployments }: GatewayApiTargetSettings): void => {
  const named = { namespace, route, 'slots.blue': slots.blue, 'slots.green': slots.green }
  const all = { ...named, ...(deployments && { 'deployments.blue': deployments.blue, 'deployments.green': deployments.green }) }
  for (const [key, name] of Object.entries(all))
    if (!nameRule.test(name)) throw new UserError(`target.${key} "${name}" cannot be the name of an object of Kubernetes`)
  for (const [key, pair] of Object.entries({ slots, ...(deployments && { deployments }) }))
    if (pair.blue === pair.green) throw new UserError(`target.${key}: blue and green are the same, ${pair.blue}`)
}

/**
 * A target whose slots are two Services behind one HTTPRoute of the Gateway API, driven by `kubectl`. Weights are moved by a JSON Patch that tests the version
 * of the route it was made for, in every rule that names both Services. The route itself holds the ledger's seq and what was last written, as annotations.
 */
export const gatewayApiTarget = (settings: GatewayApiTargetSettings): Target => {
  assertNames(settings)
  const { namespace, route: name, slots, clock } = settings
  const kubectl = kubectlProgram({ ...settings.kubectl, clock })
  const what = `HTTPRoute ${namespace}/${name}`
  const asked = (verb: Asked['verb']): Asked => ({ verb, resource: resources.route.name, name, namespace })
  const lookAt = (found: unknown): Look => {
    const route = parseRoute(found, what)
    const marks = marksOf(route)
    const written = marks.weights?.services
    if (written && (written.blue !== slots.blue || written.green !== slots.green))
      throw new UserError(
        `${what} holds weights that Refline wrote for the Services ${written.blue} and ${written.green}, and not for ${slots.blue} and ${slots.green}: give every environment a route of its own, or take the annotations refline.dev/* off it if the slots were renamed`,
      )
    const layout = layoutOf(route, namespace, slots, marks)
    if (layout.splits.length === 0) {
      const names = [...new Set(route.spec.rules.flatMap(({ backendRefs }) => backendRefs.map(ref => ref.name)))]
      throw new UserError(
        `${what} has no rule that names both Services ${slots.blue} and ${slots.green} as backends: its rules name ${names.join(', ') || 'none'}`,
      )
    }
    return { route, layout, marks }
  }
  const look = async (): Promise<Look> => {
    const found = await kubectl.get('route', namespace, name)
    if (found === null) throw refusalInWords({ kind: 'missing', words: `${what} was not found` }, asked('get'), kubectl.where)
    return lookAt(found)
  }
  const readiness = (slot: Slot): Promise<Readiness> => readinessOf(kubectl, namespace, slots[slot], settings.deployments?.[slot])
  const assertNewest = ({ marks }: Look, seq: number) => {
    if ((marks.seq ?? 0) > seq)
      throw new UserError(
        `${what} was told seq ${marks.seq} of the ledger, which is newer than ${seq}: somebody else has decided since, so nothing was changed`,
      )
  }

  /** Throws where a rule does not have the share that was expected. */
  const assertExpected = ({ route, layout }: Look, slot: Slot, expecting: number) => {
    const moved = layout.splits.find(split => !sameShare(shareOf(split, slot), expecting))
    if (moved === undefined) return
    const mover = lastMover(route)
    throw new UserError(
      `slot ${slot} has ${shareInWords(shareOf(moved, slot))} of the traffic in ${ruleInWords(route, moved.rule)} of ${what} where ${expecting} % was expected: ${mover === null ? 'somebody else moved it' : `it was last changed by ${mover}`}, so nothing was changed`,
    )
  }
  const assertSplittable = ({ route, layout }: Look) => {
    for (const { rule, others, at } of layout.splits) {
      if (others > 0)
        throw new UserError(
          `${ruleInWords(route, rule)} of ${what} gives weight to other backends than ${slots.blue} and ${slots.green}: give them weight 0 or a rule of their own, and nothing was changed`,
        )
      if (at.blue.length > 1 || at.green.length > 1)
        throw new UserError(
          `${ruleInWords(route, rule)} of ${what} names a Service more than once, so its share cannot be set; nothing was changed`,
        )
    }
  }
  /** The slot that is asked for needs all it wants; the other one, to which traffic goes back, needs something that can serve. */
  const assertCapacity = async ({ raised }: Move, slot: Slot) => {
    await Promise.all(
      raised.map(async raisedSlot => {
        const { ready, some, words } = await readiness(raisedSlot)
        if (raisedSlot === slot ? !ready : !some)
          throw new UserError(`slot ${raisedSlot} cannot take more traffic, so nothing was changed: ${words}`)
      }),
    )
  }

  /** Says what `restore` leaves as it is although it may lead elsewhere. */
  const noticeLeft = ({ route, layout }: Look, slot: Slot) => {
    for (const { rule, slot: leads, ours } of layout.singles)
      if (leads === otherSlot(slot) && !ours)
        settings.onNotice?.(
          `${ruleInWords(route, rule)} of ${what} leads to slot ${leads} (${slots[leads]}) only and is left as it is: remove it, or give it a name that begins with ${ownRulePrefix} and it is removed with the next rollback`,
        )
    for (const { rule, others } of layout.splits)
      if (others > 0) settings.onNotice?.(`${ruleInWords(route, rule)} of ${what} also leads to other backends, which are left as they are`)
  }

  /** Writes what `decide` says until the route shows that nothing is left to write. Each look decides anew; an answer that was lost is found by the next look. */
  const write = async (
    seq: number,
    decide: (now: Look) => Move,
    allow: (now: Look, move: Move) => Promise<void>,
    { readsBack }: { readonly readsBack: boolean },
  ): Promise<void> => {
    let now = await look()
    for (let attempt = 1; ; attempt++) {
      assertNewest(now, seq)
      const move = decide(now)
      if (move.operations.length === 0) return
      if (attempt > mostWrites)
        throw new UserError(
          `${what} was changed by others each of the ${mostWrites} times that it was written${lastMover(now.route) === null ? '' : `, last by ${lastMover(now.route)}`}: stop them for the time of a rollout (docs/gateway-api.md says how for Argo CD and Flux)`,
        )
      await allow(now, move)
      const answer = await kubectl.patch('route', namespace, name, move.operations)
      if ('object' in answer) {
        if (!readsBack && decide(lookAt(answer.object)).operations.length === 0) return
      } else if (answer.refused.kind !== 'raced' && answer.refused.kind !== 'unanswered')
        throw refusalInWords(answer.refused, asked('patch'), kubectl.where)
      else await clock.sleep(pauseMilliseconds * attempt)
      const before = now.route.metadata.resourceVersion
      now = await look()
      // Nobody was faster, so the server refuses the patch itself.
      if ('refused' in answer && answer.refused.kind === 'raced' && now.route.metadata.resourceVersion === before)
        throw refusalInWords(answer.refused, asked('patch'), kubectl.where)
    }
  }

  const read = async (): Promise<Traffic> => {
    const slotReadiness = Promise.all([readiness('blue'), readiness('green')])
    // What is wrong with the route is said first: what is wrong with a slot may only follow from it.
    slotReadiness.catch(() => undefined)
    const { route, layout, marks } = await look()
    const [blue, green] = await slotReadiness
    const shown = shownSplit(layout.splits, marks)
    return {
      percent: { blue: shown === null ? 0 : shareOf(shown, 'blue'), green: shown === null ? 0 : shareOf(shown, 'green') },
      ready: { blue: blue.ready, green: green.ready },
      seq: marks.seq,
      // The API server keeps what it was told.
      forgot: null,
      movedBy: lastMover(route),
    }
  }

  return {
    describe: () => `${what} between the Services ${slots.blue} (blue) and ${slots.green} (green) in ${kubectl.where}`,
    deploy: async (slot, release, seq) => {
      assertNewest(await look(), seq)
      await settings.deploy(slot, release, seq)
      const limit = settings.readySeconds ?? 600
      const deadline = clock.now() + limit * 1000
      for (;;) {
        const { ready, settled, failed, words } = await readiness(slot)
        if (ready && settled) return
        if (failed || clock.now() >= deadline)
          throw new UserError(
            `slot ${slot} is not ready ${failed ? 'and will not be' : `${limit} s after v${release.version} was deployed into it`}: ${words}`,
          )
        await clock.sleep(1000)
      }
    },
    read,
    set: (slot, percent, expecting, seq) =>
      write(
        seq,
        ({ route, layout }) => shareMove(route, slots, layout, { slot, percent, seq }),
        async (now, move) => {
          const done = now.layout.splits.every(split => sameShare(shareOf(split, slot), percent))
          if (expecting !== null && !done) assertExpected(now, slot, expecting)
          assertSplittable(now)
          await assertCapacity(move, slot)
        },
        // The answer to the write is the route as it was stored, and every step is verified by a look of its own.
        { readsBack: false },
      ),
    verify: async (slot, percent) => {
      const limit = settings.acceptSeconds ?? 60
      const deadline = clock.now() + limit * 1000
      for (let pause = 100; ; pause = Math.min(2 * pause, 2000)) {
        const now = await look()
        assertExpected(now, slot, percent)
        const missing = missingAcceptance(now.route, namespace)
        if (missing.length === 0) return
        if (clock.now() >= deadline)
          throw new UserError(
            `${percent} % for slot ${slot} is written to ${what} and was not accepted within ${limit} s: ${missing.join('; ')}`,
          )
        await clock.sleep(pause)
      }
    },
    restore: (slot, seq) => {
      let isFirst = true
      return write(
        seq,
        now => {
          // Rules have other places once one of them is removed.
          if (isFirst) noticeLeft(now, slot)
          isFirst = false
          return restoreMove(now.route, slots, now.layout, { slot, seq })
        },
        async () => undefined,
        { readsBack: true },
      )
    },
  }
}
