import { expect, test } from 'vitest'
import { madeWriter, nextDecision } from '../../scripts/bench/ledger/events.ts'
import { decisionsRef, makeLedger } from '../../scripts/bench/ledger/generate.ts'
import { canonicalJson } from '../../src/core/lineage/canonical.ts'
import { ledgerOn } from '../adapters/git/ledgers.ts'
import { bareRepository, git } from '../support/git-fixture.ts'
import { temporaryFolder } from '../support/temporary.ts'

test('the made-up ledger of the bench is the one that appending one by one writes, to the last byte', async () => {
  await using folder = await temporaryFolder()
  const [made, appended] = [folder.join('made.git'), folder.join('appended.git')]
  for (const bare of [made, appended]) await bareRepository(bare)
  const versions = 12
  const state = await makeLedger(made, 'churn', versions)

  let now = 0
  const clock = { now: () => now, sleep: async () => {} }
  const ledger = ledgerOn(appended, { writer: madeWriter, clock })
  let written = await ledger.read('churn')
  while (written.versions < versions) {
    const { request, subject, events, at } = nextDecision('churn', written)
    now = at
    written = (await ledger.append('churn', { id: request, subject }, () => ({ events }))).state
  }
  expect(canonicalJson(state)).toBe(canonicalJson(written))
  const heads = [made, appended].map(bare => git(bare, ['rev-parse', decisionsRef('churn')]))
  expect(await heads[0]).toBe(await heads[1])
})

test('the whole made-up ledger is accepted where it is read', async () => {
  await using folder = await temporaryFolder()
  await bareRepository(folder.path)
  const state = await makeLedger(folder.path, 'churn', 200)
  const ledger = ledgerOn(folder.path)
  const records = await ledger.records('churn')
  expect(records).toHaveLength(state.seq)
  expect(canonicalJson(await ledger.read('churn'))).toBe(canonicalJson(state))
  expect(state).toMatchObject({ versions: 200, aliases: { champion: 190 } })
})
