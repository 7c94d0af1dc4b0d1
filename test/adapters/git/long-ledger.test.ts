import { afterAll, beforeAll, expect, test } from 'vitest'
import { temporaryRepository } from '../../../src/adapters/git/repository.ts'
import type { LedgerEvent, LedgerState } from '../../../src/core/lineage/events.ts'
import { emptyState, fold } from '../../../src/core/lineage/fold.ts'
import { encodeRecord, encodeState } from '../../../src/core/lineage/verify.ts'
import { recordAfter, registerEvent } from '../../core/lineage/events-for-tests.ts'
import { type GitFixture, gitFixture } from '../../support/git-fixture.ts'
import { ledgerOn } from './ledgers.ts'

const ref = 'refs/refline/models/churn/decisions'
const events = 1500

let fixture: GitFixture
let state: LedgerState = emptyState('churn')

/** 1,500 decisions, more than the state has room to remember, in one push. */
beforeAll(async () => {
  fixture = await gitFixture()
  const chain = Array.from({ length: events }, (_, index) => {
    const happened: LedgerEvent[] = index === 0 ? [registerEvent(1)] : [{ kind: 'seen-again', version: 1, run: 'churn-000000000001' }]
    const record = recordAfter(state, happened)
    const { text, digest } = encodeRecord(record)
    state = fold(state, record, digest)
    return { files: { 'record.json': text, 'state.json': encodeState(state) }, message: `event ${index + 1}\n`, seconds: 1_790_000_000 }
  })
  const repository = temporaryRepository({ remote: fixture.bare, environment: {} })
  const ids = await repository.commit(chain, null)
  expect(await repository.push(ids.at(-1) as string, ref, 60_000)).toEqual({ said: 'done' })
}, 60_000)
afterAll(() => fixture[Symbol.asyncDispose]())

test('a re-run finds what its first attempt decided, also where the state has forgotten it', async () => {
  expect(state.forgotten?.[0]).toBeGreaterThan(300)
  const request = { id: 'test:-:300:1', subject: 'again' }
  const again = await ledgerOn(fixture.bare, { again: true }).append('churn', request, () => {
    throw new Error('it must not be decided again')
  })
  expect(again).toMatchObject({ outcome: 'existing', seq: 300, state: { seq: events } })
})

test('a first attempt reads the newest commit only, and a re-run whose request is new goes on', async () => {
  const pin = { id: 'pin:-:v1:2', subject: 'pin churn v1' }
  const appended = await ledgerOn(fixture.bare, { again: true }).append('churn', pin, () => ({
    events: [{ kind: 'pin', version: 1, reason: 'for the auditor' }],
  }))
  expect(appended).toMatchObject({ outcome: 'appended', seq: events + 1 })
  expect(await ledgerOn(fixture.bare).records('churn')).toHaveLength(events + 1)
})
