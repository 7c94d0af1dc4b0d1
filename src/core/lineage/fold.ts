import { UserError } from '../errors.ts'
import { canonicalJson } from './canonical.ts'
import type { EnvironmentState, EventOf, LedgerEvent, LedgerRecord, LedgerState, RolloutState, Slot } from './events.ts'
import { decidedBy, withHoldout } from './holdouts.ts'
import { collected, pinned, tombstone, unpinned, withoutTombstone } from './keeping.ts'
import { requestPrefix } from './keys.ts'
import { trimmed } from './limits.ts'
import { assertAliasAt, assertMayGoLive, assertRegistered, environmentOf } from './preconditions.ts'

/** The state before the first record: `seq` 0 and nothing known. */
export const emptyState = (model: string): LedgerState => ({
  schema: 1,
  model,
  seq: 0,
  head: null,
  versions: 0,
  aliases: {},
  environments: {},
  records: {},
  quarantine: {},
  requests: [],
})

const historyLimit = 10

const refuse = (state: LedgerState, sentence: string): never => {
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

const withRollout = (
  state: LedgerState,
  event: { readonly environment: string; readonly rollout: string },
  change: Partial<RolloutState>,
) => withEnvironment(state, event.environment, { rollout: { ...runningRollout(state, event), ...change } })

/** A slot that is given to a version no longer holds what it held before: a rollback to that would have to deploy it again. */
const vacated = (history: EnvironmentState['history'], slot: Slot): EnvironmentState['history'] =>
  history.map(entry => (entry.slot === slot ? { ...entry, slot: null } : entry))

const register = (state: LedgerState, event: EventOf<'register'>): LedgerState => {
  const { version, record } = event
  if (version.version !== state.versions + 1) refuse(state, `the next version is ${state.versions + 1}, not ${version.version}`)
  if (record.model !== state.model || record.run !== version.run)
    refuse(state, `run ${record.run} of ${record.model} is not ${version.run}`)
  const counted = countedHoldout(state, event)
  return { ...counted, versions: version.version, records: { ...state.records, [version.version]: version } }
}

/** A register event without `decided` was written before holdouts were counted; counting it now would make another state than the one that stands there. */
const countedHoldout = (state: LedgerState, { version, decided }: EventOf<'register'>): LedgerState => {
  if (decided === undefined || version.holdout === null) return state
  const known = decidedBy(state, version.holdout)
  if (decided !== known) refuse(state, `the holdout of v${version.version} had decided ${known} times, not ${decided}`)
  return withHoldout(state, version.holdout)
}

const alias = (state: LedgerState, event: EventOf<'alias'>): LedgerState => {
  assertRegistered(state, event.to)
  assertAliasAt(state, event.alias, event.from)
  if (event.alias === 'champion') assertMayGoLive(state, event.to)
  return { ...withoutTombstone(state, event.to), aliases: { ...state.aliases, [event.alias]: event.to } }
}

const packaged = (state: LedgerState, event: EventOf<'package'>): LedgerState => {
  assertRegistered(state, event.version)
  const known = state.records[event.version]
  return known === undefined ? state : { ...state, records: { ...state.records, [event.version]: { ...known, image: event.image } } }
}

const rolloutStart = (state: LedgerState, event: EventOf<'rollout-start'>): LedgerState => {
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
    },
  })
}

const weightConfirm = (state: LedgerState, event: EventOf<'weight-confirm'>): LedgerState => {
  const { intent } = runningRollout(state, event)
  if (intent === null || intent.step !== event.step || intent.percent !== event.percent) {
    refuse(
      state,
      `a weight of ${event.percent} % was confirmed that ${intent === null ? 'nobody intended' : `is not the intended ${intent.percent} %`}`,
    )
  }
  return withRollout(state, event, { step: event.step, percent: event.percent, intent: null })
}

const evidence = (state: LedgerState, event: EventOf<'evidence'>): LedgerState => {
  const { until } = runningRollout(state, event)
  if (until !== null && event.until < until) refuse(state, `evidence until ${event.until} is older than what was judged already (${until})`)
  return withRollout(state, event, { judge: event.judge, until: event.until, judgement: event.judgement })
}

