import { UserError } from '../errors.ts'
import { byteLength, canonicalJson } from './canonical.ts'
import type { LedgerState } from './events.ts'
import { isQuarantined } from './preconditions.ts'

/** Largest record.json and state.json in bytes, as UTF-8. */
export const recordLimit = 65_536
export const stateLimit = 32_768

const requestLimit = 2000
const requestDays = 90
const fewestRequests = 100
const fullReasons = 20
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

/** Every quarantined version stays known for ever; only the newest keep their reason, the others are explained by their record. */
const shortQuarantine = (quarantine: LedgerState['quarantine']): LedgerState['quarantine'] => {
  const versions = Object.keys(quarantine).sort((a, b) => Number(b) - Number(a))
  return Object.fromEntries(
    versions.map((version, index) => [version, index < fullReasons ? shortened(quarantine[version] as string) : '…']),
  )
}

/**
 * Drops what questions about now do not need, so that the state stays below its limit: records of other versions, long reasons, requests older than 90 days
 * before the newest and, from the oldest on, as many as do not fit (2,000 at most). At least 100 requests are always remembered; a state that cannot hold
 * them is a UserError.
 */
export const trimmed = (state: LedgerState): LedgerState => {
  const needed = neededVersions(state)
  const newestDay = state.requests.reduce((newest, [, , day]) => Math.max(newest, day), 0)
  const small: LedgerState = {
    ...state,
    records: Object.fromEntries(Object.entries(state.records).filter(([version]) => needed.has(Number(version)))),
    quarantine: shortQuarantine(state.quarantine),
    requests: [],
  }
  let bytes = byteLength(canonicalJson(small))
  let kept = 0
  for (const request of state.requests.toReversed()) {
    const cost = canonicalJson(request).length + 1
    if (kept === requestLimit || request[2] < newestDay - requestDays || bytes + cost > stateLimit) break
    bytes += cost
    kept += 1
  }
  if (kept < Math.min(fewestRequests, state.requests.length) && bytes + 40 > stateLimit) {
    throw new UserError(
      `The state of ${state.model} would pass ${stateLimit} bytes (${bytes} without its requests). Remove aliases that are no longer needed, or register versions with fewer files.`,
    )
  }
  return { ...small, requests: kept === 0 ? [] : state.requests.slice(-kept) }
}
