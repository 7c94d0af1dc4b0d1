import { copyFile, mkdir } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { digestFile } from '../../adapters/files/digest.ts'
import { namedInFolder, readMetricsFile } from '../../adapters/files/reported/metrics-file.ts'
import { fileInWorkspace } from '../../adapters/files/workspace-file.ts'
import { UserError } from '../../core/errors.ts'
import { endingOf } from '../../core/evaluation/file-formats.ts'
import { canonicalJson, digest } from '../../core/lineage/canonical.ts'
import { fileRun } from '../../core/lineage/file-run.ts'
import type { DigestedFile } from '../../core/lineage/run.ts'
import type { OpenRun } from '../../ports/run-folders.ts'
import type { JudgePorts } from './gather.ts'
import type { Rules } from './rules.ts'

/** Files of the workspace that are judged instead of a run. */
export interface JudgedFiles {
  readonly predictions?: string | undefined
  readonly metrics?: string | undefined
}

/**
 * A run in memory for files that no `train` made. They are copied first, so that what is digested is what is judged. Its folder is no run folder: later steps that
 * look for a run, `register` above all, do not find it.
 */
export const openFiles = async (
  files: JudgedFiles,
  rules: Rules,
  ports: Pick<JudgePorts, 'context' | 'runs' | 'clock'>,
): Promise<OpenRun> => {
  const { context } = ports
  if (files.predictions !== undefined && rules.model.predictions === undefined)
    throw new UserError(
      `models.${rules.name} has no \`predictions\`, so it is not known what the columns of ${JSON.stringify(files.predictions)} mean: add \`predictions: ${basename(files.predictions).replace(/[^\w.-]/g, '_')}\` to it`,
    )
  const folder = await ports.runs.scratch(`files-${rules.name}`)
  await mkdir(join(folder, 'files'), { recursive: true })
  const kept = async (path: string | undefined, input: string): Promise<DigestedFile | null> => {
    if (path === undefined) return null
    const source = await fileInWorkspace(context.workspace, path, input)
    const name = `${input}${endingOf(path)}`
    await copyFile(source, join(folder, 'files', name))
    return { path: name, ...(await digestFile(join(folder, 'files', name))) }
  }
  const predictions = await kept(files.predictions, 'predictions')
  const metrics = await kept(files.metrics, 'metrics')
  const reported = metrics === null ? {} : await readMetricsFile(join(folder, 'files', metrics.path), files.metrics ?? metrics.path)
  const record = fileRun({
    model: rules.name,
    at: new Date(ports.clock.now()).toISOString(),
    created: {
      workflow_run: context.runId,
      job: context.job,
      actor: context.actor,
      event: context.event,
      pull_request: context.pullRequest,
    },
    repository: context.repository === null ? null : `${context.repository.owner}/${context.repository.name}`,
    commit: context.commit,
    predictions,
    metrics,
    reported,
    reportedFrom:
      files.metrics === undefined
        ? null
        : namedInFolder(resolve(context.workspace, rules.model.path ?? '.'), files.metrics, context.workspace),
  })
  const named = [files.predictions, files.metrics].filter(path => path !== undefined).join(' and ')
  return { record, digest: digest(`${canonicalJson(record)}\n`), folder, origin: `no run: ${named} of this workspace` }
}
