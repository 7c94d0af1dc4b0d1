import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { UserError } from '../../core/errors.ts'

/** What the runner tells a step about where and why it runs. Everything that only GitHub can know is null elsewhere. */
export interface RunnerContext {
  readonly repository: { readonly owner: string; readonly name: string } | null
  readonly commit: string | null
  /** `refs/heads/main`, `refs/pull/7/merge`, ... */
  readonly ref: string | null
  /** Name of the event, such as `pull_request`. */
  readonly event: string | null
  /** The event's payload: hostile until parsed. */
  readonly payload: unknown
  readonly runId: string | null
  /** Whether this workflow run was tried before: a repeated request may then have been made long ago. */
  readonly again: boolean
  readonly job: string | null
  /** File name of the workflow, such as `model-pr.yml`. */
  readonly workflow: string | null
  readonly workflowRef: string | null
  readonly actor: string | null
  /** Without a slash at the end, as the server's URL. */
  readonly apiUrl: string
  readonly serverUrl: string
  readonly workspace: string
  readonly temp: string
  readonly pullRequest: number | null
  readonly defaultBranch: string | null
  /** `merge_group.base_sha`. */
  readonly mergeGroupBase: string | null
}

/** Reads the context from the environment and the event file. Throws a UserError where the event file is not JSON. */
export const runnerContext = (env: NodeJS.ProcessEnv = process.env): RunnerContext => {
  const variable = (name: string): string | null => {
    const value = env[name]
    return value === undefined || value === '' ? null : value
  }
  const payload = readPayload(variable('GITHUB_EVENT_PATH'))
  const ref = variable('GITHUB_REF')
  const workflowRef = variable('GITHUB_WORKFLOW_REF')
  const [owner, name, ...rest] = (variable('GITHUB_REPOSITORY') ?? '').split('/')
  return {
    repository: owner && name && rest.length === 0 ? { owner, name } : null,
    commit: variable('GITHUB_SHA'),
    ref,
    event: variable('GITHUB_EVENT_NAME'),
    payload,
    runId: variable('GITHUB_RUN_ID'),
    again: (variable('GITHUB_RUN_ATTEMPT') ?? '1') !== '1',
    job: variable('GITHUB_JOB'),
    workflow: workflowRef === null ? null : (/([^/@]+)@/.exec(workflowRef)?.[1] ?? null),
    workflowRef,
    actor: variable('GITHUB_ACTOR'),
    apiUrl: (variable('GITHUB_API_URL') ?? 'https://api.github.com').replace(/\/+$/, ''),
    serverUrl: (variable('GITHUB_SERVER_URL') ?? 'https://github.com').replace(/\/+$/, ''),
    workspace: variable('GITHUB_WORKSPACE') ?? process.cwd(),
    temp: variable('RUNNER_TEMP') ?? tmpdir(),
    pullRequest: pullRequestNumber(payload, ref),
    defaultBranch: textAt(payload, 'repository', 'default_branch'),
    mergeGroupBase: textAt(payload, 'merge_group', 'base_sha'),
  }
}

/** The page of this workflow run, with its log and summaries; null outside of one. */
export const workflowRunUrl = ({
  repository,
  runId,
  serverUrl,
}: Pick<RunnerContext, 'repository' | 'runId' | 'serverUrl'>): string | null =>
  repository === null || runId === null ? null : `${serverUrl}/${repository.owner}/${repository.name}/actions/runs/${runId}`

const readPayload = (path: string | null): unknown => {
  if (path === null) return null
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return null
    throw new UserError(`the event file named by GITHUB_EVENT_PATH cannot be read as JSON; it is written by the runner`, {
      place: { file: path },
      cause,
    })
  }
}

const valueAt = (value: unknown, ...keys: readonly string[]): unknown =>
  keys.reduce<unknown>(
    (found, key) =>
      typeof found === 'object' && found !== null && Object.hasOwn(found, key) ? (found as Record<string, unknown>)[key] : undefined,
    value,
  )

const textAt = (value: unknown, ...keys: readonly string[]): string | null => {
  const found = valueAt(value, ...keys)
  return typeof found === 'string' && found !== '' ? found : null
}

const pullRequestNumber = (payload: unknown, ref: string | null): number | null => {
  const found = valueAt(payload, 'pull_request', 'number') ?? Number(/^refs\/pull\/(\d+)\//.exec(ref ?? '')?.[1] ?? Number.NaN)
  return typeof found === 'number' && Number.isSafeInteger(found) && found > 0 ? found : null
}
