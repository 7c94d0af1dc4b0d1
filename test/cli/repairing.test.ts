import { mkdir, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type RegisterRequest, register } from '../../src/actions/register/handler.ts'
import { type RepairPorts, repairModel } from '../../src/cli/repairing.ts'
import type { LedgerEvent } from '../../src/core/lineage/events.ts'
import { keepRun, recordOf, sha256 } from '../actions/fixtures.ts'
import { type Bench, benchIn, predictionsOf } from '../actions/judging.ts'
import { temporaryFolder } from '../support/temporary.ts'

const configuration = `models:
  churn:
    task: binary
    train: { command: "true", output: model.bin }
    predictions: { file: predictions.csv, threshold: 0.5 }
    primary: roc_auc
    gates: { roc_auc: { min: 0.60, max_drop: 0.02 } }
`
const request: RegisterRequest = {
  model: undefined,
  config: 'refline.yml',
  run: undefined,
  when: 'promote',
  alias: undefined,
  allowRef: undefined,
}
const twoHours = 7_200_000

const withRun = (bench: Bench, skill: number, digit: string) =>
  keepRun(
    bench.ports.runs,
    { 'model/model.bin': `model ${digit}`, 'predictions.csv': predictionsOf(1200, skill) },
    { run: `churn-${digit.repeat(12)}`, lineage: { ...recordOf().lineage, code: sha256(`code ${digit}`) } },
  )

/** A job that registers and is stopped at the first write that has this event. */
const stoppedAt = async (bench: Bench, kind: LedgerEvent['kind'], moment: 'before' | 'after'): Promise<void> => {
  bench.ports.ledger.interrupt((at, events) => {
    if (at === moment && events.some(event => event.kind === kind)) throw new Error('stopped')
  })
  await expect(register(request, bench.ports)).rejects.toThrow('stopped')
  bench.ports.ledger.interrupt(null)
}

const portsOf = ({ ports }: Bench, change: Partial<RepairPorts> = {}): RepairPorts => ({
  ledger: ports.ledger,
  store: ports.store,
  clock: { now: () => Date.now() + twoHours },
  release: '0.2.0',
  configured: { rolledOut: false, card: {} },
  jobUrl: run => `https://example.test/runs/${run}`,
  ...change,
})

const told = async (bench: Bench, apply: string | null, change: Partial<RepairPorts> = {}) =>
  (await repairModel('churn', apply, portsOf(bench, change))).proposals.map(
    ({ subject, done, repair: { action } }) => `${action} ${subject}${done ? ' done' : ''}`,
  )

const registrations = async (bench: Bench) =>
  (await bench.ports.ledger.records('churn')).flatMap(({ events }) => events.filter(event => event.kind === 'register'))

describe('a job that was stopped between its release and its record', () => {
  test('is completed with the very event that it would have written, then described and pointed to', async () => {
    await using folder = await temporaryFolder()
    const [stopped, undisturbed] = [await benchIn(folder.join('a'), configuration), await benchIn(folder.join('b'), configuration)]
    for (const bench of [stopped, undisturbed]) await withRun(bench, 0.35, '1')
    await register(request, undisturbed.ports)
    await stoppedAt(stopped, 'register', 'before')

    const tag = (await registrations(undisturbed))[0]?.version.tag
    expect(await told(stopped, null)).toEqual([`register ${tag}`])
    expect(await registrations(stopped)).toEqual([])
    expect(await told(stopped, '900')).toEqual([`register ${tag} done`, 'describe v1 done', 'alias challenger done', 'alias champion done'])
    expect(await registrations(stopped)).toEqual(await registrations(undisturbed))
    expect((await stopped.ports.ledger.read('churn')).aliases).toEqual({ challenger: 1, champion: 1 })
    const [release] = await stopped.ports.store.releases('churn')
    expect(release?.title).toBe('churn v1')
    expect(await told(stopped, '901')).toEqual([])
  }, 30_000)

  test('is left alone while it may still be at work, and where another champion came meanwhile', async () => {
    await using folder = await temporaryFolder()
    const first = await benchIn(folder.path, configuration)
    await withRun(first, 0.35, '1')
    await register(request, first.ports)
    const second = await first.nextJob('200')
    await withRun(second, 0.48, '2')
    await stoppedAt(second, 'register', 'before')
    expect(await told(second, '900', { clock: { now: () => Date.now() } })).toEqual([])
    const third = await second.nextJob('300')
    await withRun(third, 0.6, '3')
    await register(request, third.ports)
    const { proposals } = await repairModel('churn', '900', portsOf(third))
    expect(proposals).toMatchObject([{ done: false, repair: { action: 'nothing' } }])
    expect(proposals[0]?.why).toMatch(/it was judged against v1, and there is v2 now$/)
    expect(proposals[0]?.would).toMatch(/^nothing: run its workflow again/)
  }, 30_000)

  test('is not completed from files that were changed, nor where the verdict was another', async () => {
    await using folder = await temporaryFolder()
    const bench = await benchIn(folder.path, configuration)
    await withRun(bench, 0.35, '1')
    await stoppedAt(bench, 'register', 'before')
    const [release] = await bench.ports.store.releases('churn')
    const result = release?.assets.find(({ name }) => name === 'result.json')
    const stored = join(folder.path, 'store', release?.tag ?? '', `${result?.digest?.slice(0, 12)}-result.json`)
    await writeFile(stored, '{}')
    const { proposals } = await repairModel('churn', '900', portsOf(bench))
    expect(proposals).toMatchObject([{ repair: { action: 'nothing' } }])
    expect(await registrations(bench)).toEqual([])
  }, 30_000)
})