const rolloutEnd = (state: LedgerState, event: EventOf<'rollout-end'>): LedgerState => {
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

const rollbackIntent = (state: LedgerState, event: EventOf<'rollback-intent'>): LedgerState => {
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

const rollbackConfirm = (state: LedgerState, event: EventOf<'rollback-confirm'>): LedgerState => {
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

const apply = (state: LedgerState, event: LedgerEvent, day: number): LedgerState => {
  switch (event.kind) {
    case 'register':
      return register(state, event)
    case 'kept':
      return event.holdout === null ? state : withHoldout(state, event.holdout)
    case 'seen-again':
      assertRegistered(state, event.version)
      return state
    case 'alias':
      return alias(state, event)
    case 'package':
      return packaged(state, event)
    case 'rollout-start':
      return rolloutStart(state, event)
    case 'weight-intent':
      return withRollout(state, event, { intent: { step: event.step, percent: event.percent, expecting: event.expecting } })
    case 'weight-confirm':
      return weightConfirm(state, event)
    case 'evidence':
      return evidence(state, event)
    case 'rollout-end':
      return rolloutEnd(state, event)
    case 'rollback-intent':
      return rollbackIntent(state, event)
    case 'rollback-confirm':
      return rollbackConfirm(state, event)
    case 'quarantine':
      assertRegistered(state, event.version)
      return { ...state, quarantine: { ...state.quarantine, [event.version]: event.reason } }
    case 'pin':
      return pinned(state, event)
    case 'unpin':
      return unpinned(state, event)
    case 'tombstone':
      return tombstone(state, event, day)
    case 'collected':
      return collected(state, event, day)
  }
}

const tickKinds: ReadonlySet<LedgerEvent['kind']> = new Set(['evidence', 'weight-intent', 'weight-confirm'])

/** Whether a record only watches or moves a rollout: its request names the seq it was made at, so nobody asks for it a second time. */
const isTick = (record: LedgerRecord): boolean => record.schema === 2 && record.events.every(({ kind }) => tickKinds.has(kind))

/** Day since 1970 of a record, by which remembered requests age. */
const dayOf = (record: LedgerRecord): number => Math.floor(Date.parse(record.writer.at) / 86_400_000)

/**
 * The state after one more record. Pure: the same records give the same state, byte for byte, wherever they are folded and by whichever release: what a schema's
 * records make of a state never changes. `recordDigest` is the digest of record.json. Throws a UserError where the record cannot follow (wrong seq, model or
 * predecessor, an older schema, a request that is there already, an event that does not fit the state) and where the state would pass its limits; such a record is
 * never written.
 */
export const fold = (state: LedgerState, record: LedgerRecord, recordDigest: string): LedgerState => {
  if (record.model !== state.model) refuse(state, `the record belongs to ${record.model}`)
  if (record.seq !== state.seq + 1) refuse(state, `the record has seq ${record.seq}, expected ${state.seq + 1}`)
  if (record.prev !== state.head) refuse(state, `the record follows ${record.prev ?? 'nothing'}, expected ${state.head ?? 'nothing'}`)
  if (record.schema < state.schema) refuse(state, `the record has schema ${record.schema} after one of schema ${state.schema}`)
  const prefix = requestPrefix(record.request)
  if (rememberedAt(state, prefix) !== null) refuse(state, `request ${record.request} was recorded before`)
  const day = dayOf(record)
  const after = record.events.reduce((folded, event) => apply(folded, event, day), state)
  const next: LedgerState = { ...after, schema: record.schema, seq: record.seq, head: recordDigest }
  if (isTick(record)) return trimmed({ ...next, ticks: [...(next.ticks ?? []), [prefix, record.seq]] })
  return trimmed({ ...next, requests: [...next.requests, [prefix, record.seq, day]] })
}

/** The seq of the record that a request made, by the prefix of its id, as far as the state remembers it; else null. */
export const rememberedAt = (state: LedgerState, prefix: string): number | null =>
  (state.requests.find(([known]) => known === prefix) ?? state.ticks?.find(([known]) => known === prefix))?.[1] ?? null

/** Whether two states are the same to the last byte. */
export const sameState = (a: LedgerState, b: LedgerState): boolean => canonicalJson(a) === canonicalJson(b)
