import { beforeAll, describe, expect, test } from 'vitest'
import type { LedgerRecord } from '../../../../src/core/lineage/events.ts'
import { emptyState, fold } from '../../../../src/core/lineage/fold.ts'
import { encodeRecord } from '../../../../src/core/lineage/verify.ts'
import { statusDocument, statusOf } from '../../../../src/core/lineage/views/status.ts'
import { churnRecords } from '../../../support/churn-ledger.ts'
import { recordAfter, registerEvent } from '../events-for-tests.ts'

let records: readonly LedgerRecord[]
beforeAll(async () => {
  records = await churnRecords()
})

describe('the status', () => {
  const stateOf = (all: readonly LedgerRecord[]) =>
    all.reduce((state, record) => fold(state, record, encodeRecord(record).digest), emptyState('churn'))

  test('is what the state says', () => {
    expect(statusDocument.parse(statusOf(stateOf(records)))).toMatchObject({
      seq: 22,
      versions: 4,
      champion: 2,
      challenger: 4,
      environments: [
        {
          environment: 'production',
          live: { version: 2, slot: 'green', image: expect.stringContaining('ghcr.io') },
          rollout: { version: 4, from: 2, percent: 10, setting: null },
          rollback: null,
          previous: [3, 1],
        },
      ],
      quarantined: [{ version: 3, reason: 'errors doubled' }],
      pinned: [],
    })
  })

  test('knows every quarantined version, also those too many for the state to explain', () => {
    let state = emptyState('churn')
    for (let version = 1; version <= 130; version += 1) {
      const record = recordAfter(state, [registerEvent(version), { kind: 'quarantine', version, reason: `reason ${version}` }])
      state = fold(state, record, encodeRecord(record).digest)
    }
    const { quarantined } = statusDocument.parse(statusOf(state))
    expect(quarantined.map(({ version }) => version)).toEqual(Array.from({ length: 130 }, (_, index) => index + 1))
    expect(quarantined[0]).toEqual({ version: 1, reason: null })
    expect(quarantined.at(-1)).toEqual({ version: 130, reason: 'reason 130' })
  })
})
