import type { RolloutState } from '../../core/lineage/events.ts'
import { otherSlot } from '../../core/rollout/batch.ts'
import { type Judgement, judgementOf } from '../../core/rollout/judge.ts'
import { awaitsProof, isRestoring, type Move, nextMove } from '../../core/rollout/machine.ts'
import { secondsOf } from '../../core/rollout/settings.ts'
import { waitingOf } from '../../core/rollout/waiting.ts'
import { percent as share } from '../../core/rollout/words.ts'
import { within } from '../../kernel/failpoint.ts'
import type { Traffic } from '../../ports/target.ts'
import { messageOf, Overtaken, patiently, type RolloutPorts, restoreTraffic, setWeight, type TrafficContext } from '../traffic/moving.ts'
import type { Begun } from './begin.ts'
import { finish, leave } from './closing.ts'
import { Course } from './course.ts'
import type { Ended, Left, Return } from './ending.ts'
import { heartbeat } from './heartbeat.ts'
import { Insisting } from './insisting.ts'
import { byWhom, provenWords } from './lines.ts'
import { watchOf } from './look.ts'
import { Bake, mind } from './minding.ts'
import { type RolloutLog, rolloutLog } from './rollout-log.ts'
import type { Told } from './told.ts'

/** Live shares of the traffic in percent: the canary's slot and the other one. */
interface Shares {
  readonly live: number
  readonly rest: number
}

/** Looks at which counters had begun again: more, and servers restart all the time or instances answer in turn, so nothing can be counted. */
const mostRestarts = 4

/**
 * Drives the rollout under way to its end, from wherever its last runner left it: one move at a time, each from the ledger's state and the live weight.
 * `given`: it is only to give its traffic back. Throws Overtaken where a rollback, another rollout or another runner has taken over.
 */
export const drive = async (
  ports: RolloutPorts,
  context: TrafficContext,
  started: Begun,
  told: Told,
  given: Return | null = null,
): Promise<Ended | Left> => new Drive(ports, context, started, told, given).toTheEnd()

class Drive {
  readonly #ports: RolloutPorts
  readonly #context: TrafficContext
  readonly #told: Told
  readonly #log: RolloutLog
  readonly #watch: ReturnType<typeof watchOf>
  /** Seconds that signals or target may be silent: a canary that nobody can see is unsafe. */
  readonly #patience: number
  readonly #course = new Course()
  /** The end that whoever took it over wants, unless the evidence wants another. */
  readonly #given: Return | null
  readonly #givingBack: Insisting
  /** The weight that the target was told last and has not shown yet. */
  #asked: number | null = null
  readonly #bake = new Bake()
  #unready = 0
  #restarts = 0
  /** The share of the canary, in percent, that somebody else gave it; null while it is ours. */
  #drift: number | null = null
  /** Seconds since 1970. */
  readonly #began: number

  constructor(ports: RolloutPorts, context: TrafficContext, started: Begun, told: Told, given: Return | null) {
    this.#ports = ports
    this.#context = context
    this.#told = told
    this.#log = rolloutLog(ports, context, started)
    this.#watch = watchOf(ports, context, this.#log)
    this.#began = ports.clock.now() / 1000
    this.#patience = secondsOf(context.settings.judge.provider_deadline)
    this.#given = given
    this.#givingBack = new Insisting(ports.clock, this.#patience)
  }

