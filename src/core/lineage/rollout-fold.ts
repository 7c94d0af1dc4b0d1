import { UserError } from '../errors.ts'
import type { EnvironmentState, EventOf, LedgerState, RolloutState, Slot } from './events.ts'
import { withoutTombstone } from './keeping.ts'
import { assertMayGoLive, environmentOf } from './preconditions.ts'

const historyLimit = 10

/** Throws the UserError that says what does not follow. */
export const refuse = (state: LedgerState, sentence: string): never => {
  throw new UserError(`This does not follow from the ledger of ${state.model} at seq ${state.seq}: ${sentence}.`)
}

const withEnvironment = (state: LedgerState, name: string, change: Partial<EnvironmentState>): LedgerState => ({
  ...state,
  environments: { ...state.environments, [name]: { ...environmentOf(state, name), ...change } },
})

const runningRollout = (state: LedgerState, event: { readonly environment: string; readonly rollout: string }): RolloutState => {
  const rollout = environmentOf(state, event.environment).rollout
  if (rollout !== null && rollout.rollout === event.rollout) return rollout
  const found = rollout === null ? 'no rollout is under way' : `the rollout under way is ${rollout.rollout}`
  return refuse(state, `${found} in ${event.environment}, so rollout ${event.rollout} is over or was replaced`)
}

export const withRollout = (
  state: LedgerState,
  event: { readonly environment: string; readonly rollout: string },
  change: Partial<RolloutState>,
) => withEnvironment(state, event.environment, { rollout: { ...runningRollout(state, event), ...change } })

/** A slot that is given to a version no longer holds what it held before: a rollback to that would have to deploy it again. */
const vacated = (history: EnvironmentState['history'], slot: Slot): EnvironmentState['history'] =>
  history.map(entry => (entry.slot === slot ? { ...entry, slot: null } : entry))

export const rolloutStart = (state: LedgerState, event: EventOf<'rollout-start'>): LedgerState => {
  assertMayGoLive(state, event.version)
  const environment = environmentOf(state, event.environment)
  const { live, rollout, move } = environment
  if (rollout !== null) refuse(state, `v${rollout.version} is being rolled out in ${event.environment}`)
  if (move !== null) refuse(state, `a rollback to v${move.to} was begun in ${event.environment} and not confirmed`)
  if ((live?.version ?? null) !== event.from) refuse(state, `${event.environment} runs ${live === null ? 'nothing' : `v${live.version}`}`)
  if (live?.version === event.version) refuse(state, `v${event.version} is live in ${event.environment}`)
  if (live?.slot === event.canary) refuse(state, `slot ${event.canary} of ${event.environment} is taken by the live version`)
  return withEnvironment(withoutTombstone(state, event.version), event.environment, {
    history: vacated(environment.history, event.canary),
    rollout: {
      rollout: event.rollout,
      version: event.version,
      from: event.from,
      canary: event.canary,
      steps: event.steps,
      step: -1,
      percent: 0,
      intent: null,
      until: null,
      settings: event.judge,
      judge: null,
      judgement: 'started',
      since: state.seq + 1,
      ...(event.waits === undefined ? {} : { waits: event.waits }),
      ...(event.bake === undefined ? {} : { bake: event.bake }),
      ...(event.holder === undefined ? {} : { holder: event.holder }),
      ...(event.at === undefined ? {} : { begun: event.at, heard: event.at }),
    },
  })
}

export const weightIntent = (state: LedgerState, event: EventOf<'weight-intent'>): LedgerState => {
  const { step, percent, expecting, at } = event
  return withRollout(state, event, { intent: { step, percent, expecting, ...(at === undefined ? {} : { at }) } })
}

export const weightConfirm = (state: LedgerState, event: EventOf<'weight-confirm'>): LedgerState => {
  const { intent, changes = [], announced = changes } = runningRollout(state, event)
  if (intent === null || intent.step !== event.step || intent.percent !== event.percent) {
    refuse(
      state,
      `a weight of ${event.percent} % was confirmed that ${intent === null ? 'nobody intended' : `is not the intended ${intent.percent} %`}`,
    )
  }
  const { at } = event
  return withRollout(state, event, {
    step: event.step,
    percent: event.percent,
    intent: null,
    ...(at === undefined
      ? {}
      : { reached: at, heard: at, changes: [...changes, at].slice(-40), announced: [...announced, intent?.at ?? at].slice(-40) }),
  })
}

