import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { digestFile } from '../adapters/files/digest.ts'
import { folderStore } from '../adapters/files/model-store.ts'
import { readText } from '../adapters/files/text.ts'
import { gitLedger } from '../adapters/git/ledger.ts'
import { ledgerRemote } from '../adapters/git/remote.ts'
import { githubClient } from '../adapters/github/client.ts'
import { githubComments } from '../adapters/github/comments.ts'
import { githubDeployments } from '../adapters/github/deployments.ts'
import { githubForge } from '../adapters/github/forge.ts'
import { githubReleases } from '../adapters/github/releases.ts'
import { githubWorkflowRuns } from '../adapters/github/workflow-runs.ts'
import { runArtifacts } from '../adapters/runner/artifacts.ts'
import { systemClock } from '../adapters/runner/clock.ts'
import { type RunnerContext, runnerContext, workflowRunUrl } from '../adapters/runner/context.ts'
import { jobLog } from '../adapters/runner/log.ts'
import { runFolders } from '../adapters/runner/run-folder.ts'
import { jobSummary } from '../adapters/runner/summary.ts'
import { parseConfiguration } from '../core/configuration/parse.ts'
import type { Configuration, StoreConfiguration } from '../core/configuration/schema.ts'
import { UserError } from '../core/errors.ts'
import { failpoint } from '../kernel/failpoint.ts'
import { release } from '../kernel/release.ts'
import type { Deployments, Forge } from '../ports/forge.ts'
import type { Ledger } from '../ports/ledger.ts'
import type { ModelStore } from '../ports/model-store.ts'
import type { Comments } from '../ports/report.ts'
import type { WorkflowRuns } from '../ports/workflow-runs.ts'
import { storeSettings } from './deciding-configuration.ts'

const ledgerDeadlineSeconds = 300

/** What the actions around runs and versions have in common: the runner, its log, its run folders, and what is reached through the token. */
export const surroundings = (inputs: { readonly token: string; readonly ledger: string | undefined }) => {
  const environment = process.env
  const context = runnerContext(environment)
  const log = jobLog()
  const artifacts = runArtifacts(environment)
  const runs = runFolders({ temp: context.temp, artifacts, digestFile, workflowRun: context.runId })
  const onGitHub = githubOf(context, inputs.token, log)
  return {
    environment,
    context,
    log,
    clock: systemClock,
    artifacts,
    runs,
    summary: jobSummary(environment),
    failpoint,
    forge: onGitHub?.forge ?? null,
    comments: onGitHub?.comments ?? null,
    deployments: onGitHub?.deployments ?? null,
    workflowRuns: onGitHub?.workflowRuns ?? null,
    /** The store that these settings name. Throws a UserError where it cannot be reached. */
    storeAt: (settings: StoreConfiguration) => storeAt(settings, context, onGitHub),
    /** The store that the configuration names which decides here. */
    store: async (config: string): Promise<ModelStore> =>
      storeAt(await storeSettings(context, onGitHub?.forge ?? null, config), context, onGitHub),
    ledger: (): Promise<Ledger> => openLedger(context, inputs),
  }
}

/** The configuration as it lies in the checkout. Throws a UserError where it cannot be read or is wrong. */
export const readConfiguration = async (workspace: string, file: string): Promise<Configuration> => {
  const text = await readText(join(workspace, file), file, { links: false })
  if (text === null)
    throw new UserError(
      `cannot read ${file} in ${workspace}: check out the repository before this step, or name the file in the input \`config\``,
      { place: { file } },
    )
  return parseConfiguration(text, file)
}

interface OnGitHub {
  readonly forge: Forge
  readonly comments: Comments
  readonly deployments: Deployments
  readonly workflowRuns: WorkflowRuns
  releases(): ModelStore
}

/** Opens a store. A folder somewhere else must be there: made here, it would hide that the volume it should be on is not mounted. */
const storeAt = async (settings: StoreConfiguration, context: RunnerContext, onGitHub: OnGitHub | null): Promise<ModelStore> => {
  if (settings.kind === 'files') {
    const root = resolve(context.workspace, settings.path)
    const found = await stat(root).catch(() => null)
    if (found?.isDirectory() === true || (found === null && !isAbsolute(settings.path))) return folderStore(root)
    throw new UserError(
      `store.path names ${settings.path}, and there is ${found === null ? 'nothing' : 'no folder'} on this machine: mount the bucket, or make the folder, before this step`,
    )
  }
  if (onGitHub !== null) return onGitHub.releases()
  throw new UserError(
    'model files are kept in releases on GitHub: GITHUB_REPOSITORY and the input `token` are needed; or name a folder under `store:` in refline.yml',
  )
}

/** The bundle's program for the thread that downloads; null where the sources are run. */
const downloadProgram = (): string | null => {
  const program = join(dirname(process.argv[1] ?? ''), 'download.js')
  return existsSync(program) ? program : null
}

const githubOf = (context: RunnerContext, token: string, log: ReturnType<typeof jobLog>): OnGitHub | null => {
  const { repository, apiUrl } = context
  if (repository === null || token === '') return null
  const client = githubClient({ token, apiUrl, log })
  return {
    forge: githubForge(client, repository),
    comments: githubComments(client, repository),
    deployments: githubDeployments(client, repository, { serverUrl: context.serverUrl, logUrl: workflowRunUrl(context) }),
    workflowRuns: githubWorkflowRuns(client, repository),
    releases: () =>
      githubReleases(client, repository, {
        onBoundary: (step, moment) => failpoint(`register-${step}`, moment),
        thread: downloadProgram(),
      }),
  }
}

const openLedger = async (
  context: RunnerContext,
  inputs: { readonly token: string; readonly ledger: string | undefined },
): Promise<Ledger> => {
  const { remote, environment } = await ledgerRemote({
    workspace: context.workspace,
    serverUrl: context.serverUrl,
    repository: context.repository,
    token: inputs.token === '' ? null : inputs.token,
    override: inputs.ledger ?? null,
  })
  return gitLedger({
    remote,
    environment,
    writer: {
      actor: context.actor,
      workflow_run: context.runId,
      workflow: context.workflowRef,
      commit: context.commit,
    },
    clock: systemClock,
    random: Math.random,
    release,
    again: context.again,
    deadlineSeconds: ledgerDeadlineSeconds,
    onBoundary: failpoint,
    temp: context.temp,
  })
}
