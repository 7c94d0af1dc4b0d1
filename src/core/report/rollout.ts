import { code, escapeMarkdown } from './escape.ts'
import { plainLink } from './link.ts'
import { incidentMarker } from './marker.ts'
import { table } from './table.ts'

/** One look at a canary: its share of traffic in percent, the judge's words about the signals, and what followed. Plain text. */
export interface RolloutTick {
  readonly percent: number
  readonly evidence: string
  readonly followed: string
}

/** How a rollout or a rollback ended, as far as people are told. Everything but names is plain text, escaped here. */
export interface RolloutStory {
  readonly model: string
  readonly environment: string
  readonly version: number
  /** What is live now; null where nothing is. */
  readonly live: number | null
  readonly decision: 'promoted' | 'rolled-back' | 'withdrawn'
  readonly reason: string
  readonly quarantined: boolean
  /** The version that was live before a promoted one; absent or null where it was the first. */
  readonly previous?: number | null
  readonly deploymentUrl: string
  readonly ticks?: readonly RolloutTick[]
}

const traffic = (live: number | null): string => (live === null ? 'nothing is live' : `all traffic is on v${live}`)

const sentence = ({ model, environment, version, live, decision, quarantined }: RolloutStory): string => {
  const where = escapeMarkdown(environment, 60)
  const what = `${escapeMarkdown(model, 60)} v${version}`
  if (decision === 'promoted') return `✅ ${what} is live in ${where}`
  if (decision === 'rolled-back')
    return `❌ ${what} was rolled back in ${where}${quarantined ? ' and is quarantined' : ''}: ${traffic(live)}`
  return `⚠️ ${what} was withdrawn from ${where} undecided: ${traffic(live)}`
}

const next = ({ decision, quarantined, version, previous }: RolloutStory): string | null => {
  if (decision === 'promoted')
    return previous == null ? null : `v${previous} stays up in the other slot, so a rollback is one change of weight.`
  if (decision === 'withdrawn') return 'It is not quarantined: run the job again to try it again.'
  return quarantined ? `v${version} may not go live again while it is quarantined.` : null
}

const ticksShown = 100

const legend =
  '<sub>harm: evidence that the canary is worse than the stable version; at its bar it is rolled back · proof: evidence that it is acceptable; at its bar it goes a step up</sub>'

const evidence = (ticks: readonly RolloutTick[]): string | null => {
  if (ticks.length === 0) return null
  const shown = ticks.slice(-ticksShown)
  const rows = shown.map(tick => [`${tick.percent} %`, escapeMarkdown(tick.evidence, 600), escapeMarkdown(tick.followed, 300)])
  const earlier = ticks.length > shown.length ? `\n\n${ticks.length - shown.length} earlier looks are in the ledger only.` : ''
  return `${table(['canary', 'evidence', 'then'], ['right', 'left', 'left'], rows)}${earlier}\n\n${legend}`
}

/** The hidden marker of what is said about a model in an environment. */
export const rolloutMarker = (story: Pick<RolloutStory, 'model' | 'environment'>): string => incidentMarker(story.model, story.environment)

/** How it ended, as a comment on the pull request that brought the version and as the job summary: the decision in words, why, the evidence. */
export const renderRolloutComment = (story: RolloutStory): string =>
  [
    `### ${sentence(story)}`,
    `Why: ${escapeMarkdown(story.reason)}`,
    evidence(story.ticks ?? []),
    next(story),
    `<sub>${[plainLink('deployment', story.deploymentUrl), `recorded in the ledger: ${code(`git log refs/refline/models/${story.model}/decisions`)}`].filter(text => text !== null).join(' · ')}</sub>`,
  ]
    .filter(text => text !== null)
    .join('\n\n')

/** The incident issue of a version that did harm or was taken back. The title is plain text, which GitHub does not render. */
export const renderRolloutIncident = (story: RolloutStory): { readonly title: string; readonly body: string } => ({
  title: `${story.model} v${story.version} was rolled back in ${story.environment}`,
  body: [
    `${sentence(story)}.`,
    `Why: ${escapeMarkdown(story.reason)}`,
    evidence(story.ticks ?? []),
    next(story),
    'Close this issue when the cause is understood; as long as it is open, further rollbacks are added here as comments.',
    plainLink('deployment', story.deploymentUrl),
  ]
    .filter(text => text !== null)
    .join('\n\n'),
})