export const evidence = (state: LedgerState, event: EventOf<'evidence'>): LedgerState => {
  const { until } = runningRollout(state, event)
  if (until !== null && event.until < until) refuse(state, `evidence until ${event.until} is older than what was judged already (${until})`)
  const { judge, judgement, at } = event
  return withRollout(state, event, { judge, until: event.until, judgement, ...(at === undefined ? {} : { heard: at }) })
}

export const taken = (state: LedgerState, event: EventOf<'rollout-taken'>): LedgerState => {
  const { holder } = runningRollout(state, event)
  if ((holder ?? null) !== event.from)
    refuse(state, `rollout ${event.rollout} is driven by ${holder ?? 'nobody'}, not by ${event.from ?? 'nobody'}`)
  return withRollout(state, event, { holder: event.holder, heard: event.at })
}

export const left = (state: LedgerState, event: EventOf<'rollout-left'>): LedgerState => {
  const { holder: _, ...rollout } = runningRollout(state, event)
  return withEnvironment(state, event.environment, {
    rollout: { ...rollout, heard: event.at, judgement: `left: ${event.reason}`.slice(0, 2000) },
  })
}

export const approve = (state: LedgerState, event: EventOf<'approve'>): LedgerState => {
  const { step, waits } = runningRollout(state, event)
  if (step !== event.step) refuse(state, `step ${event.step} of rollout ${event.rollout} is not the present one, which is ${step}`)
  if (!(waits ?? []).some(wait => wait.step === event.step && wait.approval !== undefined))
    refuse(state, `step ${event.step} of rollout ${event.rollout} waits for no approval`)
  return withRollout(state, event, { approved: event.step })
}

export const rolloutEnd = (state: LedgerState, event: EventOf<'rollout-end'>): LedgerState => {
  const rollout = runningRollout(state, event)
  if (event.decision !== 'promoted') return withEnvironment(state, event.environment, { rollout: null })
  assertMayGoLive(state, rollout.version)
  if (rollout.percent !== 100 || rollout.intent !== null) {
    refuse(state, `v${rollout.version} cannot be promoted at a confirmed weight of ${rollout.percent} %`)
  }
  const { live, history } = environmentOf(state, event.environment)
  const before = live === null ? history : [live, ...history]
  return withEnvironment(state, event.environment, {
    live: { version: rollout.version, slot: rollout.canary },
    history: before.filter(({ version }) => version !== rollout.version).slice(0, historyLimit),
    rollout: null,
  })
}

export const rollbackIntent = (state: LedgerState, event: EventOf<'rollback-intent'>): LedgerState => {
  assertMayGoLive(state, event.to)
  const { live, rollout, move } = environmentOf(state, event.environment)
  if (event.from === event.to) refuse(state, `a rollback from v${event.from} to itself moves nothing`)
  if (![live?.version, rollout?.version, move?.from].includes(event.from)) {
    refuse(state, `v${event.from} is not in ${event.environment}, which runs ${live === null ? 'nothing' : `v${live.version}`}`)
  }
  return withEnvironment(withoutTombstone(state, event.to), event.environment, {
    rollout: null,
    move: { from: event.from, to: event.to, reason: event.reason },
  })
}

export const rollbackConfirm = (state: LedgerState, event: EventOf<'rollback-confirm'>): LedgerState => {
  const { live, history, move } = environmentOf(state, event.environment)
  if (move === null || move.from !== event.from || move.to !== event.to) {
    refuse(state, `no rollback from v${event.from} to v${event.to} was begun in ${event.environment}`)
  }
  const left = live !== null && live.version === event.from ? [live, ...history] : history
  return withEnvironment(state, event.environment, {
    live: { version: event.to, slot: event.slot },
    history: vacated(
      left.filter(({ version }) => version !== event.to),
      event.slot,
    ).slice(0, historyLimit),
    move: null,
  })
}
