import { canonicalJson, digest } from '../../core/lineage/canonical.ts'
import type { LedgerEvent, LedgerState, RolloutState } from '../../core/lineage/events.ts'
import { aliasOf, environmentOf } from '../../core/lineage/preconditions.ts'
import type { RolloutTick } from '../../core/report/rollout.ts'
import { emptyJudgeState, type Judgement, judge, judgementOf } from '../../core/rollout/judge.ts'
import { isRestoring, type Move, nextMove, type Wish } from '../../core/rollout/machine.ts'
import { secondsOf } from '../../core/rollout/settings.ts'
import { duration, percent as share } from '../../core/rollout/words.ts'
import { type Boundary, within } from '../../kernel/failpoint.ts'
import {
  appendToRollout,
  messageOf,
  Overtaken,
  overtakenBy,
  patiently,
  type RolloutPorts,
  setWeight,
  type TrafficContext,
} from '../traffic/moving.ts'
import { tickLines } from './lines.ts'
import { type Readings, readAll, windowBetween } from './observe.ts'

/** How a rollout ended. `quarantined`: the version may not go live again. */
export interface Ended {
  readonly decision: 'promoted' | 'rolled-back' | 'withdrawn'
  readonly reason: string
  readonly quarantined: boolean
}

type Ending = Ended & { readonly decision: 'rolled-back' | 'withdrawn' }

/** Who is told while it goes on: of each confirmed weight, and of each look. */
export interface Told {
  readonly weight: (percent: number) => Promise<void>
  readonly look: (tick: RolloutTick) => void
}

const text = (words: string): string => words.slice(0, 1900).toWellFormed()

/** Looks at which counters had begun again: more, and servers restart all the time or instances answer in turn, so nothing can be counted. */
const mostRestarts = 4

/** Seconds that signals or target may be silent before the champion gets its traffic back: a canary that nobody can see is unsafe. */
const patience = (context: TrafficContext): number => Math.max(300, 5 * context.settings.judge.tick)

/**
 * Drives the rollout under way to its end, from wherever its last runner left it: one move at a time, each from the ledger's state and the live weight.
 * Throws Overtaken where a rollback or another rollout has taken over.
 */
