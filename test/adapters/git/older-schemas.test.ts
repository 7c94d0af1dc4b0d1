import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { isCollected } from '../../../src/core/lineage/preconditions.ts'
import { bareRepository, git } from '../../support/git-fixture.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { ledgerOn } from './ledgers.ts'

const fixtures = join(import.meta.dirname, '..', '..', 'fixtures', 'ledgers')

const restored = async (name: string) => {
  const folder = await temporaryFolder('refline-older-')
  const bare = folder.join('churn.git')
  await bareRepository(bare)
  await git(bare, ['fetch', '--quiet', join(fixtures, `${name}.bundle`), 'refs/refline/*:refs/refline/*'])
  return { bare, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}

describe('a ledger of schema 1, which release 0.1 wrote', () => {
  test('is read, and every record of it verified', async () => {
    await using at = await restored('schema-1')
    const ledger = ledgerOn(at.bare)
    expect(await ledger.read('churn')).toMatchObject({
      schema: 1,
      seq: 19,
      versions: 3,
      aliases: { champion: 1 },
      quarantine: { '2': 'pager' },
      environments: { production: { live: { version: 1, slot: 'blue' }, rollout: null, move: null } },
    })
    const records = await ledger.records('churn')
    expect(records).toHaveLength(19)
    expect(new Set(records.map(({ schema }) => schema))).toEqual(new Set([1]))
  })

  test('goes on in schema 2: requests of before are known, decisions follow, and the whole is verified', async () => {
    await using at = await restored('schema-1')
    const ledger = ledgerOn(at.bare)
    const rollback = { id: 'story:-:19:77', subject: 'rollback again' }
    expect(await ledger.append('churn', rollback, () => ({ events: [] }))).toMatchObject({ outcome: 'existing', seq: 19 })
    const pin = { id: 'pin:-:2:78', subject: 'pin churn v2' }
    const pinned = await ledger.append('churn', pin, () => ({ events: [{ kind: 'pin', version: 2, reason: 'for the report' }] }))
    expect(pinned).toMatchObject({ outcome: 'appended', seq: 20, state: { schema: 2, pins: { '2': 'for the report' } } })
    const records = await ledgerOn(at.bare).records('churn')
    expect(records.map(({ schema }) => schema)).toEqual([...Array<number>(19).fill(1), 2])
    expect(records.at(-1)).toMatchObject({ release: '0.2.0' })
  })

  test('its log of runs is listed and goes on', async () => {
    await using at = await restored('schema-1')
    const ledger = ledgerOn(at.bare)
    expect(await ledger.log('churn', [{ key: 'churn-00000000000e', entry: {} }])).toBe(0)
    expect(await ledger.log('churn', [{ key: 'churn-00000000000d', entry: { auc: 0.9 } }])).toBe(1)
    expect((await ledger.runs('churn')).map(({ key }) => key)).toEqual([
      'churn-00000000000d',
      'churn-000000000003',
      'churn-00000000000e',
      'churn-00000000000f',
    ])
  })
})

test('a ledger of schema 2, which release 0.2 wrote, is read, and every record of it verified', async () => {
  await using at = await restored('schema-2')
  const ledger = ledgerOn(at.bare)
  const state = await ledger.read('churn')
  expect(state).toMatchObject({ schema: 2, seq: 25, versions: 5, aliases: { champion: 1 } })
  expect([3, 4].map(version => isCollected(state, version))).toEqual([false, true])
  const records = await ledger.records('churn')
  expect(records.at(-3)).toMatchObject({ schema: 2, release: '0.2.0', events: [{ kind: 'tombstone', version: 4 }] })
  expect((await ledger.runs('churn')).map(({ key }) => key)).toEqual(['churn-000000000003', 'churn-00000000000e', 'churn-00000000000f'])
})
