import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gitLedger } from '../../src/adapters/git/ledger.ts'
import { release } from '../../src/kernel/release.ts'
import { runToEnd } from './children.ts'
import type { Dump } from './github.ts'

/** What the ledger says at the end, read back from the bare repository and checked record by record. */
export interface Ending {
  /** The subjects of its commits, newest first: `git log --format=%s`. */
  readonly subjects: readonly string[]
  readonly events: number
  readonly live: number | null
  readonly champion: number | null
  readonly quarantined: readonly number[]
}

export const readEnding = async (bare: string, model: string, environment: string, temp: string): Promise<Ending> => {
  const log = await runToEnd('git', ['-C', bare, 'log', '--format=%s', `refs/refline/models/${model}/decisions`])
  if (log.code !== 0) throw new Error(`There is no ledger of ${model}: ${log.output}`)
  const ledger = gitLedger({
    remote: bare,
    environment: {},
    writer: { actor: null, workflow_run: null, workflow: null, commit: null },
    clock: { now: () => Date.now(), sleep: milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds)) },
    random: Math.random,
    release,
    deadlineSeconds: 60,
    temp,
  })
  const records = await ledger.records(model)
  const state = await ledger.read(model)
  return {
    subjects: log.output.trim().split('\n'),
    events: records.reduce((sum, record) => sum + record.events.length, 0),
    live: state.environments[environment]?.live?.version ?? null,
    champion: state.aliases.champion ?? null,
    quarantined: Object.keys(state.quarantine)
      .map(Number)
      .sort((a, b) => a - b),
  }
}

/** Writes the comments of every pull request as they stand at the end. Returns the paths. */
export const writeComments = async (dump: Dump, folder: string): Promise<readonly string[]> => {
  await mkdir(folder, { recursive: true })
  const paths: string[] = []
  for (const issue of dump.issues) {
    if (issue.comments.length === 0) continue
    const path = join(folder, `${issue.pull === null ? 'issue' : 'pr'}-${issue.number}.md`)
    await writeFile(path, `${issue.comments.map(comment => comment.body).join('\n\n---\n\n')}\n`)
    paths.push(path)
  }
  return paths
}
