import { git } from '../support/git-fixture.ts'
import type { Scenario } from '../support/scenario.ts'

/** What the ledger decides, without what differs between two runs of the same story: times, digests of records, ports in addresses. */
export const foldOf = async (scenario: Scenario) => {
  const show = (name: string) => git(scenario.bare, ['show', `refs/refline/models/churn/decisions:${name}`])
  const state = JSON.parse(await show('state.json')) as {
    seq: number
    versions: number
    aliases: Record<string, number>
    environments: Record<string, { live: unknown; history: unknown; rollout: unknown; move: unknown }>
    quarantine: Record<string, string>
    records: Record<string, { version: number; run: string; digest: string; tag: string }>
  }
  const records = Object.values(state.records).map(({ version, run, digest, tag }) => ({ version, run, digest, tag }))
  return { versions: state.versions, aliases: state.aliases, environments: state.environments, quarantine: state.quarantine, records }
}
