import type { VersionRecord } from '../../core/lineage/events.ts'
import { incidentMarker, toldMarker } from '../../core/report/marker.ts'
import { type RolloutStory, renderRolloutComment, renderRolloutIncident, rolloutMarker } from '../../core/report/rollout.ts'
import { type Boundary, type Failpoint, within } from '../../kernel/failpoint.ts'
import type { DeploymentStatus, Deployments, Forge } from '../../ports/forge.ts'
import type { Comments, LiveSummary, Log } from '../../ports/report.ts'
import { messageOf } from './moving.ts'

/** Where people are told. Nothing is decided from any of it, so what fails here is a warning and never changes the outcome. */
export interface AnnouncePorts {
  readonly forge: Pick<Forge, 'incident' | 'pullRequestOf'>
  readonly comments: Comments
  readonly summary: LiveSummary
  readonly log: Log
  readonly boundary: Failpoint
  /** The page of the workflow run that tells; null or absent outside of one. */
  readonly runUrl?: string | null
}

/** Does one thing that nothing depends on: what fails is a warning, and then the answer is null. */
export const attempt = async <T>(
  ports: { readonly log: Log; readonly boundary: Failpoint },
  step: Boundary,
  what: string,
  work: () => Promise<T>,
): Promise<T | null> => {
  try {
    return await within(ports.boundary, step, work)
  } catch (error) {
    ports.log.warning(`${what} did not work: ${messageOf(error)}`)
    return null
  }
}

/** The pull request that brought a version: recorded with it, else the merged one of its commit. */
export const pullRequestOf = async (ports: Pick<AnnouncePorts, 'forge'>, version: VersionRecord | null): Promise<number | null> =>
  version === null ? null : (version.pull_request ?? (version.commit === null ? null : await ports.forge.pullRequestOf(version.commit)))

/**
 * Job summary, incident issue where harm was done, and a comment on the pull request that brought the version. `incident` names the rollout or rollback, the
 * same for every attempt at it; null where no harm was done. Returns the issue's URL or ''.
 */
export const announce = async (
  ports: AnnouncePorts,
  told: RolloutStory,
  version: VersionRecord | null,
  options: { readonly incident: string | null; readonly comment: boolean },
): Promise<string> => {
  const { log } = ports
  const { incident } = options
  let story: RolloutStory = { runUrl: ports.runUrl ?? null, ...told }
  await attempt(ports, 'announce-summary', 'writing the job summary', () => ports.summary.rewrite(renderRolloutComment(story)))
  if (incident === null && !options.comment) return ''
  let pullRequest: number | null = null
  try {
    pullRequest = await pullRequestOf(ports, version)
  } catch (error) {
    log.warning(`the pull request that brought this version was not found: ${messageOf(error)}`)
  }
  story = { ...story, pullRequest }
  if (incident !== null) {
    const marker = incidentMarker(story.model, story.environment)
    const { title, body } = renderRolloutIncident(story)
    const opened = await attempt(ports, 'announce-incident', 'opening the incident issue', () =>
      ports.forge.incident(marker, toldMarker(incident), title, body),
    )
    if (opened && 'url' in opened) story = { ...story, issueUrl: opened.url }
    else if (opened) log.warning(`no incident issue: ${opened.denied}`)
  }
  if (!options.comment) return story.issueUrl ?? ''
  await attempt(ports, 'announce-comment', 'commenting on the pull request', async () => {
    if (pullRequest === null) return log.info('no pull request brought this version, so none is commented on')
    const comment = await ports.comments.upsert(pullRequest, rolloutMarker(story), renderRolloutComment(story))
    if ('denied' in comment) log.warning(`no comment on pull request ${pullRequest}: ${comment.denied}`)
  })
  return story.issueUrl ?? ''
}

/** The page where people see an environment: `environments.<name>.url` with the model and version filled in; null where there is none or it is no web page. */
export const environmentUrl = (url: string | undefined, values: { readonly model: string; readonly version: number }): string | null => {
  const filled = url?.replaceAll('${model}', values.model).replaceAll('${version}', String(values.version))
  return filled !== undefined && /^https?:\/\/\S+$/.test(filled) ? filled : null
}

/** A deployment on GitHub, as far as it could be written. Each verb says whether it was told; nothing depends on it. */
export interface Mirrored {
  readonly url: string
  /** Begun, and no traffic was moved yet. */
  readonly queued: (description: string) => Promise<boolean>
  readonly progress: (description: string) => Promise<boolean>
  /** Live: every other deployment of this environment is superseded. */
  readonly live: (description: string) => Promise<boolean>
  /** Rolled back. */
  readonly failed: (description: string) => Promise<boolean>
  /** It could not be deployed, so no traffic was moved. */
  readonly broken: (description: string) => Promise<boolean>
  readonly withdrawn: (description: string) => Promise<boolean>
  /** Whether its newest status says how it ended, so that nothing is left to be told; true as well where nobody can be asked. */
  readonly isTold: () => Promise<boolean>
}

/** The deployment on GitHub that mirrors a rollout; every call may fail without consequence. `page` is where people see the environment. */
export const mirror = async (
  ports: { readonly deployments: Deployments; readonly log: Log; readonly boundary: Failpoint },
  rollout: {
    readonly environment: string
    readonly key: string
    readonly commit: string | null
    readonly description: string
    readonly page?: string | null
  },
): Promise<Mirrored> => {
  const begun =
    rollout.commit === null
      ? null
      : await attempt(ports, 'announce-deployment', 'writing the deployment on GitHub', () =>
          ports.deployments.begin(rollout.environment, rollout.key, rollout.commit ?? '', rollout.description),
        )
  const tell = (status: DeploymentStatus) => async (description: string) => {
    if (!begun) return false
    const told = await attempt(ports, 'announce-status', 'writing a deployment status', async () => {
      await ports.deployments.status(begun.id, status, description, rollout.page ?? null)
      return true
    })
    return told === true
  }
  return {
    url: begun?.url ?? '',
    queued: tell('queued'),
    progress: tell('in_progress'),
    // The last word comes last: who finds it there knows that the older ones are retired.
    live: async description => {
      if (begun)
        await attempt(ports, 'announce-retired', 'retiring older deployments', () =>
          ports.deployments.supersede(rollout.environment, begun.id),
        )
      return tell('success')(description)
    },
    failed: tell('failure'),
    broken: tell('error'),
    withdrawn: tell('inactive'),
    isTold: async () => {
      if (!begun) return true
      try {
        return await ports.deployments.isOver(begun.id)
      } catch (error) {
        ports.log.warning(`reading the deployment on GitHub did not work: ${messageOf(error)}`)
        return true
      }
    },
  }
}
