import manifest from '../../../package.json' with { type: 'json' }
import { type RunnerContext, workflowRunUrl } from '../../adapters/runner/context.ts'
import { canonicalJson } from '../../core/lineage/canonical.ts'
import type { VersionRecord } from '../../core/lineage/events.ts'
import type { RunRecord } from '../../core/lineage/run.ts'
import { renderCard } from '../../core/report/card.ts'
import { renderComment } from '../../core/report/comment.ts'
import type { CommentContext } from '../../core/report/comment-context.ts'
import { renderLogLines } from '../../core/report/log-lines.ts'
import { sharesOf } from '../../core/rollout/steps.ts'
import type { Judged } from './gather.ts'

const mostParams = 30

/** The whole comment of a judged run. */
export const commentOf = (judged: Judged, context: RunnerContext): string => renderComment(judged.assessment, contextOf(judged, context))

/** The same for the job's log. */
export const logLinesOf = (judged: Judged): readonly string[] => renderLogLines(judged.assessment)

/** The model card, which becomes the notes of the release. */
export const cardOf = (judged: Judged, version: VersionRecord, context: RunnerContext): string =>
  renderCard(judged.assessment, version, judged.run.record, judged.rules.model.card ?? {}, contextOf(judged, context))

const contextOf = (judged: Judged, context: RunnerContext): CommentContext => {
  const { record } = judged.run
  const champion = judged.championRun
  const environment = Object.entries(judged.rules.configuration.environments ?? {}).find(
    ([, candidate]) => candidate.models === undefined || candidate.models.includes(judged.rules.name),
  )
  return {
    version: manifest.version,
    commit: record.lineage.commit,
    jobUrl: workflowRunUrl(context),
    params: champion === null ? [] : changedParams(champion.lineage.params, record.lineage.params),
    data: record.lineage.data.map(({ path, sha256 }) => ({
      path,
      sha256,
      changed: champion === null ? null : champion.lineage.data.find(other => other.path === path)?.sha256 !== sha256,
    })),
    codeChanged:
      judged.champion === null || judged.champion.code === null || record.lineage.code === null
        ? null
        : judged.champion.code !== record.lineage.code,
    // Without model files it is no run of `train`, and how long it took nobody knows.
    seconds: record.model_files.length === 0 ? null : record.seconds,
    modelBytes: record.model_files.length === 0 ? null : bytesOf(record),
    championBytes: judged.champion?.bytes ?? null,
    newModel: judged.rules.isNew,
    rollout: environment === undefined ? null : { environment: environment[0], steps: sharesOf(environment[1].steps) },
  }
}

const bytesOf = (record: RunRecord): number => record.model_files.reduce((sum, file) => sum + file.bytes, 0)

const changedParams = (from: RunRecord['lineage']['params'], to: RunRecord['lineage']['params']): CommentContext['params'] => {
  const text = (params: Record<string, unknown>, name: string): string | null =>
    Object.hasOwn(params, name) ? canonicalJson(params[name]) : null
  return [...new Set([...Object.keys(from), ...Object.keys(to)])]
    .sort()
    .map(name => ({ name, from: text(from, name), to: text(to, name) }))
    .filter(param => param.from !== param.to)
    .slice(0, mostParams)
}
