import { commitMessage } from '../../src/adapters/git/ledger.ts'
import { canonicalJson, digest } from '../../src/core/lineage/canonical.ts'
import type { EventOf, LedgerEvent, LedgerRecord } from '../../src/core/lineage/events.ts'
import { emptyState, fold } from '../../src/core/lineage/fold.ts'
import { encodeRecord, encodeState } from '../../src/core/lineage/verify.ts'
import type { Ledger } from '../../src/ports/ledger.ts'
import { registerEvent, rolloutEvents } from '../core/lineage/events-for-tests.ts'
import { type GitFixture, git, gitFixture } from './git-fixture.ts'
import { memoryLedger } from './memory-ledger.ts'

const hex = (seed: string): string => digest(seed)

interface Made {
  readonly value: number
  readonly params: Readonly<Record<string, unknown>>
  readonly data: string
  readonly champion: number | null
  readonly decision?: 'promote' | 'keep'
  readonly repository?: string
  readonly path?: string
}

/** A version with a whole run behind it. */
const registered = (version: number, made: Made): EventOf<'register'> => {
  const event = registerEvent(version, 'churn', {
    commit: hex(`commit ${version}`).slice(0, 40),
    code: hex('code'),
    pull_request: 40 + version,
    holdout: hex('holdout'),
    metrics: [
      { name: 'roc_auc', value: made.value, low: made.value - 0.006, high: made.value + 0.006 },
      { name: 'recall', value: null, low: null, high: null },
      { name: 'model_size_mb', value: 4.2, low: null, high: null },
    ],
    assets: [
      { path: 'manifest.json', bytes: 812, sha256: hex(`manifest ${version}`) },
      { path: 'model.joblib', bytes: 4_200_000, sha256: hex(`model ${version}`) },
    ],
    bytes: 4_200_000,
  })
  return {
    ...event,
    champion: made.champion,
    decision: made.decision ?? 'promote',
    record: {
      ...event.record,
      created: {
        ...event.record.created,
        at: `2026-11-${String(version).padStart(2, '0')}T09:00:00.000Z`,
        workflow_run: String(1000 + version),
      },
      seconds: 221,
      reported: { roc_auc: made.value, loss: 0.2 },
      lineage: {
        ...event.record.lineage,
        repository: made.repository ?? 'acme/churn',
        commit: hex(`commit ${version}`).slice(0, 40),
        code: hex('code'),
        data: [{ path: made.path ?? 'data/train.csv', files: 1, bytes: 118_204, sha256: hex(made.data) }],
        params: { ...made.params },
        environment: { node: 'v24.1.0' },
      },
    },
  }
}

type Batch = readonly [request: string, who: string, events: readonly LedgerEvent[]]

const { start, intent, confirm, end } = rolloutEvents

const look: LedgerEvent = {
  kind: 'evidence',
  environment: 'production',
  rollout: '000000000004',
  until: 1_700_000_000,
  judge: { signals: {}, sampleRatio: { weight: 0.1, canary: 331, stable: 6287 } },
  judgement: 'errors: canary 0/331 errors, stable 2/6287',
  evidence: null,
}

const runOf = (version: number): string => `churn-${String(version).padStart(12, '0')}`

/** v1 goes live; v2 is proven better and replaces it; a run is kept out; v3 is rolled out and rolled back by hand, and is quarantined; v4 is on its way. */
export const churnBatches: readonly Batch[] = [
  [
    'register:-:1:1001',
    'ada',
    [
      registered(1, { value: 0.91, params: { max_depth: 6, optimizer: { rate: 0.1 } }, data: 'october', champion: null }),
      { kind: 'alias', alias: 'challenger', from: null, to: 1 },
    ],
  ],
  ['rollout:production:1:1001', 'ada', [start(1, null, 'blue'), intent(1, 100)]],
  ['weight:production:1:1001', 'ada', [confirm(1, 100)]],
  ['end:production:1:1001', 'ada', [end(1, 'promoted'), { kind: 'alias', alias: 'champion', from: null, to: 1 }]],
  [
    'register:-:2:1002',
    'ada',
    [registered(2, { value: 0.9288, params: { max_depth: 8, optimizer: { rate: 0.1 } }, data: 'october', champion: 1 })],
  ],
  ['package:-:2:1002', 'ada', [{ kind: 'package', version: 2, image: `ghcr.io/acme/churn@sha256:${hex('image')}` }]],
  ['rollout:production:2:1002', 'ada', [start(2, 1, 'green')]],
  ['intent:production:2:1002', 'ada', [intent(2, 100)]],
  ['weight:production:2:1002', 'ada', [confirm(2, 100)]],
  ['end:production:2:1002', 'ada', [end(2, 'promoted'), { kind: 'alias', alias: 'champion', from: 1, to: 2 }]],
  [
    'keep:-:x:1003',
    'bob',
    [
      {
        kind: 'kept',
        run: 'churn-18d9be40f6c1',
        holdout: null,
        verdict: 'fail',
        decision: 'keep',
        champion: 2,
        policy: hex('policy'),
        reason: 'recall 0.519 [0.425, 0.612] is below 0.8',
      },
    ],
  ],
  [
    'register:-:3:1004',
    'bob',
    [registered(3, { value: 0.93, params: { max_depth: 8, optimizer: { rate: 0.07 } }, data: 'november', champion: 2 })],
  ],
  ['rollout:production:3:1004', 'bob', [start(3, 2, 'blue'), intent(3, 100)]],
  ['weight:production:3:1004', 'bob', [confirm(3, 100)]],
  ['end:production:3:1004', 'bob', [end(3, 'promoted'), { kind: 'alias', alias: 'champion', from: 2, to: 3 }]],
  [
    'rollback-begin:production:2:1005',
    'oncall',
    [{ kind: 'rollback-intent', environment: 'production', from: 3, to: 2, reason: 'errors doubled' }],
  ],
  [
    'rollback:production:2:1005',
    'oncall',
    [
      { kind: 'rollback-confirm', environment: 'production', from: 3, to: 2, slot: 'green', reason: 'errors doubled' },
      { kind: 'quarantine', version: 3, reason: 'errors doubled' },
      { kind: 'alias', alias: 'champion', from: 3, to: 2 },
    ],
  ],
  ['again:-:2:1006', 'ada', [{ kind: 'seen-again', version: 2, run: 'churn-aaaaaaaaaaaa' }]],
  [
    'register:-:4:1007',
    'ada',
    [
      registered(4, { value: 0.9301, params: { max_depth: 9 }, data: 'november', champion: 2 }),
      { kind: 'alias', alias: 'challenger', from: 1, to: 4 },
    ],
  ],
  ['rollout:production:4:1007', 'ada', [start(4, 2, 'blue'), intent(4, 10)]],
  ['weight:production:4:1007', 'ada', [confirm(4, 10)]],
  ['look:production:4:1007', 'ada', [look]],
]

