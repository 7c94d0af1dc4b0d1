import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PublishPorts } from '../../src/actions/judge/publish.ts'
import { evidenceOf, packRun } from '../../src/actions/register/files.ts'
import type { RegisterPorts } from '../../src/actions/register/handler.ts'
import { folderStore } from '../../src/adapters/files/model-store.ts'
import type { RunnerContext } from '../../src/adapters/runner/context.ts'
import type { Forge } from '../../src/ports/forge.ts'
import type { ModelStore } from '../../src/ports/model-store.ts'
import { type MemoryLedger, memoryLedger } from '../support/memory-ledger.ts'
import { contextOf, foldersIn, noArtifacts, rememberedLog } from './fixtures.ts'

export const base = 'b'.repeat(40)

/** A repository whose commits are maps of files; everything else it is asked is an error. */
export const forgeOf = (commits: Readonly<Record<string, Readonly<Record<string, string>>>>, permission = 'write'): Forge => ({
  fileAt: async (path, ref) => {
    const files = commits[ref]
    if (files === undefined) throw new Error(`nobody expected commit ${ref}`)
    return files[path] ?? null
  },
  firstParent: async () => base,
  pullRequestOf: async () => null,
  permissionOf: async () => permission,
  defaultBranch: async () => 'main',
  incident: async () => ({ denied: 'no issues in tests' }),
})

export interface Bench {
  readonly ports: PublishPorts & RegisterPorts & { readonly ledger: MemoryLedger }
  readonly comments: Map<string, string>
  readonly summaries: string[]
  readonly log: readonly string[]
  /** The next job of the same repository: fresh run folders and another workflow run. */
  nextJob(runId: string, change?: Partial<RunnerContext>): Promise<Bench>
}

/** Ports over a temporary folder, an in-memory ledger and a folder store; `refline.yml` lies in the workspace. */
export const benchIn = async (
  folder: string,
  configuration: string,
  change: Partial<RunnerContext> = {},
  forge: Forge | null = null,
): Promise<Bench> => {
  const ledger = memoryLedger({ workflow_run: change.runId ?? '100' })
  return bench(folder, configuration, change, forge, ledger, folderStore(join(folder, 'store')))
}

const bench = async (
  folder: string,
  configuration: string,
  change: Partial<RunnerContext>,
  forge: Forge | null,
  ledger: MemoryLedger,
  store: ModelStore,
): Promise<Bench> => {
  const runId = change.runId ?? '100'
  const context = contextOf(folder, { ...change, temp: join(folder, `temp-${runId}`) })
  await mkdir(context.workspace, { recursive: true })
  await writeFile(join(context.workspace, 'refline.yml'), configuration)
  const log = rememberedLog()
  const comments = new Map<string, string>()
  const summaries: string[] = []
  const runs = foldersIn(context.temp, noArtifacts, runId)
  return {
    ports: {
      context,
      runs,
      ledger,
      store,
      forge,
      log,
      clock: { now: () => Date.parse('2026-11-20T12:00:00.000Z') },
      summary: { write: async text => void summaries.push(text) },
      comments: {
        upsert: async (pullRequest, marker, body) => {
          comments.set(`${pullRequest} ${marker}`, body)
          return { url: `https://example.test/pull/${pullRequest}#comment` }
        },
      },
      failpoint: () => {},
      pack: judged => packRun(judged, runs),
      evidence: judged => evidenceOf(judged, runs),
    },
    comments,
    summaries,
    log: log.lines,
    nextJob: async (next, nextChange = {}) => {
      ledger.writeAs({ workflow_run: next })
      return bench(folder, configuration, { ...change, ...nextChange, runId: next }, forge, ledger, store)
    },
  }
}

/** Predictions of `rows` rows whose scores tell the labels apart as well as `skill` says: 0 not at all, 1 always. */
export const predictionsOf = (
  rows: number,
  skill: number,
  change: (row: number, score: number) => string = (_, score) => score.toFixed(6),
): string => {
  const lines = ['id,label,score,region']
  for (let row = 0; row < rows; row++) {
    const label = row % 2
    const noise = ((row * 7919) % 1000) / 1000
    const score = skill * label + (1 - skill) * noise
    lines.push(`r${row},${label},${change(row, score)},${row % 3 === 0 ? 'EU' : 'US'}`)
  }
  return `${lines.join('\n')}\n`
}
