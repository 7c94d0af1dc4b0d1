import { UserError } from '../errors.ts'
import type { EnvironmentState, LedgerRecord, LedgerState, VersionRecord } from './events.ts'
import { inSet } from './version-set.ts'

/** State of an environment; one that no event has named yet has nothing live. */
export const environmentOf = (state: LedgerState, environment: string): EnvironmentState =>
  Object.hasOwn(state.environments, environment)
    ? (state.environments[environment] as EnvironmentState)
    : { live: null, history: [], rollout: null, move: null }

/** The version an alias points to, or null. */
export const aliasOf = (state: LedgerState, alias: string): number | null =>
  Object.hasOwn(state.aliases, alias) ? (state.aliases[alias] ?? null) : null

/** Whether a version may not go live again. */
export const isQuarantined = (state: LedgerState, version: number): boolean =>
  Object.hasOwn(state.quarantine, String(version)) || inSet(state.quarantined ?? '', version)

/** Whether the files of a version were deleted. */
export const isCollected = (state: LedgerState, version: number): boolean => inSet(state.collected ?? '', version)

/** Throws a UserError where a version was never registered. */
export const assertRegistered = (state: LedgerState, version: number): void => {
  if (Number.isInteger(version) && version >= 1 && version <= state.versions) return
  const known = state.versions === 0 ? 'no version is registered' : `versions 1 to ${state.versions} are registered`
  throw new UserError(`${state.model} has no version ${version}: ${known}. Name one of these.`)
}

/** Throws a UserError where a version may not take traffic: it was never registered, is quarantined, or its files were deleted. */
export const assertMayGoLive = (state: LedgerState, version: number): void => {
  assertRegistered(state, version)
  if (isCollected(state, version))
    throw new UserError(
      `The files of ${state.model} v${version} were deleted as no longer needed, so it cannot go live again. Train and register it anew, or choose another version.`,
    )
  if (!isQuarantined(state, version)) return
  const reason = state.quarantine[String(version)] ?? '…'
  throw new UserError(
    `${state.model} v${version} is quarantined (${reason}) and may not go live again. Register a corrected version, or choose another one.`,
  )
}

/** Throws a UserError where an alias is not where the caller last saw it (`null`: it did not exist): somebody moved it in between. */
export const assertAliasAt = (state: LedgerState, alias: string, from: number | null): void => {
  const at = aliasOf(state, alias)
  if (at === from) return
  const words = (version: number | null) => (version === null ? 'nowhere' : `at v${version}`)
  throw new UserError(
    `The alias ${alias} of ${state.model} is ${words(at)}, not ${words(from)}: it was moved meanwhile. Judge again from the present state.`,
  )
}

/** The version that a rollback goes to unless one is named: the newest of those live before that is not quarantined, or null. */
export const previousLive = (
  state: LedgerState,
  environment: string,
): { readonly version: number; readonly slot: 'blue' | 'green' | null } | null =>
  environmentOf(state, environment).history.find(({ version }) => !isQuarantined(state, version)) ?? null

/** What the state still knows of a version: only those live, live before, rolled out, aliased or newest are kept; null for others. */
export const versionInState = (state: LedgerState, version: number): VersionRecord | null =>
  Object.hasOwn(state.records, String(version)) ? (state.records[String(version)] ?? null) : null

/** A version's record out of all records of the ledger, with the image it was packaged into last; null where it was never registered. */
export const versionInRecords = (records: readonly LedgerRecord[], version: number): VersionRecord | null => {
  let found: VersionRecord | null = null
  for (const event of records.flatMap(record => record.events)) {
    if (event.kind === 'register' && event.version.version === version) found = event.version
    if (event.kind === 'package' && event.version === version && found !== null) found = { ...found, image: event.image }
  }
  return found
}
