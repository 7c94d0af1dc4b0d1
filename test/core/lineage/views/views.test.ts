import { beforeAll, describe, expect, test } from 'vitest'
import type { LedgerEvent, LedgerRecord } from '../../../../src/core/lineage/events.ts'
import { emptyState, fold } from '../../../../src/core/lineage/fold.ts'
import { encodeRecord } from '../../../../src/core/lineage/verify.ts'
import { type Chronicle, chronicleOf } from '../../../../src/core/lineage/views/chronicle.ts'
import { historyDocument, historyOf } from '../../../../src/core/lineage/views/history.ts'
import { type LogFilter, logDocument, logOf } from '../../../../src/core/lineage/views/log.ts'
import { bestFirst, runsDocument, runsOf } from '../../../../src/core/lineage/views/runs.ts'
import { showDocument, showOf, versionNamed } from '../../../../src/core/lineage/views/show.ts'
import { statusDocument, statusOf } from '../../../../src/core/lineage/views/status.ts'
import { churnRecords, runOf } from '../../../support/churn-ledger.ts'
import { recordAfter, registerEvent, rolloutEvents } from '../events-for-tests.ts'

let records: readonly LedgerRecord[]
let chronicle: Chronicle
beforeAll(async () => {
  records = await churnRecords()
  chronicle = chronicleOf('churn', records)
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

describe('the log', () => {
  const everything: LogFilter = { last: null, environment: null, group: null, since: null, progress: true }
  const log = (filter: Partial<LogFilter> = {}) =>
    logDocument.parse(logOf('churn', records, { ...everything, ...filter }, ({ kind }) => kind))
  const seqs = (filter: Partial<LogFilter>) => log(filter).records.map(({ seq }) => seq)

  test('is newest first and holds every event of a record together', () => {
    expect(log().records.map(({ seq }) => seq)).toEqual(records.map(({ seq }) => seq).toReversed())
    expect(log({ last: 1, group: 'quarantine' }).records[0]?.events.map(({ kind, version }) => [kind, version])).toEqual([
      ['rollback-confirm', 2],
      ['quarantine', 3],
      ['alias', 2],
    ])
  })

  test('leaves looks at rollouts out unless asked, and counts them', () => {
    const quiet = log({ progress: false })
    expect(quiet.left_out).toBe(2)
    expect(quiet.records).toHaveLength(records.length - 2)
    expect(log({ last: 3, progress: false })).toMatchObject({ older: records.length - 2 - 3, left_out: 2 })
  })

  test('finds by kind, environment and day', () => {
    expect(seqs({ group: 'rollback' })).toEqual([17, 16])
    expect(seqs({ group: 'register' })).toEqual([19, 18, 12, 5, 1])
    expect(seqs({ group: 'kept' })).toEqual([11])
    expect(seqs({ environment: 'staging' })).toEqual([])
    expect(seqs({ environment: 'production', group: 'alias' })).toEqual([])
    expect(seqs({ since: Date.parse('2026-11-20T12:00:00.000Z') })).toHaveLength(records.length)
    expect(seqs({ since: Date.parse('2026-11-20T12:00:00.001Z') })).toEqual([])
  })
})

describe('runs', () => {
  const line = (run: string, reported: Readonly<Record<string, unknown>>, more: object = {}) => ({
    key: run,
    at: '2026-11-20T10:00:00.000Z',
    writer: { actor: 'ada', workflow_run: '7', workflow: null, commit: 'c'.repeat(40) },
    entry: { kind: 'run', run, created: { at: '2026-11-20T09:00:00.000Z', actor: 'bob' }, input: null, reported, ...more },
  })

  test('say what became of them', () => {
    const { runs } = runsDocument.parse(
      runsOf(
        chronicle,
        [runOf(2), 'churn-aaaaaaaaaaaa', 'churn-18d9be40f6c1', 'churn-ffffffffffff'].map(run => line(run, {})),
      ),
    )
    expect(runs.map(({ outcome, version, verdict }) => [outcome, version, verdict])).toEqual([
      ['registered', 2, 'pass'],
      ['seen-again', 2, null],
      ['kept', null, 'fail'],
      ['none', null, null],
    ])
  })

  test('lines that are no runs are passed over or counted, never an error', () => {
    const document = runsOf(chronicle, [
      line('churn-1', { a: 1 }),
      { ...line('gate', {}), entry: { kind: 'gate', verdict: 'pass' } },
      { ...line('broken', {}), entry: { kind: 'run', run: 7 } },
      line('churn-2', { a: { nested: true } }, { created: 'yesterday' }),
    ])
    expect(document).toMatchObject({ runs_in_log: 2, unreadable: 1 })
    expect(document.runs[1]).toMatchObject({ run: 'churn-2', at: '2026-11-20T10:00:00.000Z', actor: 'ada', metrics: {} })
  })

  test('the best first: by the direction, with NaN and missing values last', () => {
    const { runs } = runsOf(chronicle, [
      line('a', { x: 'NaN' }),
      line('b', { x: 2 }),
      line('c', {}),
      line('d', { x: 3 }),
      line('e', { x: '-Infinity' }),
    ])
    expect(bestFirst(runs, 'x', 'higher').map(({ run }) => run)).toEqual(['d', 'b', 'e', 'a', 'c'])
    expect(bestFirst(runs, 'x', 'lower').map(({ run }) => run)).toEqual(['e', 'b', 'd', 'a', 'c'])
  })
})

describe('show', () => {
  const noRuns = async () => runsOf(chronicle, [])
  const show = async (what: string) => showDocument.parse(await showOf(chronicle, what, noRuns))

  test.each(['v2', '2', 'champion', runOf(2), 'churn-aaaaaaaaaaaa'])('%s is version 2 with all that is known of it', async what => {
    const { version, run, rollout } = await show(what)
    expect([run, rollout]).toEqual([null, null])
    expect(version).toMatchObject({
      version: 2,
      judged_against: 1,
      pull_request: 42,
      image: expect.stringMatching(/^ghcr\.io\/acme\/churn@sha256:/),
      aliases: ['champion'],
      rollouts: ['000000000002'],
      quarantine: null,
      seen_again: [{ run: 'churn-aaaaaaaaaaaa', at: { seq: 18 } }],
      lineage: { params: { max_depth: 8, optimizer: { rate: 0.1 } } },
    })
  })

  test('a rollout by its id, which may look like a number', async () => {
    expect(await show('000000000004')).toMatchObject({
      version: null,
      rollout: {
        version: 4,
        from: 2,
        looks: 1,
        end: null,
        weights: [{ percent: 10 }],
        judgement: 'errors: canary 0/331 errors, stable 2/6287',
      },
    })
  })

  test('a run that was kept out, also where the log of runs does not know it', async () => {
    expect(await show('churn-18d9be40f6c1')).toMatchObject({
      run: { outcome: 'kept', verdict: 'fail', reason: 'recall 0.519 [0.425, 0.612] is below 0.8', record: null },
    })
  })

  test.each([
    ['v9', 'churn has no version 9: there is v1 to v4'],
    ['chalenger', 'did you mean challenger?'],
    ['nothing-like-it', 'and the aliases challenger, champion'],
    ['churn-000000000abc', 'no run churn-000000000abc is known'],
    ['abcdefabcdef', 'churn has no rollout abcdefabcdef'],
    ['v0', 'churn has no version or alias "v0"'],
  ])('%s: %s', async (what, words) => {
    await expect(show(what)).rejects.toThrow(words)
  })

  test('a run that became no version has no number', () => {
    expect(() => versionNamed(chronicle, 'churn-18d9be40f6c1')).toThrow('it was judged and kept out')
  })
})

describe('the history of a metric', () => {
  test('has every version with its interval, and marks champions', () => {
    const { points } = historyDocument.parse(historyOf(chronicle, 'roc_auc', null))
    expect(
      points.map(({ version, value, is_champion, became_champion, quarantined }) => [
        version,
        value,
        is_champion,
        became_champion?.seq ?? null,
        quarantined,
      ]),
    ).toEqual([
      [1, 0.91, false, 4, false],
      [2, 0.9288, true, 10, false],
      [3, 0.93, false, 15, true],
      [4, 0.9301, false, null, false],
    ])
    expect(points[1]).toMatchObject({ low: expect.closeTo(0.9228), high: expect.closeTo(0.9348), live_in: ['production'] })
  })

  test('of one environment has what was live there, in the order it went live', () => {
    expect(historyOf(chronicle, 'roc_auc', 'production').points.map(({ version }) => version)).toEqual([1, 2, 3])
  })

  test('falls back to what the script reported, and keeps undefined values undefined', () => {
    expect(historyOf(chronicle, 'loss', null).points[0]).toMatchObject({ value: 0.2, low: null, high: null })
    expect(historyOf(chronicle, 'recall', null).points[0]).toMatchObject({ value: null })
  })

  test('names what was meant', () => {
    expect(() => historyOf(chronicle, 'roc_auk', null)).toThrow('did you mean roc_auc?')
    expect(() => historyOf(chronicle, 'zzz', null)).toThrow('there is loss, model_size_mb, recall, roc_auc')
    expect(() => historyOf(chronicle, 'roc_auc', 'produktion')).toThrow('did you mean production?')
  })
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
