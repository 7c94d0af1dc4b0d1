import { escapeMarkdown } from './escape.ts'
import { commentMarker, incidentMarker } from './marker.ts'

/** How a rollout or a rollback ended, for people. */
export interface RolloutStory {
  readonly model: string
  readonly environment: string
  /** The version it is about: the one that was tried, or the one that was left. */
  readonly version: number
  /** What has the traffic now. */
  readonly live: number | null
  readonly decision: 'promoted' | 'rolled-back' | 'withdrawn'
  /** In words with numbers; may hold text that somebody typed. */
  readonly reason: string
  readonly quarantined: boolean
  readonly deploymentUrl: string
}

const named = (version: number | null): string => (version === null ? 'nothing' : `v${version}`)

/** The hidden marker of the one comment about a version in an environment. */
export const rolloutMarker = ({ model, environment, version }: RolloutStory): string => commentMarker(model, `${environment} v${version}`)

const headline = (story: RolloutStory): string => {
  const { model, environment, version } = story
  if (story.decision === 'promoted') return `✅ ${model} v${version} is live in ${environment}`
  if (story.decision === 'withdrawn') return `⚠️ ${model} v${version} is held: not proven in ${environment}, not quarantined`
  return `❌ ${model} v${version} was rolled back in ${environment}${story.quarantined ? ' and quarantined' : ''}`
}

/** The comment on the pull request that brought the version, and the job summary. */
export const renderRolloutComment = (story: RolloutStory): string =>
  [
    rolloutMarker(story),
    `### ${headline(story)}`,
    '',
    `${escapeMarkdown(story.reason)}`,
    '',
    `Live in ${story.environment}: **${named(story.live)}**${/^https?:\/\/[\w.:/%-]+$/.test(story.deploymentUrl) ? ` · [deployment](${story.deploymentUrl})` : ''}`,
    '',
  ].join('\n')

/** Title and body of the incident issue. */
export const renderRolloutIncident = (story: RolloutStory): { readonly title: string; readonly body: string } => ({
  title: `${story.model} v${story.version} was rolled back in ${story.environment}`,
  body: [
    incidentMarker(story.model, story.environment),
    `**${headline(story)}**`,
    '',
    `Why: ${escapeMarkdown(story.reason)}`,
    '',
    `All traffic is on **${named(story.live)}**. ${story.quarantined ? `v${story.version} is quarantined: it may not go live again; register a corrected version.` : `v${story.version} is not quarantined.`}`,
    '',
    `The ledger of ${story.model} holds every step with its evidence: \`git fetch origin refs/refline/models/${story.model}/decisions && git log FETCH_HEAD\``,
    '',
  ].join('\n'),
})
