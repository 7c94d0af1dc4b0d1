import type { LedgerState } from '../../core/lineage/events.ts'
import { environmentOf, isCollected, isQuarantined, versionInRecords } from '../../core/lineage/preconditions.ts'
import { plainLine } from '../../core/report/escape.ts'
import { quarantineReason } from '../../core/rollout/quarantine-reason.ts'
import type { Ledger } from '../../ports/ledger.ts'
import type { ModelStore } from '../../ports/model-store.ts'
import { messageOf } from '../traffic/moving.ts'

/** Versions that are listed where a rollback is refused. */
const mostListed = 12

/**
 * What there is to go to, a line for each version: what it is here, whether it is quarantined and for what, and whether its files are there. The versions that were live
 * here come first, then the newest others.
 */
export const whatExists = async (
  ports: { readonly ledger: Pick<Ledger, 'records'>; readonly store: Pick<ModelStore, 'prove'> },
  state: LedgerState,
  environment: string,
): Promise<readonly string[]> => {
  const { live, history, rollout } = environmentOf(state, environment)
  const records = await ports.ledger.records(state.model)
  const here = [rollout?.version, live?.version, ...history.map(({ version }) => version)].filter(version => version !== undefined)
  const others = Array.from({ length: Math.min(state.versions, mostListed) }, (_, index) => state.versions - index)
  const listed = [...new Set([...here, ...others])].slice(0, mostListed)
  const placeOf = (version: number): string => {
    if (version === live?.version) return `live in slot ${live.slot}`
    if (version === rollout?.version) return `being rolled out in slot ${rollout.canary}`
    return history.some(entry => entry.version === version) ? 'live before' : 'never live here, or long ago'
  }
  const filesOf = async (version: number): Promise<string> => {
    if (isCollected(state, version)) return 'its files were deleted'
    const record = versionInRecords(records, version)
    if (record === null) return 'the ledger has no record of it'
    const problem = await ports.store.prove(record.tag, record.assets).catch(messageOf)
    return problem === null ? 'its files are there' : `its files cannot be proven: ${plainLine(problem, 200)}`
  }
  const lines: string[] = []
  for (const version of listed) {
    const quarantine = isQuarantined(state, version)
      ? `quarantined: ${plainLine(quarantineReason(state, records, version), 200)}`
      : 'not quarantined'
    lines.push(`  v${version}: ${placeOf(version)}; ${quarantine}; ${await filesOf(version)}`)
  }
  const left = state.versions - listed.length
  return left > 0 ? [...lines, `  and ${left} more, of which \`refline history\` tells`] : lines
}
