import { beforeAll, describe, expect, test } from 'vitest'
import type { LedgerEvent } from '../../../../src/core/lineage/events.ts'
import { emptyState, fold } from '../../../../src/core/lineage/fold.ts'
import { encodeRecord } from '../../../../src/core/lineage/verify.ts'
import { type Chronicle, chronicleOf } from '../../../../src/core/lineage/views/chronicle.ts'
import { churnRecords } from '../../../support/churn-ledger.ts'
import { recordAfter, registerEvent, rolloutEvents } from '../events-for-tests.ts'

let chronicle: Chronicle
beforeAll(async () => {
  chronicle = chronicleOf('churn', await churnRecords())
})

const factsOf = (of: Chronicle, version: number) => {
  const facts = of.versions.get(version)
  if (facts === undefined) throw new Error(`no v${version}`)
  return facts
}

describe('the chronicle', () => {
  test('knows where each version was live, from when to when, and how it came there', () => {
    const spans = (version: number) =>
      factsOf(chronicle, version).live.map(({ environment, slot, by, since, until }) => [
        environment,
        slot,
        by,
        since.seq,
        until?.seq ?? null,
      ])
    expect(spans(1)).toEqual([['production', 'blue', 'rollout', 4, 10]])
    expect(spans(2)).toEqual([
      ['production', 'green', 'rollout', 10, 15],
      ['production', 'green', 'rollback', 17, null],
    ])
    expect(spans(3)).toEqual([['production', 'blue', 'rollout', 15, 17]])
    expect(spans(4)).toEqual([])
  })

  test('knows who was champion, and what aliases there are now', () => {
    const champions = [1, 2, 3].map(version =>
      factsOf(chronicle, version).champion.map(({ since, until }) => [since.seq, until?.seq ?? null]),
    )
    expect(champions).toEqual([
      [[4, 10]],
      [
        [10, 15],
        [17, null],
      ],
      [[15, 17]],
    ])
    expect(factsOf(chronicle, 2).aliases).toEqual(['champion'])
    expect(factsOf(chronicle, 4).aliases).toEqual(['challenger'])
    expect(factsOf(chronicle, 1).aliases).toEqual([])
  })

  test('a rollback ends the rollout that is under way', async () => {
    const aborted = chronicleOf(
      'churn',
      await churnRecords({ kind: 'rollback-intent', environment: 'production', from: 4, to: 1, reason: 'a hunch' }),
    )
    expect(aborted.rollouts.at(-1)?.end).toMatchObject({ decision: 'aborted', reason: 'a hunch' })
    expect(chronicle.rollouts.map(({ end }) => end?.decision ?? null)).toEqual(['promoted', 'promoted', 'promoted', null])
  })

  test('files that are marked for deletion are not, once the version is used again', () => {
    const filesAfter = (...events: readonly LedgerEvent[]) => {
      let state = emptyState('churn')
      const all = [registerEvent(1), registerEvent(2), ...events].map(event => {
        const record = recordAfter(state, [event])
        state = fold(state, record, encodeRecord(record).digest)
        return record
      })
      return factsOf(chronicleOf('churn', all), 1).files
    }
    const mark = { kind: 'tombstone', version: 1, reason: 'long ago' } as const
    expect(filesAfter()).toBeNull()
    expect(filesAfter(mark)).toMatchObject({ state: 'marked', reason: 'long ago', since: { seq: 3 } })
    expect(filesAfter(mark, { kind: 'alias', alias: 'shadow', from: null, to: 1 })).toBeNull()
    expect(filesAfter(mark, rolloutEvents.start(1, null, 'blue'))).toBeNull()
    expect(filesAfter(mark, { kind: 'pin', version: 1, reason: 'an audit' })).toMatchObject({ state: 'pinned', reason: 'an audit' })
    expect(filesAfter({ kind: 'pin', version: 1, reason: 'an audit' }, { kind: 'unpin', version: 1, reason: 'done' })).toBeNull()
  })
})
