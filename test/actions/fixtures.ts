import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { digestFile } from '../../src/adapters/files/digest.ts'
import type { RunnerContext } from '../../src/adapters/runner/context.ts'
import { runFolders } from '../../src/adapters/runner/run-folder.ts'
import type { RunRecord } from '../../src/core/lineage/run.ts'
import type { Log } from '../../src/ports/report.ts'
import type { RunArtifacts } from '../../src/ports/run-artifacts.ts'
import type { OpenRun, RunFolders } from '../../src/ports/run-folders.ts'
import { resultProblems } from '../support/result-schema.ts'

export const sha256 = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex')

/** A runner's context as on a push to main. */
export const contextOf = (folder: string, change: Partial<RunnerContext> = {}): RunnerContext => ({
  repository: { owner: 'acme', name: 'churn' },
  commit: 'c'.repeat(40),
  ref: 'refs/heads/main',
  event: 'push',
  payload: {},
  again: false,
  runId: '100',
  job: 'measure',
  workflow: 'model-release.yml',
  workflowRef: 'acme/churn/.github/workflows/model-release.yml@refs/heads/main',
  actor: 'ada',
  apiUrl: 'http://127.0.0.1:9',
  serverUrl: 'http://127.0.0.1:9',
  workspace: join(folder, 'workspace'),
  temp: join(folder, 'temp'),
  pullRequest: null,
  defaultBranch: 'main',
  mergeGroupBase: null,
  ...change,
})

export const noArtifacts: RunArtifacts = {
  available: false,
  upload: () => Promise.reject(new Error('there is no artifact service')),
  list: () => Promise.reject(new Error('there is no artifact service')),
  download: () => Promise.reject(new Error('there is no artifact service')),
}

/** A log that remembers its lines; warnings begin with `warning: `. */
export const rememberedLog = (): Log & { readonly lines: readonly string[] } => {
  const lines: string[] = []
  return {
    lines,
    info: line => {
      lines.push(line)
    },
    warning: line => {
      lines.push(`warning: ${line}`)
    },
    group: (_title, work) => work(),
  }
}

/** Every result that a test has written is held against the published schema. */
const checkedFolders = (runs: RunFolders): RunFolders => ({
  ...runs,
  writeResult: async (run, result) => {
    const written = await runs.writeResult(run, result)
    const problems = resultProblems(JSON.parse(written.text))
    if (problems.length > 0) throw new Error(`result.json breaks refline.result.schema.json: ${problems.join('; ')}`)
    return written
  },
})

const workflowRunOf = new WeakMap<RunFolders, string>()

export const foldersIn = (temp: string, artifacts: RunArtifacts = noArtifacts, workflowRun = '100'): RunFolders => {
  const runs = checkedFolders(runFolders({ temp, artifacts, digestFile, workflowRun }))
  workflowRunOf.set(runs, workflowRun)
  return runs
}

export const recordOf = (change: Partial<RunRecord> = {}): RunRecord => ({
  schema: 1,
  run: 'churn-0123456789ab',
  model: 'churn',
  created: {
    at: '2026-11-20T12:00:00.000Z',
    workflow_run: '100',
    job: 'measure',
    job_index: null,
    actor: 'ada',
    event: 'push',
    pull_request: null,
  },
  lineage: {
    repository: 'acme/churn',
    commit: 'c'.repeat(40),
    code: sha256('code'),
    data: [],
    params: {},
    train: sha256('train'),
    environment: {},
    parent: null,
  },
  input: sha256('input'),
  seconds: 1,
  reported: {},
  model_files: [],
  predictions: null,
  metrics_file: null,
  champion: null,
  ...change,
})

/** Keeps a run of the folders' workflow run with these files (below `files/`), listed in the record: `model/...` as model files, `predictions.*` as predictions. */
export const keepRun = async (
  runs: RunFolders,
  files: Readonly<Record<string, string>>,
  change: Partial<RunRecord> = {},
): Promise<OpenRun> => {
  const staged = await runs.stage(change.model ?? 'churn')
  const listed = Object.entries(files).map(([path, text]) => ({ path, bytes: Buffer.byteLength(text), sha256: sha256(text) }))
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(staged, 'files', path)), { recursive: true })
    await writeFile(join(staged, 'files', path), text)
  }
  return runs.keep(
    staged,
    recordOf({
      created: { ...recordOf().created, workflow_run: workflowRunOf.get(runs) ?? '100' },
      model_files: listed.filter(file => file.path.startsWith('model/')).map(file => ({ ...file, path: file.path.slice('model/'.length) })),
      predictions: listed.find(file => file.path.startsWith('predictions.')) ?? null,
      ...change,
    }),
  )
}
