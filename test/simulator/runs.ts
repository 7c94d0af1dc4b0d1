import { hash } from 'node:crypto'
import type { Judged } from '../../src/actions/judge/gather.ts'
import type { Configuration } from '../../src/core/configuration/schema.ts'
import { canonicalJson } from '../../src/core/lineage/canonical.ts'
import { versionInRecords, versionInState } from '../../src/core/lineage/preconditions.ts'
import type { RunRecord } from '../../src/core/lineage/run.ts'
import type { Ledger } from '../../src/ports/ledger.ts'
import type { Upload } from '../../src/ports/model-store.ts'
import { simulatedFiles } from './files.ts'

export const model = 'churn'
export const pullRequest = 7

const sha256 = (text: string): string => hash('sha256', text)

/** A file in memory, ready to be uploaded. */
const kept = (path: string, folder: string, content: string): Upload => {
  const from = `/simulated/${folder}/${path}`
  simulatedFiles.set(from, content)
  return { path, from, bytes: Buffer.byteLength(content), sha256: sha256(content) }
}

export interface SimulatedRun {
  readonly record: RunRecord
  readonly packed: { readonly digest: string; readonly bytes: number; readonly uploads: readonly Upload[] }
}

const known = new Map<string, SimulatedRun>()

/** A run by a letter: its record, and its model packed for the store. Runs of the same `bytes` have the same model. */
export const simulatedRun = (letter: string, bytes: string): SimulatedRun => {
  const found = known.get(`${bytes} ${letter}`)
  if (found !== undefined) return found
  const run = `${model}-${sha256(letter + bytes).slice(0, 12)}`
  const content = `model ${bytes}`
  const file = kept('model.bin', run, content)
  const { from: _, ...plain } = file
  const packing = { kind: 'file', bytes: file.bytes, sha256: file.sha256, parts: [plain] }
  const manifest = kept('manifest.json', run, canonicalJson({ schema: 1, files: [plain], packing }))
  const record: RunRecord = {
    schema: 1,
    run,
    model,
    created: {
      at: '2026-11-20T12:00:00.000Z',
      workflow_run: '1',
      job: 'train',
      job_index: null,
      actor: 'ada',
      event: 'push',
      pull_request: pullRequest,
    },
    lineage: {
      repository: 'acme/churn',
      commit: null,
      code: null,
      data: [],
      params: {},
      train: sha256('train'),
      environment: {},
      parent: null,
    },
    input: sha256(`input ${letter}`),
    seconds: 1,
    reported: {},
    model_files: [plain],
    predictions: null,
    metrics_file: null,
    champion: null,
  }
  const made = { record, packed: { digest: manifest.sha256, bytes: file.bytes, uploads: [manifest, file] } }
  known.set(`${bytes} ${letter}`, made)
  return made
}

/** How good the model with this digest is: the later the letter of its bytes, the better. */
export const qualityOf = (digest: string): number => {
  for (const [name, { packed }] of known) if (packed.digest === digest) return name.charCodeAt(0)
  throw new Error(`no run has the digest ${digest}`)
}

/** What judging this run against the present champion gives: who is better, and that its gates say `verdict`. */
export const judgedRun = async (
  run: SimulatedRun,
  ledger: Ledger,
  verdict: 'pass' | 'fail',
  configuration: Configuration,
): Promise<Judged> => {
  const state = await ledger.read(model)
  const champion = state.aliases.champion ?? null
  const policy = sha256('policy')
  const digest = sha256(canonicalJson(run.record))
  const record = champion === null ? null : (versionInState(state, champion) ?? versionInRecords(await ledger.records(model), champion))
  const better = record === null || qualityOf(run.packed.digest) > qualityOf(record.digest)
  const assessment: Judged['assessment'] = {
    schema: 1,
    model,
    run: run.record.run,
    verdict,
    decision: verdict === 'pass' && better ? 'promote' : 'keep',
    headline: verdict === 'pass' ? 'better than the champion' : 'recall is below its gate',
    because: [],
    opponent: champion === null ? { kind: 'first', proof: 'the ledger has no champion' } : { kind: 'champion', version: champion },
    change: champion === null ? 'first' : 'changed',
    rows: [],
    slices: [],
    fairness: [],
    findings: [],
    warnings: [],
    holdout: null,
    roc: null,
    confidence: 0.95,
    seed: null,
    rules: { from: 'refline.yml of main', digest: policy, loosened: [] },
    override: null,
    notes: [],
    run_digest: digest,
    predictions_digest: null,
  }
  const text = canonicalJson({ run: run.record.run, champion, verdict })
  const result = kept('result.json', `${run.record.run}-${champion ?? 0}`, text)
  const settings = configuration.models[model]
  if (settings === undefined) throw new Error(`the simulator's configuration lacks ${model}`)
  return {
    rules: {
      name: model,
      model: settings,
      configuration,
      isNew: false,
      policy: { from: 'refline.yml of main', digest: policy, loosened: [] },
    },
    run: { record: run.record, digest, folder: `/simulated/${run.record.run}`, origin: 'simulated' },
    state,
    assessment,
    predictions: null,
    champion: record,
    championRun: null,
    result: { path: result.from, text },
  }
}

/** The one file of evidence that a judged run leaves beside its model. */
export const evidenceOf = (judged: Judged): readonly Upload[] => {
  const { path, text } = judged.result
  return [{ path: 'result.json', from: path, bytes: Buffer.byteLength(text), sha256: sha256(text) }]
}

/** The files of the model behind a release's tag, with or without a suffix; null where no run has it. */
export const packedOf = (tag: string): readonly Upload[] | null => {
  const [, digest] = /^refline\/churn\/([0-9a-f]{12})(-\d)?$/.exec(tag) ?? []
  for (const { packed } of known.values()) if (digest !== undefined && packed.digest.startsWith(digest)) return packed.uploads
  return null
}
