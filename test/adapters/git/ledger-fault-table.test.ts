import { describe, expect, test } from 'vitest'
import { UserError } from '../../../src/core/errors.ts'
import type { GitRequest } from '../../support/git-request.ts'
import { expectWrittenOnce, expectWrittenOrError, halfTable, hastyLedger, servedCopies, writes } from './fault-table.ts'
import { ledgerOn } from './ledgers.ts'

// Each fault at each request, of a decision or of a line in the log of runs; both of them, in ledger-fault-table.long.test.ts.

const served = servedCopies()

describe('one answer goes wrong: written exactly once', () => {
  test.each(halfTable(0))('$what, $at, $name', row => expectWrittenOnce(served, row))
})

describe('every answer goes wrong until somebody mends it: written exactly once, or an error and nothing written', () => {
  test.each(halfTable(1))('$what, $at, $name', row => expectWrittenOrError(served, row))
})

test.each(['html', 'empty'] as const)('%s in place of all that git says is never "there is no ledger"', async fault => {
  await using at = await served(request => (request.service === 'git-upload-pack' ? fault : null))
  await expect(hastyLedger(at.remote).read('churn')).rejects.toThrow(/could not be read.*does not speak git's protocol/)
})

test('answers that never come end with the deadline: what landed is found, what cannot be read is an error', async () => {
  const hangs = (service: GitRequest['service'], step: GitRequest['step']) =>
    served(request => (request.service === service && request.step === step ? 'hang-after' : null))
  await using push = await hangs('git-receive-pack', 'exchange')
  await using fetch = await hangs('git-upload-pack', 'advertise')
  const { write, ref } = writes.decision
  const [landed, unread] = await Promise.allSettled([
    write(ledgerOn(push.remote, { deadlineSeconds: 1 }), 'second'),
    write(ledgerOn(fetch.remote, { deadlineSeconds: 1 }), 'second'),
  ])
  expect(landed).toMatchObject({ status: 'fulfilled', value: true })
  expect(unread).toMatchObject({
    status: 'rejected',
    reason: { message: expect.stringMatching(/could not be read: git gave no answer in time/) },
  })
  expect([await push.count(ref), await fetch.count(ref)]).toEqual([2, 1])
}, 40_000)

test('a remote that falls silent after the push landed: an error that does not claim that nothing was written, and the next run finds it', async () => {
  let silent = false
  let broken = true
  await using at = await served(request => {
    if (broken && silent) return 'drop-before'
    silent ||= request.service === 'git-receive-pack' && request.step === 'exchange'
    return null
  })
  const { write, ref } = writes.decision
  const answer = await write(hastyLedger(at.remote), 'second').catch((error: unknown) => error)
  expect(answer).toBeInstanceOf(UserError)
  expect((answer as UserError).message).not.toMatch(/nothing was written/)
  expect(await at.count(ref)).toBe(2)
  broken = false
  expect(await write(ledgerOn(at.remote), 'second')).toBe(false)
})
