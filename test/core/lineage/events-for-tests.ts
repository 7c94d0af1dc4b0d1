import type { EventOf, LedgerEvent, LedgerRecord, LedgerState } from '../../../src/core/lineage/events.ts'
import { emptyState, fold } from '../../../src/core/lineage/fold.ts'
import { encodeRecord } from '../../../src/core/lineage/verify.ts'

const hex = (seed: string): string => seed.repeat(64).slice(0, 64)

/** A `register` event of a made-up run. */
export const registerEvent = (
  version: number,
  model = 'churn',
  extra: Partial<EventOf<'register'>['version']> = {},
): EventOf<'register'> => {
  const run = `${model}-${String(version).padStart(12, '0')}`
  const input = hex('a')
  return {
    kind: 'register',
    version: {
      version,
      run,
      digest: hex('d'),
      tag: `refline/${model}/${String(version).padStart(12, '0')}`,
      assets: [{ path: 'manifest.json', bytes: 10, sha256: hex('b') }],
      bytes: 100,
      input,
      code: null,
      commit: null,
      pull_request: null,
      holdout: null,
      metrics: [{ name: 'roc_auc', value: 0.9, low: 0.88, high: 0.92 }],
      image: null,
      ...extra,
    },
    record: {
      schema: 1,
      run,
      model,
      created: {
        at: '2026-11-20T10:00:00Z',
        workflow_run: '1',
        job: 'train',
        job_index: null,
        actor: 'ann',
        event: 'push',
        pull_request: null,
      },
      lineage: { repository: 'acme/churn', commit: null, code: null, data: [], params: {}, train: hex('c'), environment: {}, parent: null },
      input,
      seconds: 1,
      reported: {},
      model_files: [],
      predictions: null,
      metrics_file: null,
      champion: null,
    },
    verdict: 'pass',
    decision: 'promote',
    champion: null,
    policy: hex('e'),
    result: hex('f'),
    override: null,
  }
}

/** Folds batches of events one after another, as the ledger would. */
export const foldBatches = (batches: readonly (readonly LedgerEvent[])[], start: LedgerState = emptyState('churn')): LedgerState =>
  batches.reduce<LedgerState>((state, events) => {
    const record = recordAfter(state, events)
    return fold(state, record, encodeRecord(record).digest)
  }, start)

/** The record that would follow a state. */
export const recordAfter = (state: LedgerState, events: readonly LedgerEvent[], at = '2026-11-20T10:00:00Z'): LedgerRecord => ({
  schema: 2,
  release: '0.2.0',
  model: state.model,
  seq: state.seq + 1,
  prev: state.head,
  request: `test:-:${state.seq + 1}:1`,
  writer: { at, actor: 'ann', workflow_run: '1', workflow: null, commit: null },
  events: [...events],
})

const judge = { alpha: 0.01, beta: 0.05, horizon: 50, signals: {} }

/** Events of a rollout in production. */
export const rolloutEvents = {
  start: (version: number, from: number | null, canary: 'blue' | 'green'): EventOf<'rollout-start'> => ({
    kind: 'rollout-start',
    environment: 'production',
    rollout: String(version).padStart(12, '0'),
    version,
    from,
    canary,
    steps: [10, 50],
    judge,
  }),
  intent: (version: number, percent: number, expecting = 0, step = 0): LedgerEvent => ({
    kind: 'weight-intent',
    environment: 'production',
    rollout: String(version).padStart(12, '0'),
    step,
    percent,
    expecting,
  }),
  confirm: (version: number, percent: number, step = 0): LedgerEvent => ({
    kind: 'weight-confirm',
    environment: 'production',
    rollout: String(version).padStart(12, '0'),
    step,
    percent,
  }),
  end: (version: number, decision: 'promoted' | 'rolled-back' | 'withdrawn'): LedgerEvent => ({
    kind: 'rollout-end',
    environment: 'production',
    rollout: String(version).padStart(12, '0'),
    decision,
    reason: 'test',
  }),
}

/** Registers and promotes a version in production through a whole rollout. */
export const promotion = (version: number, from: number | null, canary: 'blue' | 'green'): LedgerEvent[][] => [
  [rolloutEvents.start(version, from, canary)],
  [rolloutEvents.intent(version, 100)],
  [rolloutEvents.confirm(version, 100)],
  [rolloutEvents.end(version, 'promoted')],
]