test('a job that was stopped after its record gets its card and its aliases; the champion is left to the rollout where there is one', async () => {
  await using folder = await temporaryFolder()
  const bench = await benchIn(folder.path, configuration)
  await withRun(bench, 0.35, '1')
  await stoppedAt(bench, 'register', 'after')
  expect(await told(bench, null)).toEqual(['describe v1', 'alias challenger', 'alias champion'])
  expect(await told(bench, null, { configured: null })).toEqual(['describe v1', 'alias challenger', 'nothing champion'])
  expect(await told(bench, '900', { configured: { rolledOut: true, card: {} } })).toEqual(['describe v1 done', 'alias challenger done'])
  expect((await bench.ports.ledger.read('churn')).aliases).toEqual({ challenger: 1 })
}, 30_000)

test('files that were given up are deleted, drafts of stopped jobs too, and what fails does not stop the rest', async () => {
  await using folder = await temporaryFolder()
  const bench = await benchIn(folder.path, configuration)
  await withRun(bench, 0.35, '1')
  await register(request, bench.ports)
  const next = await bench.nextJob('200')
  await withRun(next, 0.48, '2')
  await register(request, next.ports)
  const { ledger, store } = next.ports
  const tag = (await registrations(next))[0]?.version.tag as string
  const decide = (at: string, event: LedgerEvent) => {
    ledger.writeAs({ at })
    return ledger.append('churn', { id: `x:-:${event.kind}:1`, subject: 'x' }, () => ({ events: [event] }))
  }
  await decide('2026-11-21T00:00:00.000Z', { kind: 'tombstone', version: 1, reason: 'old' })
  await decide('2027-01-01T00:00:00.000Z', { kind: 'collected', version: 1, tag })
  const draft = join(folder.path, 'store', 'refline', 'churn', 'aaaaaaaaaaaa')
  await mkdir(draft)
  await utimes(draft, 1, 1)
  const failing = { ...store, removeDrafts: () => Promise.reject(new (class extends Error {})('not a UserError')) }
  await expect(repairModel('churn', '900', portsOf(next, { store: failing }))).rejects.toThrow('not a UserError')
  expect(await told(next, '900')).toEqual(['remove-drafts refline/churn/aaaaaaaaaaaa done', 'remove-release v1 done'])
  expect((await store.releases('churn')).map(release => release.title)).toEqual(['churn v2'])
  await rm(draft, { recursive: true, force: true })
  expect(await told(next, '901')).toEqual([])
}, 30_000)

test('bytes that were given up and trained again are a version anew, whose release nobody deletes', async () => {
  await using folder = await temporaryFolder()
  const bench = await benchIn(folder.path, configuration)
  await withRun(bench, 0.35, '1')
  await register(request, bench.ports)
  const next = await bench.nextJob('200')
  await withRun(next, 0.48, '2')
  await register(request, next.ports)
  const { ledger, store } = next.ports
  const tag = (await registrations(next))[0]?.version.tag as string
  const events: readonly [string, LedgerEvent][] = [
    ['2026-11-21T00:00:00.000Z', { kind: 'tombstone', version: 1, reason: 'old' }],
    ['2027-01-01T00:00:00.000Z', { kind: 'collected', version: 1, tag }],
  ]
  for (const [at, event] of events) {
    ledger.writeAs({ at })
    await ledger.append('churn', { id: `x:-:${event.kind}:1`, subject: 'x' }, () => ({ events: [event] }))
  }
  await store.remove(tag)
  const again = await next.nextJob('300')
  await keepRun(
    again.ports.runs,
    { 'model/model.bin': 'model 1', 'predictions.csv': predictionsOf(1200, 0.6) },
    { run: 'churn-333333333333', lineage: { ...recordOf().lineage, code: sha256('code 3') } },
  )
  expect((await register(request, again.ports)).outputs).toMatchObject({ version: 3, outcome: 'created' })
  expect((await registrations(again)).map(({ version }) => version.tag === tag)).toEqual([true, false, true])
  expect(await told(again, '900')).toEqual([])
  expect((await store.releases('churn')).map(release => release.title).sort()).toEqual(['churn v2', 'churn v3'])
}, 30_000)
