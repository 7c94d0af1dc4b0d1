import { UserError } from '../errors.ts'
import { byteLength, canonicalJson } from './canonical.ts'
import type { LedgerState } from './events.ts'
import { isQuarantined } from './preconditions.ts'
import { withVersion } from './version-set.ts'

/** Largest record.json and state.json in bytes, as UTF-8. */
export const recordLimit = 65_536
export const stateLimit = 32_768

const requestLimit = 2000
const requestDays = 90
const fewestRequests = 100
const fullReasons = 20
const namedQuarantined = 100
const rememberedTicks = 64
/** `"forgotten":[<seq>,<day>],` at its longest. */
const forgottenBytes = 40
const shortText = 160

const shortened = (text: string): string => (text.length <= shortText ? text : `${text.slice(0, shortText - 1).toWellFormed()}…`)

/** Versions that questions about now can be asked about: live, live last (and the one a rollback would choose), rolled out, aliased, newest. */
const neededVersions = (state: LedgerState): Set<number> => {
  const needed = new Set<number>([state.versions, ...Object.values(state.aliases)])
  for (const { live, history, rollout, move } of Object.values(state.environments)) {
    const fallback = history.find(({ version }) => !isQuarantined(state, version))
    for (const version of [live?.version, history[0]?.version, fallback?.version, rollout?.version, rollout?.from, move?.from, move?.to]) {
      if (version !== undefined && version !== null) needed.add(version)
    }
  }
  return needed
}

type Quarantine = Pick<LedgerState, 'quarantine' | 'quarantined'>

/**
 * Every quarantined version stays known for ever; only the newest keep their reason, the others are explained by their record. Of schema 2 on those before the 100
 * newest are members of a set, so that thousands of them have room.
 */
const shortQuarantine = (state: LedgerState): Quarantine => {
  const versions = Object.keys(state.quarantine)
    .map(Number)
    .sort((a, b) => b - a)
  const named = state.schema === 1 ? versions : versions.slice(0, namedQuarantined)
  const quarantine = Object.fromEntries(
    named.map((version, index) => [version, index < fullReasons ? shortened(state.quarantine[version] as string) : '…']),
  )
  const others = versions.slice(named.length).reduce(withVersion, state.quarantined ?? '')
  return others === '' ? { quarantine } : { quarantine, quarantined: others }
}

/** Bytes of one remembered request within state.json: `["<16>",<seq>,<day>]` and a comma. */
const costOf = ([, seq, day]: LedgerState['requests'][number]): number => 23 + String(seq).length + String(day).length

const withoutEmpty = (state: LedgerState): LedgerState => {
  const { pins, tombstones, ticks, ...others } = state
  const lasting = (ticks ?? []).slice(-rememberedTicks)
  return {
    ...others,
    ...(pins === undefined || Object.keys(pins).length === 0 ? {} : { pins }),
    ...(tombstones === undefined || Object.keys(tombstones).length === 0 ? {} : { tombstones }),
    ...(lasting.length === 0 ? {} : { ticks: lasting }),
  }
}

/** The newest request that was dropped although it is young enough to be asked for again, where there is one. */
const forgottenBy = (
  { schema, forgotten }: LedgerState,
  dropped: LedgerState['requests'][number] | undefined,
  oldestDay: number,
): Pick<LedgerState, 'forgotten'> => {
  if (schema === 1) return {}
  if (dropped !== undefined && dropped[2] >= oldestDay) return { forgotten: [dropped[1], dropped[2]] }
  return forgotten !== undefined && forgotten[1] >= oldestDay ? { forgotten } : {}
}

/**
 * Drops what questions about now do not need, so that the state stays below its limit: records of other versions, long reasons, requests older than 90 days
 * before the newest and, from the oldest on, as many as do not fit (2,000 at most); which was the newest of those is noted, so that it can be looked for in the
 * records. At least 100 requests are always remembered; a state that cannot hold them is a UserError.
 */
export const trimmed = (state: LedgerState): LedgerState => {
  const needed = neededVersions(state)
  const newestDay = state.requests.reduce((newest, [, , day]) => Math.max(newest, day), 0)
  const { forgotten, ...others } = withoutEmpty(state)
  const small: LedgerState = {
    ...others,
    records: Object.fromEntries(Object.entries(state.records).filter(([version]) => needed.has(Number(version)))),
    ...shortQuarantine(state),
    requests: [],
  }
  let bytes = byteLength(canonicalJson(small)) + (state.schema === 1 ? 0 : forgottenBytes)
  let kept = 0
  for (let place = state.requests.length - 1; place >= 0; place -= 1) {
    const request = state.requests[place] as LedgerState['requests'][number]
    const cost = costOf(request)
    if (kept === requestLimit || request[2] < newestDay - requestDays || bytes + cost > stateLimit) break
    bytes += cost
    kept += 1
  }
  if (kept < Math.min(fewestRequests, state.requests.length) && bytes + 40 > stateLimit) {
    throw new UserError(
      `The state of ${state.model} would pass ${stateLimit} bytes (${bytes} without its requests). Let fewer environments have a rollout at the same time, or judge by fewer signals; remove aliases that are no longer needed; register versions with fewer files.`,
    )
  }
  const dropped = state.requests.at(-kept - 1)
  return {
    ...small,
    ...forgottenBy(state, kept === state.requests.length ? undefined : dropped, newestDay - requestDays),
    requests: kept === 0 ? [] : state.requests.slice(-kept),
  }
}
