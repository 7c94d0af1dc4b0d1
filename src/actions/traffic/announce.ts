import type { VersionRecord } from '../../core/lineage/events.ts'
import { incidentMarker, toldMarker } from '../../core/report/marker.ts'
import { type RolloutStory, renderRolloutComment, renderRolloutIncident, rolloutMarker } from '../../core/report/rollout.ts'
import { type Boundary, type Failpoint, within } from '../../kernel/failpoint.ts'
import type { Deployments, Forge } from '../../ports/forge.ts'
import type { Comments, Log, Summary } from '../../ports/report.ts'
import { messageOf } from './moving.ts'

/** Where people are told. Nothing is decided from any of it, so what fails here is a warning and never changes the outcome. */
export interface AnnouncePorts {
  readonly forge: Pick<Forge, 'incident' | 'pullRequestOf'>
  readonly comments: Comments
  readonly summary: Summary
  readonly log: Log
  readonly boundary: Failpoint
}

const attempt = async <T>(
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
const pullRequestOf = async (ports: AnnouncePorts, version: VersionRecord | null): Promise<number | null> =>
  version === null ? null : (version.pull_request ?? (version.commit === null ? null : await ports.forge.pullRequestOf(version.commit)))

/**
 * Job summary, incident issue where harm was done, and a comment on the pull request that brought the version. `incident` names the rollout or rollback, the
 * same for every attempt at it; null where no harm was done. Returns the issue's URL or ''.
 */
export const announce = async (
  ports: AnnouncePorts,
  story: RolloutStory,
  version: VersionRecord | null,
  options: { readonly incident: string | null; readonly comment: boolean },
): Promise<string> => {
  const { log } = ports
  let issue = ''
  await attempt(ports, 'announce-summary', 'writing the job summary', () => ports.summary.write(renderRolloutComment(story)))
  const { incident } = options
  if (incident !== null) {
    const marker = incidentMarker(story.model, story.environment)
    const { title, body } = renderRolloutIncident(story)
    const opened = await attempt(ports, 'announce-incident', 'opening the incident issue', () =>
      ports.forge.incident(marker, toldMarker(incident), title, body),
    )
    if (opened && 'url' in opened) issue = opened.url
    else if (opened) log.warning(`no incident issue: ${opened.denied}`)
  }
  if (!options.comment) return issue
  await attempt(ports, 'announce-comment', 'commenting on the pull request', async () => {
    const pullRequest = await pullRequestOf(ports, version)
    if (pullRequest === null) return log.info('no pull request brought this version, so none is commented on')
    const comment = await ports.comments.upsert(pullRequest, rolloutMarker(story), renderRolloutComment(story))
    if ('denied' in comment) log.warning(`no comment on pull request ${pullRequest}: ${comment.denied}`)
  })
  return issue
}

/** The deployment on GitHub that mirrors a rollout; every call may fail without consequence. */
export const mirror = async (
  ports: { readonly deployments: Deployments; readonly log: Log; readonly boundary: Failpoint },
  rollout: { readonly environment: string; readonly key: string; readonly commit: string | null; readonly description: string },
) => {
  const begun =
    rollout.commit === null
      ? null
      : await attempt(ports, 'announce-deployment', 'writing the deployment on GitHub', () =>
          ports.deployments.begin(rollout.environment, rollout.key, rollout.commit ?? '', rollout.description),
        )
  const tell = (status: Parameters<Deployments['status']>[1], description: string) =>
    begun
      ? attempt(ports, 'announce-status', 'writing a deployment status', () => ports.deployments.status(begun.id, status, description))
      : Promise.resolve(null)
  return {
    url: begun?.url ?? '',
    progress: (description: string) => tell('in_progress', description),
    live: async (description: string) => {
      await tell('success', description)
      if (begun)
        await attempt(ports, 'announce-retired', 'retiring older deployments', () =>
          ports.deployments.supersede(rollout.environment, begun.id),
        )
    },
    failed: (description: string) => tell('failure', description),
    withdrawn: (description: string) => tell('inactive', description),
  }
}
