import { expect, test } from 'vitest'
import { loggedAt, madeWriter, nextDecision, runLine } from '../../scripts/bench/ledger/events.ts'
import { makeLedger, makeRunLog } from '../../scripts/bench/ledger/generate.ts'
import { refsOf } from '../../src/adapters/git/ledger.ts'
import { canonicalJson } from '../../src/core/lineage/canonical.ts'
import { release } from '../../src/kernel/release.ts'
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
  const ledger = ledgerOn(appended, { writer: madeWriter, release, clock })
  let written = await ledger.read('churn')
  while (written.versions < versions) {
    const { request, subject, events, at } = nextDecision('churn', written)
    now = at
    written = (await ledger.append('churn', { id: request, subject }, () => ({ events }))).state
  }
  expect(canonicalJson(state)).toBe(canonicalJson(written))
  const heads = [made, appended].map(bare => git(bare, ['rev-parse', refsOf('churn').decisions]))
  expect(await heads[0]).toBe(await heads[1])
}, 60_000)

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

test('the made-up log of runs is the one that logging one by one writes', async () => {
  await using folder = await temporaryFolder()
  const [made, logged] = [folder.join('made.git'), folder.join('logged.git')]
  for (const bare of [made, logged]) await bareRepository(bare)
  await makeRunLog(made, 'churn', 3)
  let now = 0
  const ledger = ledgerOn(logged, { writer: madeWriter, release, clock: { now: () => now, sleep: async () => {} } })
  for (const run of [1, 2, 3]) {
    now = loggedAt(run)
    await ledger.log('churn', [runLine('churn', run)])
  }
  const heads = [made, logged].map(bare => git(bare, ['rev-parse', refsOf('churn').runs]))
  expect(await heads[0]).toBe(await heads[1])
})