  async toTheEnd(): Promise<Ended | Left> {
    const { judge, settings } = this.#log.current()
    if (judge !== null) {
      const known = judgementOf(settings, judge)
      if (known.verdict === 'rollback') this.#course.rollBack(known)
    }
    if (this.#given !== null) this.#course.giveBack(this.#given)
    for (;;) {
      const end = await this.#turn()
      if (end !== null) return end
    }
  }

  /** One move. Returns the end where it was the last. */
  async #turn(): Promise<Ended | Left | null> {
    const { clock } = this.#ports
    const rollout = this.#log.current()
    if (!this.#restoring) mind(this.#course, this.#log, this.#context, { began: this.#began, now: clock.now() / 1000 })
    const { left } = this.#course
    if (left !== null) return leave(this.#log, this.#context, left, clock.now() / 1000)
    const traffic = await this.#readTraffic()
    if (traffic === null) return null
    const shares = { live: traffic.percent[rollout.canary], rest: traffic.percent[otherSlot(rollout.canary)] }
    const seen = { ...shares, forgot: traffic.forgot, now: clock.now() / 1000 }
    const move = nextMove(rollout, seen, this.#course.wish)
    switch (move.do) {
      case 'intend':
        await this.#intend(move)
        return null
      case 'act':
        if (!this.#restoring && awaitsProof(rollout, seen, this.#patience)) await this.#observe(seen.live)
        else await this.#act(move, shares)
        return null
      case 'assert':
        await this.#assertAgain(move, shares)
        return null
      case 'confirm':
        return this.#confirm(move, shares)
      case 'observe':
        if (this.#drift !== null) this.#watch.begin()
        this.#drift = null
        await this.#observe()
        return null
      case 'drift':
        await this.#drifted(`${move.reason}${byWhom(traffic)}`, seen.live)
        return null
      case 'end':
        // Watched long enough, and not ready when it was looked at last: it is looked at again.
        if (!this.#restoring && this.#unready > 0) {
          await this.#observe()
          return null
        }
        return finish(this.#log, this.#context, this.#course.ending)
    }
  }

  get #restoring(): boolean {
    return this.#course.wish === 'restore' || isRestoring(this.#log.current())
  }

  /** Null where the target did not answer; giving traffic back waits for it. */
  async #readTraffic(): Promise<Traffic | null> {
    const { target } = this.#ports
    try {
      return await within(this.#ports.boundary, 'traffic-read', () => target.read())
    } catch (error) {
      if (this.#restoring) return patiently(this.#ports, this.#patience, 'reading the target', () => target.read())
      // What was proven before the silence need not be true after it.
      this.#course.stay()
      await this.#unanswered(messageOf(error))
      return null
    }
  }

  async #intend(move: Extract<Move, { do: 'intend' }>): Promise<void> {
    const { environment, model } = this.#context
    const { step, percent, expecting } = move
    await this.#log.append(
      'canary-intent',
      'weight',
      `move ${model} v${this.#log.current().version} in ${environment} to ${share(percent / 100)}`,
      at => [{ kind: 'weight-intent', environment, rollout: at.rollout, step, percent, expecting, at: this.#ports.clock.now() / 1000 }],
    )
    this.#course.stay()
  }

  async #act({ percent, expecting }: Pick<Extract<Move, { do: 'act' }>, 'percent' | 'expecting'>, shares: Shares): Promise<void> {
    this.#watch.begin()
    if (this.#restoring) return this.#giveBack(shares)
    const asked = this.#asked
    this.#asked = null
    if (asked === percent)
      return this.#unanswered(
        `the target was told to give the canary ${percent} % of the traffic, and still shows ${shares.live} %`,
        shares.live,
      )
    try {
      await setWeight(this.#ports, this.#log.current().canary, percent, expecting, this.#log.seq())
      this.#asked = percent
    } catch (error) {
      await this.#unanswered(messageOf(error), shares.live)
      await this.#refresh()
    }
  }

  /** Must not give up early, whereas a step up that the target refuses may wait, and in the end gives up the canary. */
  async #giveBack({ live, rest }: Shares): Promise<void> {
    const { canary } = this.#log.current()
    const stable = otherSlot(canary)
    await this.#givingBack.attempt(
      () => `slot ${canary} still has ${live} % of the traffic and slot ${stable} ${rest} % although all of it was given to slot ${stable}`,
    )
    await patiently(this.#ports, this.#patience, 'giving the traffic back', () => restoreTraffic(this.#ports, stable, this.#log.seq()))
  }

  async #assertAgain(move: Extract<Move, { do: 'assert' }>, shares: Shares): Promise<void> {
    this.#ports.log.warning(
      `the target forgot its weights and shows ${move.expecting} % of the traffic for the canary; it is told ${move.percent} % again`,
    )
    await this.#act(move, shares)
  }

  async #confirm(move: Extract<Move, { do: 'confirm' }>, shares: Shares): Promise<Ended | null> {
    const { environment, model } = this.#context
    const { target, clock } = this.#ports
    this.#watch.begin()
    this.#asked = null
    const rollout = this.#log.current()
    try {
      await target.verify(rollout.canary, move.percent)
    } catch (error) {
      if (this.#restoring) {
        this.#ports.log.warning(`the traffic is not known to be back, so it is given back again: ${messageOf(error)}`)
        await this.#giveBack(shares)
      } else await this.#unanswered(messageOf(error), shares.live)
      return null
    }
    if (move.ends) return finish(this.#log, this.#context, this.#course.ending, move)
    await this.#log.append(
      'canary-confirm',
      'confirm',
      `confirm ${model} v${rollout.version} in ${environment} at ${share(move.percent / 100)}`,
      at => [{ kind: 'weight-confirm', environment, rollout: at.rollout, step: move.step, percent: move.percent, at: clock.now() / 1000 }],
    )
    this.#unready = 0
    await this.#told.weight(this.#log.current())
    return null
  }

  /** One look. `meanwhile`: the live share while another weight is waited for; harm is seen at it as at any, and what is waited for stays the reason. */
  async #observe(meanwhile: number | null = null): Promise<void> {
    const { log } = this.#ports
    try {
      const rollout = this.#log.current()
      const look = await this.#watch.look(meanwhile === null ? rollout : { ...rollout, intent: null, percent: meanwhile })
      if (look.saw === 'moved') return
      if (look.saw === 'unusable') {
        if (meanwhile === null) {
          this.#course.heard()
          this.#course.held = look.reason
        }
        log.warning(`hold: ${look.reason}`)
        if (look.restarted) this.#restarts += 1
        if (this.#restarts > mostRestarts)
          this.#course.follow(this.#context.settings.judge.on_inconclusive, `${this.#restarts} looks could not be judged: ${look.reason}`)
        return await this.#heartbeat()
      }
      await this.#told.look(this.#log.current(), look.judgement)
      if (meanwhile === null) this.#course.held = look.judgement.reason
      this.#unready = look.ready.canary ? 0 : this.#unready + 1
      this.#decide(look.judgement, look.ready.stable)
      if (meanwhile === null) this.#bake.mind(this.#course, this.#log.current())
      if (look.silent !== null) this.#mindSilence(look.silent)
      else if (meanwhile === null) this.#course.heard()
    } catch (error) {
      if (error instanceof Overtaken) throw error
      await this.#unanswered(messageOf(error))
    }
  }

  #decide(judgement: Judgement, stableReady: boolean): void {
    const rollout = this.#log.current()
    if (judgement.verdict === 'rollback') this.#course.rollBack(judgement)
    else if (this.#unready >= 2)
      this.#course.giveBack({
        decision: 'rolled-back',
        reason: `slot ${rollout.canary} was not ready at two looks in a row`,
        quarantined: stableReady,
      })
    else if (judgement.verdict === 'promote' && this.#unready === 0) this.#proven(rollout)
  }

  /** The step is proven: the next one follows unless the plan says to wait. */
  #proven(rollout: RolloutState): void {
    const now = this.#ports.clock.now() / 1000
    const waiting = waitingOf(rollout, now)
    if (waiting === null) {
      if (rollout.percent < 100) this.#course.advance()
      return
    }
    this.#course.held = provenWords(rollout, waiting, now)
    this.#ports.log.info(this.#course.held)
  }

