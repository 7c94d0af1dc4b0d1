import { digest } from '../../../src/core/lineage/canonical.ts'
import type { EventOf, LedgerEvent, LedgerState, Writer } from '../../../src/core/lineage/events.ts'
import { requestId } from '../../../src/core/lineage/keys.ts'
import type { RunLine } from '../../../src/ports/ledger.ts'

/** One decision of a made-up ledger, as `Ledger.append` is asked for it. */
export interface MadeDecision {
  readonly request: string
  readonly subject: string
  readonly events: readonly LedgerEvent[]
  /** When it is written, in milliseconds since 1970. */
  readonly at: number
}

/** Every tenth version becomes the champion. */
const championEvery = 10
const start = Date.UTC(2025, 0, 6, 8)
/** So close together that the state remembers as many requests as fit into it: the largest state there is, which is the slowest to read and write. */
const minutesApart = 7

/** Who writes the made-up records. */
export const madeWriter: Omit<Writer, 'at'> = {
  actor: 'ann',
  workflow_run: '16214377431',
  workflow: 'acme/churn/.github/workflows/train.yml@refs/heads/main',
  commit: digest('commit').slice(0, 40),
}

const metricNames = ['roc_auc', 'average_precision', 'accuracy', 'recall', 'precision', 'f1', 'log_loss', 'brier', 'ece', 'mcc']
const assetNames = ['manifest.json', 'model.tar', 'predictions.parquet', 'run.json', 'result.json', 'card.md']

const share = (seed: string): number => Number.parseInt(digest(seed).slice(0, 8), 16) / 0xffffffff

/** A register event with as many files, metrics and params as a small project has; nothing repeats from version to version but what does in truth. */
export const registration = (model: string, state: LedgerState): EventOf<'register'> => {
  const version = state.versions + 1
  const of = (what: string) => digest(`${model} ${version} ${what}`)
  const run = `${model}-${of('run').slice(0, 12)}`
  const champion = state.aliases.champion ?? null
  const digested = (path: string) => ({ path, bytes: 1000 + Math.floor(share(of(path)) * 9e6), sha256: of(path) })
  const metrics = metricNames.map(name => {
    const value = 0.8 + 0.1 * share(of(name))
    return { name, value, low: value - 0.011, high: value + 0.011 }
  })
  const commit = of('commit').slice(0, 40)
  return {
    kind: 'register',
    version: {
      version,
      run,
      digest: of('manifest.json'),
      tag: `refline/${model}/${of('manifest.json').slice(0, 12)}`,
      assets: assetNames.map(digested),
      bytes: 4_200_000 + version,
      input: of('input'),
      code: of('code'),
      commit,
      pull_request: null,
      holdout: null,
      metrics,
      image: null,
    },
    record: {
      schema: 1,
      run,
      model,
      created: {
        at: new Date(start).toISOString(),
        workflow_run: String(16_214_377_000 + version),
        job: 'train',
        job_index: null,
        actor: 'ann',
        event: 'push',
        pull_request: null,
      },
      lineage: {
        repository: 'acme/churn',
        commit,
        code: of('code'),
        data: ['data/train.parquet', 'data/holdout.parquet'].map(path => ({ ...digested(path), files: 1 })),
        params: { learning_rate: share(of('rate')), max_depth: 3 + (version % 7), rounds: 400, subsample: 0.8, seed: version },
        train: digest('train section'),
        environment: { os: 'Linux', arch: 'X64', python: '3.12.4', 'scikit-learn': '1.7.2' },
        parent: null,
      },
      input: of('input'),
      seconds: 61.5,
      reported: {},
      model_files: [digested('model.joblib')],
      predictions: digested('predictions.parquet'),
      metrics_file: null,
      champion: null,
    },
    verdict: 'pass',
    decision: 'promote',
    champion,
    policy: digest('policy'),
    result: of('result.json'),
    override: null,
  }
}

/** When a made-up ledger with this state goes on, in milliseconds since 1970. */
export const endOf = (state: LedgerState): number => start + state.seq * minutesApart * 60_000

/** The next decision of a made-up ledger: versions one after another, and after every tenth the alias `champion` to it. */
export const nextDecision = (model: string, state: LedgerState): MadeDecision => {
  const { versions } = state
  const champion = state.aliases.champion ?? null
  const at = endOf(state)
  const workflowRun = String(16_214_377_000 + state.seq)
  if (versions > 0 && versions % championEvery === 0 && champion !== versions)
    return {
      request: requestId('alias', null, `v${versions}`, workflowRun),
      subject: `alias ${model} v${versions}: champion`,
      events: [{ kind: 'alias', alias: 'champion', from: champion, to: versions }],
      at,
    }
  const event = registration(model, state)
  return {
    request: requestId('register', null, event.version.run, workflowRun),
    subject: `register ${model} v${event.version.version}: gate passed, roc_auc +0.4 pp`,
    events: [event],
    at,
  }
}

/** When a made-up run is logged, in milliseconds since 1970. */
export const loggedAt = (run: number): number => start + run * minutesApart * 60_000

/** The line that `train` logs of a run. */
export const runLine = (model: string, run: number): RunLine => {
  const of = (what: string) => digest(`${model} run ${run} ${what}`)
  const name = `${model}-${of('run').slice(0, 12)}`
  const created = {
    at: new Date(loggedAt(run)).toISOString(),
    workflow_run: String(16_214_377_000 + run),
    job: 'train',
    job_index: null,
    actor: 'ann',
    event: 'push',
    pull_request: null,
  }
  const reported = Object.fromEntries(metricNames.slice(0, 4).map(metric => [metric, 0.8 + 0.1 * share(of(metric))]))
  return { key: name, entry: { kind: 'run', run: name, created, input: of('input'), reported } }
}
