import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import { UserError } from '../../../src/core/errors.ts'
import type { LedgerState } from '../../../src/core/lineage/events.ts'
import type { Clock } from '../../../src/ports/clock.ts'
import type { Ledger } from '../../../src/ports/ledger.ts'
import { registerEvent } from '../../core/lineage/events-for-tests.ts'
import type { GitFault } from '../../support/git-faults.ts'
import { type GitFixture, git, gitFixture } from '../../support/git-fixture.ts'
import { type GitRequest, startGitHttp } from '../../support/git-http.ts'
import { ledgerOn } from './ledgers.ts'

type Kind = Exclude<GitFault, null>

const points = [
  ['fetch', 'advertise', 'git-upload-pack'],
  ['fetch', 'exchange', 'git-upload-pack'],
  ['push', 'advertise', 'git-receive-pack'],
  ['push', 'exchange', 'git-receive-pack'],
] as const
const beforeEffect = ['drop-before', 'cut-request', 'rate-limit', 'html', 'empty', 502] as const
const afterEffect = ['drop-after', 'cut-answer', 'short-answer', 'error-after'] as const
const harmless = ['replay', 'replay-late', { delay: 30 }] as const
const kinds: readonly Kind[] = [...beforeEffect, ...afterEffect, ...harmless]

const model = 'churn'

/** The two writes of a ledger, each answering true where it wrote and false where it had been written before. */
export const writes = {
  decision: {
    ref: 'refs/refline/models/churn/decisions',
    /** `heads` takes the seq of every head that is decided from. */
    async write(ledger: Ledger, request: string, heads: number[] = []): Promise<boolean> {
      const decide = (state: LedgerState) => {
        heads.push(state.seq)
        return { events: [registerEvent(state.versions + 1)] }
      }
      return (await ledger.append(model, { id: `register:-:${request}:77`, subject: request }, decide)).outcome === 'appended'
    },
  },
  line: {
    ref: 'refs/refline/models/churn/runs',
    async write(ledger: Ledger, key: string, _heads: number[] = []): Promise<boolean> {
      return (await ledger.log(model, [{ key, entry: { auc: 0.9 } }])) === 1
    },
  },
} as const

/** One fault at one request of one write. */
export interface Row {
  readonly what: keyof typeof writes
  readonly at: string
  readonly service: GitRequest['service']
  readonly step: GitRequest['step']
  readonly kind: Kind
  readonly name: string
}

const rowsOf = (what: Row['what']): readonly Row[] =>
  points.flatMap(([verb, step, service]) =>
    kinds.map(kind => {
      const name = typeof kind === 'object' ? `delay of ${kind.delay} ms` : String(kind)
      return { what, at: `${verb} ${step}`, service, step, kind, name }
    }),
  )

/** Every fault at every request of both writes. */
export const wholeTable: readonly Row[] = [...rowsOf('decision'), ...rowsOf('line')]

/** Every fault at every request, of one write or the other; `turn` 0 and 1 have all of the table together. */
export const halfTable = (turn: 0 | 1): readonly Row[] => {
  const [decisions, lines] = [rowsOf('decision'), rowsOf('line')]
  return decisions.map((row, index) => (index % 2 === turn ? row : (lines[index] as Row)))
}

const touches = ({ service, step }: Row, request: GitRequest): boolean => request.service === service && request.step === step

/** Time passes only while waiting, so that the number of attempts before the deadline is the same on every machine. */
const patientClock = (): Clock => {
  let now = Date.now()
  return {
    now: () => now,
    sleep: async milliseconds => {
      now += milliseconds
    },
  }
}

/** A ledger that waits as long as it may, without passing time, and gives up at the third attempt. */
export const hastyLedger = (remote: string): Ledger =>
  ledgerOn(remote, { clock: patientClock(), random: () => 0.999, deadlineSeconds: 0.3 })

/** Serves copies of a repository whose two logs have one record each, so that "there is no ledger" is always the wrong answer. To be called once in a test file. */
export const servedCopies = () => {
  let template: GitFixture
  let copies = 0
  beforeAll(async () => {
    template = await gitFixture()
    for (const { write } of Object.values(writes)) expect(await write(ledgerOn(template.bare), 'first')).toBe(true)
  })
  afterAll(async () => template[Symbol.asyncDispose]())
  return async (faults: (request: GitRequest) => GitFault) => {
    copies += 1
    const name = `copy-${copies}.git`
    const bare = join(template.root, 'acme', name)
    await cp(template.bare, bare, { recursive: true })
    const server = await startGitHttp(template.root, { faults })
    const count = async (ref: string) => Number(await git(bare, ['rev-list', '--count', ref]))
    return { remote: `${server.url}/acme/${name}`, count, [Symbol.asyncDispose]: server.close }
  }
}
type Served = ReturnType<typeof servedCopies>

/** One answer goes wrong: the record is there exactly once, and the writer knows that it wrote it. */
export const expectWrittenOnce = async (served: Served, row: Row): Promise<void> => {
  let hits = 0
  await using at = await served(request => {
    if (!touches(row, request)) return null
    hits += 1
    return hits === 1 ? row.kind : null
  })
  const heads: number[] = []
  const { write, ref } = writes[row.what]
  expect(await write(hastyLedger(at.remote), 'second', heads)).toBe(true)
  expect(await at.count(ref)).toBe(2)
  expect(heads).not.toContain(0)
  expect(hits).toBeGreaterThan(0)
}

/** Every answer goes wrong: the record is there exactly once, or there is an error and nothing was written. Once it is mended, the same request writes once. */
export const expectWrittenOrError = async (served: Served, row: Row): Promise<void> => {
  let broken = true
  await using at = await served(request => (broken && touches(row, request) ? row.kind : null))
  const heads: number[] = []
  const { write, ref } = writes[row.what]
  const answer = await write(hastyLedger(at.remote), 'second', heads).catch((error: unknown) => error)
  // a GET has no body that could be cut
  const nothingToCut = row.kind === 'cut-request' && row.step === 'advertise'
  const lands = nothingToCut || harmless.some(kind => kind === row.kind) || (row.at === 'push exchange' && isAfterEffect(row.kind))
  if (lands) expect(answer).toBe(true)
  else {
    expect(answer).toBeInstanceOf(UserError)
    expect((answer as UserError).message).toMatch(/could not be (written within 0\.3 s: 3 attempts|read)/)
  }
  expect(await at.count(ref)).toBe(lands ? 2 : 1)
  expect(heads).not.toContain(0)
  broken = false
  expect(await write(ledgerOn(at.remote), 'second')).toBe(!lands)
  expect(await at.count(ref)).toBe(2)
}

const isAfterEffect = (kind: Kind): boolean => afterEffect.some(one => one === kind)