export const drive = async (
  ports: RolloutPorts,
  context: TrafficContext,
  started: { readonly state: LedgerState; readonly rollout: string },
  told: Told,
): Promise<Ended> => {
  const { ledger, target, clock, log } = ports
  const { judge: rules } = context.settings
  const maximum = secondsOf(rules.max_duration)
  const deadline = clock.now() + maximum * 1000
  let state = started.state
  let baseline: Readings | null = null
  let silentSince: number | null = null
  let unready = 0
  let restarts = 0
  let held = 'nothing was judged yet'
  let wish = 'observe' as Wish
  let ending: Ending | null = null

  const current = (): RolloutState => {
    const { rollout, move } = environmentOf(state, context.environment)
    if (rollout?.rollout !== started.rollout || move !== null) throw new Overtaken(overtakenBy(state, context.environment))
    return rollout
  }
  const restoreFor = (end: Ending) => {
    ending ??= end
    wish = 'restore'
  }
  const undecided = (why: string) =>
    restoreFor(
      rules.on_inconclusive === 'rollback'
        ? { decision: 'rolled-back', reason: text(why), quarantined: true }
        : { decision: 'withdrawn', reason: text(why), quarantined: false },
    )
  const rollBackFor = (judgement: Judgement) =>
    restoreFor({ decision: 'rolled-back', reason: text(judgement.reason), quarantined: judgement.quarantine })
  const append = async (
    step: Extract<Boundary, `canary-${string}`>,
    verb: string,
    subject: string,
    events: (rollout: RolloutState, head: LedgerState) => readonly LedgerEvent[],
    evidence?: string,
  ) => {
    state = await within(ports.boundary, step, () =>
      appendToRollout(ports, context, { rollout: started.rollout, seq: state.seq, verb, subject }, (rollout, head) => ({
        events: events(rollout, head),
        ...(evidence === undefined ? {} : { evidence }),
      })),
    )
  }
  const silent = async (error: unknown) => {
    silentSince ??= clock.now()
    const seconds = (clock.now() - silentSince) / 1000
    held = messageOf(error)
    if (seconds > patience(context)) return undecided(`no answer for ${duration(seconds)}: ${held}`)
    log.warning(`hold: ${held}`)
    await clock.sleep(Math.min(rules.tick * 1000, 1000 * 2 ** Math.min(8, Math.floor(seconds))))
  }

  const observe = async (rollout: RolloutState) => {
    try {
      if (baseline === null) {
        await clock.sleep(rules.settle * 1000)
        baseline = await readAll(ports.signals)
      }
      await clock.sleep(rules.tick * 1000)
      const readings = await readAll(ports.signals)
      const traffic = await target.read()
      silentSince = null
      const live = traffic.percent[rollout.canary]
      // A window during which the weight was moved mixes two weights: it is left out, and the next look says who differs.
      if (nextMove(rollout, live, 'observe').do !== 'observe') {
        baseline = null
        return
      }
      const found = windowBetween(baseline, readings, rollout.canary)
      baseline = readings
      if (found.window === null) {
        held = found.reason
        log.warning(`hold: ${held}`)
        if (found.restarted) restarts += 1
        if (restarts > mostRestarts) undecided(`${restarts} looks could not be judged: ${held}`)
        return
      }
      const { window } = found
      const weight = live / 100
      const answer = judge(rollout.settings, rollout.judge ?? emptyJudgeState(rollout.settings), { weight, signals: window.signals })
      const { judgement } = answer
      const evidence = canonicalJson({ schema: 1, rollout: rollout.rollout, weight, ...window, judgement: judgement.reason })
      await append(
        'canary-evidence',
        'evidence',
        `judge ${context.model} v${rollout.version} in ${context.environment} at ${share(rollout.percent / 100)}: ${judgement.verdict}`,
        () => [
          {
            kind: 'evidence',
            environment: context.environment,
            rollout: rollout.rollout,
            until: window.until,
            judge: answer.state,
            judgement: text(`${judgement.verdict}: ${judgement.reason}`),
            evidence: digest(evidence),
          },
        ],
        evidence,
      )
      for (const line of tickLines(rollout.percent, judgement, rollout.settings)) log.info(line)
      told.look({
        percent: rollout.percent,
        evidence: judgement.signals.map(signal => signal.words).join('; '),
        followed:
          judgement.verdict === 'promote' ? 'next step' : judgement.verdict === 'rollback' ? 'roll back' : `wait: ${judgement.reason}`,
      })
      held = judgement.reason
      unready = traffic.ready[rollout.canary] ? 0 : unready + 1
      if (judgement.verdict === 'rollback') rollBackFor(judgement)
      else if (unready >= 2)
        restoreFor({
          decision: 'rolled-back',
          reason: `slot ${rollout.canary} was not ready at two looks in a row`,
          quarantined: traffic.ready[rollout.canary === 'blue' ? 'green' : 'blue'],
        })
      else if (judgement.verdict === 'promote' && unready === 0) wish = 'advance'
    } catch (error) {
      if (error instanceof Overtaken) throw error
      await silent(error)
    }
  }

  const endingEvents = (rollout: RolloutState, head: LedgerState, end: Ended): readonly LedgerEvent[] => {
    const at = { environment: context.environment, rollout: rollout.rollout }
    const events: LedgerEvent[] = [{ kind: 'rollout-end', ...at, decision: end.decision, reason: end.reason }]
    const champion = aliasOf(head, 'champion')
    if (end.decision === 'promoted' && context.ownsChampion && champion !== rollout.version)
      events.push({ kind: 'alias', alias: 'champion', from: champion, to: rollout.version })
    if (end.quarantined) events.push({ kind: 'quarantine', version: rollout.version, reason: end.reason })
    return events
  }

  /** The end of a rollout is one record with the last confirmed weight, the alias and the quarantine: none of them can be without the others. */
  const finish = async (rollout: RolloutState, move: Extract<Move, { do: 'confirm' }> | null): Promise<Ended> => {
    const end: Ended =
      move?.percent === 100
        ? {
            decision: 'promoted',
            reason: rollout.from === null ? 'first version: ready, nothing to compare with' : rollout.judgement.replace(/^promote: /, ''),
            quarantined: false,
          }
        : (ending ?? {
            decision: 'withdrawn',
            reason: `its runner stopped while giving the traffic back (${rollout.judgement})`,
            quarantined: false,
          })
    const subject =
      end.decision === 'promoted'
        ? `promote ${context.model} v${rollout.version} in ${context.environment}: ${end.reason}`
        : end.quarantined
          ? `quarantine ${context.model} v${rollout.version}: ${end.reason}`
          : `${end.decision === 'withdrawn' ? 'withdraw' : 'roll back'} ${context.model} v${rollout.version} from ${context.environment}: ${end.reason}`
    await append('canary-end', 'end', subject, (at, head) => [
      ...(move === null ? [] : [confirmEvent(at, move)]),
      ...endingEvents(at, head, end),
    ])
    return end
  }
  const confirmEvent = (rollout: RolloutState, move: { readonly step: number; readonly percent: number }): LedgerEvent => ({
    kind: 'weight-confirm',
    environment: context.environment,
    rollout: rollout.rollout,
    step: move.step,
    percent: move.percent,
  })

  const resumed = current()
  if (resumed.judge !== null) {
    const known = judgementOf(resumed.settings, resumed.judge)
    if (known.verdict === 'rollback') rollBackFor(known)
  }

  for (;;) {
    const rollout = current()
    if (wish !== 'restore' && !isRestoring(rollout) && clock.now() >= deadline)
      undecided(`not proven within ${rules.max_duration}: ${held}`)
    let live: number
    try {
      const traffic = await within(ports.boundary, 'traffic-read', () => target.read())
      live = traffic.percent[rollout.canary]
    } catch (error) {
      if (wish === 'restore')
        live = (await patiently(ports, patience(context), 'reading the target', () => target.read())).percent[rollout.canary]
      else {
        await silent(error)
        continue
      }
    }
    const move = nextMove(rollout, live, wish)
    switch (move.do) {
      case 'intend':
        await append(
          'canary-intent',
          'weight',
          `move ${context.model} v${rollout.version} in ${context.environment} to ${share(move.percent / 100)}`,
          at => [
            {
              kind: 'weight-intent',
              environment: context.environment,
              rollout: at.rollout,
              step: move.step,
              percent: move.percent,
              expecting: move.expecting,
            },
          ],
        )
        if (wish === 'advance') wish = 'observe'
        break
      case 'act': {
        baseline = null
        const act = () => setWeight(ports, rollout.canary, move.percent, move.expecting, state.seq)
        // Giving traffic back must not give up early; a step up that the target refuses may wait, and in the end gives up the canary.
        if (wish === 'restore' || isRestoring(rollout)) await patiently(ports, patience(context), 'giving the traffic back', act)
        else {
          try {
            await act()
          } catch (error) {
            await silent(error)
            state = await patiently(ports, patience(context), 'reading the ledger', () => ledger.read(context.model))
          }
        }
        break
      }
      case 'confirm':
        baseline = null
        if (move.ends) return finish(rollout, move)
        await append(
          'canary-confirm',
          'confirm',
          `confirm ${context.model} v${rollout.version} in ${context.environment} at ${share(move.percent / 100)}`,
          at => [confirmEvent(at, move)],
        )
        await told.weight(move.percent)
        break
      case 'observe':
        await observe(rollout)
        break
      case 'drift':
        held = move.reason
        baseline = null
        log.warning(`hold: ${move.reason}`)
        if (wish === 'advance') wish = 'observe'
        state = await patiently(ports, patience(context), 'reading the ledger', () => ledger.read(context.model))
        await clock.sleep(rules.tick * 1000)
        break
      case 'end':
        return finish(rollout, null)
    }
  }
}