  async #drifted(reason: string, live: number): Promise<void> {
    this.#course.held = reason
    if (this.#drift !== live) this.#watch.begin()
    this.#drift = live
    this.#ports.log.warning(`hold: ${reason}`)
    this.#course.stay()
    await this.#refresh()
    if (live > 0 && this.#log.current().step >= 0) await this.#observe(live)
    else await this.#ports.clock.sleep(this.#context.settings.judge.tick * 1000)
    await this.#heartbeat()
  }

  readonly #heartbeat = () => heartbeat(this.#ports, this.#context, this.#log, this.#told, this.#course.held)

  #mindSilence(why: string): number {
    const { clock, log } = this.#ports
    const seconds = this.#course.silent(why, clock.now(), this.#patience, this.#context.settings.judge.on_provider_error)
    if (!this.#course.decided) log.warning(`hold: ${why}`)
    return seconds
  }

  /** Signals or target did not answer: the weight stays where it is, and after a while the policy for it decides. `live`: it is the target that refuses, and the canary has this share meanwhile. */
  async #unanswered(why: string, live = 0): Promise<void> {
    const seconds = this.#mindSilence(why)
    if (this.#course.decided) return
    const { tick } = this.#context.settings.judge
    if (live > 0 && seconds >= tick && this.#log.current().step >= 0) await this.#observe(live)
    else await this.#ports.clock.sleep(Math.min(tick * 1000, 1000 * 2 ** Math.min(8, Math.floor(seconds))))
    await this.#heartbeat()
  }

  async #refresh(): Promise<void> {
    await patiently(this.#ports, this.#patience, 'reading the ledger', () => this.#log.refresh())
  }
}
