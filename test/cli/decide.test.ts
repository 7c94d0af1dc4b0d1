import { describe, expect, test } from 'vitest'
import type { EventOf, LedgerEvent } from '../../src/core/lineage/events.ts'
import { rolloutEvents } from '../core/lineage/events-for-tests.ts'
import { churnCheckout } from '../support/churn-ledger.ts'
import { git } from '../support/git-fixture.ts'
import { typed } from './terminal.ts'

const decisions = 'refs/refline/models/churn/decisions'
const at = Date.parse('2026-11-20T12:05:00Z') / 1000

/** v4 goes through steps of 5 % and 25 %, with an approval after each, in an environment of its own or instead of its rollout in production. */
const waits: EventOf<'rollout-start'>['waits'] = [
  { step: 0, approval: { within: 86_400, otherwise: 'withdraw' } },
  { step: 1, approval: { within: 3600, otherwise: 'rollback' } },
]
const { start, end } = rolloutEvents
const rolling = (environment: string, rollout: string): readonly LedgerEvent[] => [
  { ...(start(4, null, 'blue') as EventOf<'rollout-start'>), environment, rollout, steps: [5, 25], waits },
]
const stepped = (environment: string, rollout: string, step: number, percent: number): readonly LedgerEvent[] => [
  { kind: 'weight-intent', environment, rollout, step, percent, expecting: 0 },
  { kind: 'weight-confirm', environment, rollout, step, percent, at },
]
const [staging, canary] = ['a'.repeat(12), 'b'.repeat(12)]

describe('refline approve', () => {
  test('gives the one approval that is waited for, once, and names step and since when', async () => {
    await using checkout = await churnCheckout(end(4, 'withdrawn'), ...rolling('staging', staging), ...stepped('staging', staging, 0, 5))
    const ended = await typed(checkout.clone, 'approve', '--reason', 'looked at')
    expect(ended).toMatchObject({ code: 0, stderr: '' })
    expect(ended.stdout).toMatch(
      /^request desk-[0-9a-f]{12}\napproved step 1 \(5 %\) of v4 in staging, which waited since 2026-11-20 12:05:00 UTC \(seq \d+\)\n$/,
    )
    expect(await git(checkout.bare, ['log', '-1', '--format=%s', decisions])).toBe('approve churn v4 in staging at 5 %: looked at')
    const state = JSON.parse(await git(checkout.bare, ['show', `${decisions}:state.json`]))
    expect(state.environments.staging.rollout.approved).toBe(0)
    expect(await typed(checkout.clone, 'approve', '--reason', 'again')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(
        'no approval is waited for: no rollout is under way in production, live is v2; v4 is at 5 % in staging, and this step was approved already',
      ),
    })
    expect((await typed(checkout.clone, 'verify')).code).toBe(0)
  }, 60_000)

  test('refuses where nothing waits, and says how things stand', async () => {
    await using checkout = await churnCheckout(...rolling('staging', staging))
    expect(await typed(checkout.clone, 'approve', '--reason', 'ok')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(
        'no approval is waited for: v4 is at 10 % in production, and no step of it needs an approval now; v4 is at 0 % in staging, and an approval comes after 5 %',
      ),
    })
    expect((await typed(checkout.clone, 'approve')).stderr).toContain('--reason is required')
  }, 60_000)

  test('asks which one where more than one waits, and takes the id or the environment', async () => {
    await using checkout = await churnCheckout(
      end(4, 'withdrawn'),
      ...rolling('staging', staging),
      ...stepped('staging', staging, 0, 5),
      ...rolling('canada', canary),
      ...stepped('canada', canary, 0, 5),
      { kind: 'approve', environment: 'canada', rollout: canary, step: 0, reason: 'ok' },
      ...stepped('canada', canary, 1, 25),
    )
    expect((await typed(checkout.clone, 'approve', '--reason', 'ok')).stderr).toContain(
      `2 approvals are waited for; name the rollout: ${canary} (v4 in canada, since 2026-11-20 12:05:00 UTC, within 60 min), ${staging} (v4 in staging,`,
    )
    expect((await typed(checkout.clone, 'approve', 'c'.repeat(12), '--reason', 'ok')).stderr).toContain(
      `no approval is waited for that fits "${'c'.repeat(12)}"; there is one for rollout ${canary} in canada, ${staging} in staging`,
    )
    expect((await typed(checkout.clone, 'approve', staging, '--environment', 'canada', '--reason', 'ok')).code).toBe(2)
    const json = JSON.parse(
      (await typed(checkout.clone, 'approve', '--environment', 'canada', '--reason', 'ok', '--json')).stdout.replace(/^request .*\n/, ''),
    )
    expect(json).toMatchObject({
      model: 'churn',
      environment: 'canada',
      rollout: canary,
      version: 4,
      step: 2,
      percent: 25,
      since: '2026-11-20T12:05:00.000Z',
      outcome: 'appended',
    })
    expect((await typed(checkout.clone, 'approve', staging, '--reason', 'ok')).stdout).toContain('approved step 1 (5 %) of v4 in staging')
  }, 60_000)
})

describe('canary.md failure group 12: refline release', () => {
  test('takes a version out of quarantine, once, and says what it was there for', async () => {
    await using checkout = await churnCheckout()
    const ended = await typed(checkout.clone, 'release', 'v3', '--reason', 'the proxy was to blame')
    expect(ended.stdout).toMatch(/released churn v3 \(seq \d+\); it was quarantined for: errors doubled\n$/)
    expect(await git(checkout.bare, ['log', '-1', '--format=%s', decisions])).toBe(
      'release churn v3 from quarantine: the proxy was to blame',
    )
    expect(JSON.parse(await git(checkout.bare, ['show', `${decisions}:state.json`])).quarantine).toEqual({})
    expect(await typed(checkout.clone, 'release', '3', '--reason', 'again')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('churn v3 is not quarantined, so there is nothing to release'),
    })
    expect((await typed(checkout.clone, 'verify')).code).toBe(0)
  }, 60_000)

  test('refuses what is not quarantined or was never registered', async () => {
    await using checkout = await churnCheckout()
    for (const [version, why] of [
      ['2', 'churn v2 is not quarantined, and it is champion, so there is nothing to release'],
      ['9', 'churn has no version 9'],
      ['champion', '<version> is a number such as v3'],
    ] as const)
      expect(await typed(checkout.clone, 'release', version, '--reason', 'x')).toMatchObject({
        code: 2,
        stderr: expect.stringContaining(why),
      })
  }, 60_000)
})
