import { resolve } from 'node:path'
import { runArtifacts } from '../adapters/runner/artifacts.ts'
import { runRecordsBelow, runRecordsOfArtifacts } from '../adapters/runner/run-records.ts'
import { UserError } from '../core/errors.ts'
import { loggedRun } from '../core/lineage/logged-run.ts'
import type { RunRecord } from '../core/lineage/run.ts'
import { around } from './around.ts'
import type { Typed } from './command.ts'
import type { Work } from './commands.ts'
import type { Terminal } from './terminal.ts'

const recordsOf = async ({ operands }: Typed, { env, folder }: Terminal): Promise<readonly RunRecord[]> => {
  const [below] = operands
  if (below !== undefined) return runRecordsBelow(resolve(folder, below))
  const artifacts = runArtifacts(env)
  if (!artifacts.available)
    throw new UserError(
      'there is no artifact service here, so there are no artifacts of a workflow run: name the folder with the run folders',
    )
  return runRecordsOfArtifacts(artifacts)
}

const counted = (count: number): string => `${count} ${count === 1 ? 'run' : 'runs'}`

/** Writes the runs of a matrix to the log of runs, one push for each model. A token that may only read is no failure. */
export const collect: Work = async (typed, terminal) => {
  const records = await recordsOf(typed, terminal)
  const ledger = await around(typed, terminal).ledger()
  const models: Record<string, { runs: readonly string[]; written: number | null }> = {}
  for (const model of [...new Set(records.map(record => record.model))].sort()) {
    const own = records.filter(record => record.model === model)
    models[model] = { runs: own.map(({ run }) => run), written: await ledger.log(model, own.map(loggedRun)) }
  }
  if (typed.flags.has('json')) terminal.document({ schema: 1, models })
  else if (records.length === 0) terminal.say('no run was found, so nothing was written')
  else
    for (const [model, { runs, written }] of Object.entries(models))
      terminal.say(
        written === null
          ? `${model}: ${counted(runs.length)} found; this token may only read, so they are not in the log of runs and travel in their artifacts`
          : `${model}: ${counted(runs.length)} found, ${written} of them new in the log of runs`,
      )
  return {}
}
