import { expect, test } from 'vitest'
import { auditReleases, type ReadRelease } from '../../../../src/core/lineage/audit/releases.ts'
import { versionsOf } from '../../../../src/core/lineage/audit/versions.ts'
import { auditWitnesses } from '../../../../src/core/lineage/audit/witnesses.ts'
import type { LedgerEvent, LedgerRecord } from '../../../../src/core/lineage/events.ts'
import { emptyState } from '../../../../src/core/lineage/fold.ts'
import { recordAfter, registerEvent } from '../events-for-tests.ts'

const tag = 'refline/churn/0123456789ab'
const commit = (seq: number): string => String(seq).repeat(40)
const recordsOf = (...batches: readonly LedgerEvent[]): readonly LedgerRecord[] =>
  batches.map((event, index) => ({ ...recordAfter(emptyState('churn'), [event]), seq: index + 1 }))
const release = (title: string): ReadRelease => ({
  tag,
  title,
  draft: false,
  changedAt: 0,
  commit: commit(3),
  assets: [{ name: 'manifest.json', size: 10, digest: 'b'.repeat(64), state: 'uploaded' }],
})
const now = 10 * 86_400_000
/** The bytes of v1 were given up, and registered anew as v2 under the same tag. */
const anew = recordsOf(
  registerEvent(1, 'churn', { tag, tagged: commit(1) }),
  { kind: 'collected', version: 1, tag },
  { kind: 'pin', version: 1, reason: 'x' },
  registerEvent(2, 'churn', { tag, tagged: commit(3) }),
)

test('a release of bytes that were given up and registered anew belongs to the new version alone, and so does its tag', () => {
  const versions = versionsOf(anew)
  expect(auditReleases('churn', versions, { releases: [release('churn v2')], now })).toEqual({ findings: [], unproven: [] })
  const links = anew.map((record, index) => ({ commit: commit(index + 1), record, digest: 'd'.repeat(64) }))
  const chain = { links, commits: links.map(link => link.commit), state: null, findings: [] }
  const witness = { kind: 'tag', name: tag, commit: commit(3), record: null, ancestry: [] } as const
  expect(auditWitnesses('churn', chain, versions, [witness])).toEqual({ agreeing: 1, findings: [] })
})

test('where only the old version is there the release is what was not deleted', () => {
  const { findings } = auditReleases('churn', versionsOf(anew.slice(0, 2)), { releases: [release('churn v1')], now })
  expect(findings.map(({ severity, sentence }) => `${severity}: ${sentence}`)).toEqual([
    `warning: The files of v1 were given up at seq 2, and its release ${tag} is still there`,
  ])
})

test('digests that the store does not know are told until they were proven', () => {
  const asset = release('churn v1').assets[0] as ReadRelease['assets'][number]
  const undigested = { ...release('churn v1'), assets: [{ ...asset, digest: null }] }
  const versions = versionsOf(anew.slice(0, 1))
  expect(auditReleases('churn', versions, { releases: [undigested], now })).toEqual({ findings: [], unproven: [1] })
  const right = auditReleases('churn', versions, { releases: [undigested], now, proven: new Map([[tag, null]]) })
  expect(right).toEqual({ findings: [], unproven: [] })
  const wrong = auditReleases('churn', versions, { releases: [undigested], now, proven: new Map([[tag, 'it is another one']]) })
  expect(wrong.findings[0]?.sentence).toMatch(/not those that were registered: it is another one$/)
})