const write = async (ledgerOf: (who: string) => Ledger, batches: readonly Batch[]): Promise<void> => {
  for (const [id, who, events] of batches) await ledgerOf(who).append('churn', { id, subject: id }, () => ({ events }))
}

/** The records of that story, folded for real in memory, with more events after them. */
export const churnRecords = async (...more: readonly LedgerEvent[]): Promise<readonly LedgerRecord[]> => {
  const ledger = memoryLedger()
  const after: readonly Batch[] = more.map((event, index) => [`more:-:${index}:2000`, 'ada', [event]])
  await write(
    who => {
      ledger.writeAs({ actor: who })
      return ledger
    },
    [...churnBatches, ...after],
  )
  return ledger.records('churn')
}

const writer = {
  actor: 'ada',
  workflow_run: '100',
  workflow: 'acme/churn/.github/workflows/model-release.yml@refs/heads/main',
  commit: hex('commit').slice(0, 40),
}

/** Commits for `git fast-import`, each with its files at the top. */
const imported = (
  ref: string,
  commits: readonly { readonly message: string; readonly at: string; readonly files: Readonly<Record<string, string>> }[],
): string =>
  commits
    .map(({ message, at, files }) => {
      const seconds = Math.floor(Date.parse(at) / 1000)
      const blobs = Object.entries(files).map(([name, text]) => `M 100644 inline ${name}\ndata ${Buffer.byteLength(text)}\n${text}\n`)
      return `commit ${ref}\ncommitter refline <refline@refline.invalid> ${seconds} +0000\ndata ${Buffer.byteLength(message)}\n${message}\n${blobs.join('')}\n`
    })
    .join('')

/** The same story in the bare repository that a checkout has as its origin, with three runs in its log; the checkout has a refline.yml. */
export const churnCheckout = async (...more: readonly LedgerEvent[]): Promise<GitFixture> => {
  const fixture = await gitFixture({
    'refline.yml': 'models:\n  churn:\n    task: binary\n    primary: roc_auc\n    gates: { roc_auc: { min: 0.7 } }\n',
  })
  let state = emptyState('churn')
  const decisions = (await churnRecords(...more)).map(record => {
    const { text, digest: id } = encodeRecord(record)
    state = fold(state, record, id)
    return {
      message: commitMessage(record.request, record),
      at: record.writer.at,
      files: { 'record.json': text, 'state.json': encodeState(state) },
    }
  })
  const runs = (
    [
      [runOf(1), 0.91, '2026-11-01T09:00:00.000Z'],
      ['churn-18d9be40f6c1', 0.895, '2026-11-02T09:00:00.000Z'],
      ['churn-bbbbbbbbbbbb', 'NaN', '2026-11-03T09:00:00.000Z'],
    ] as const
  ).map(([run, value, at], index) => {
    const created = { at, actor: 'ada', event: 'push', workflow_run: '100', job: 'train', job_index: null, pull_request: null }
    const entry = { kind: 'run', run, created, input: hex('input'), reported: { roc_auc: value, loss: (index + 1) / 10 } }
    const record = canonicalJson({ schema: 2, release: '0.2.0', seq: index + 1, at, writer, lines: [{ key: run, entry }] })
    return { message: run, at, files: { 'record.json': record, 'state.json': canonicalJson({ schema: 2, seq: index + 1, recent: [] }) } }
  })
  const stream = `${imported('refs/refline/models/churn/decisions', decisions)}${imported('refs/refline/models/churn/runs', runs)}`
  await git(fixture.bare, ['fast-import', '--quiet'], { input: stream })
  return fixture
}

export { registered, runOf }
