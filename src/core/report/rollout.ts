import { code, escapeMarkdown } from './escape.ts'
import { plainLink } from './link.ts'
import { incidentMarker } from './marker.ts'
import type { Bars } from './rollout-chart.ts'
import { evidenceSection } from './rollout-evidence.ts'
import type { RolloutTick } from './rollout-tick.ts'

export type { RolloutTick } from './rollout-tick.ts'

/** How a rollout or a rollback ended, as far as people are told. Everything but names is plain text, escaped here. */
export interface RolloutStory {
  readonly model: string
  readonly environment: string
  readonly version: number
  /** What is live now; null where nothing is. */
  readonly live: number | null
  /** `left`: undecided, and the canary keeps its share for another runner to go on with. */
  readonly decision: 'promoted' | 'rolled-back' | 'withdrawn' | 'left'
  readonly reason: string
  readonly quarantined: boolean
  /** The version that was live before a promoted one; absent or null where it was the first. */
  readonly previous?: number | null
  readonly deploymentUrl: string
  readonly ticks?: readonly RolloutTick[]
  /** The looks are those at its rollout, which did not decide this: a person did. */
  readonly earlier?: boolean
  /** The bars that the evidence had to reach; absent where nothing was judged. */
  readonly bars?: Bars | undefined
  /** The workflow run that did it. */
  readonly runUrl?: string | null
  /** The pull request that brought the version, where it is known. */
  readonly pullRequest?: number | null
  /** The incident issue, for what is said elsewhere; '' where there is none. */
  readonly issueUrl?: string
}

const traffic = (live: number | null): string => (live === null ? 'nothing is live' : `all traffic is on v${live}`)

const sentence = ({ model, environment, version, live, decision, quarantined }: RolloutStory): string => {
  const where = escapeMarkdown(environment, 60)
  const what = `${escapeMarkdown(model, 60)} v${version}`
  if (decision === 'promoted') return `✅ ${what} is live in ${where}`
  if (decision === 'rolled-back')
    return `❌ ${what} was rolled back in ${where}${quarantined ? ' and is quarantined' : ''}: ${traffic(live)}`
  if (decision === 'left')
    return `⏸️ ${what} is held in ${where} at its share of the traffic; live is ${live === null ? 'nothing' : `v${live}`}`
  return `⚠️ ${what} was withdrawn from ${where} undecided: ${traffic(live)}`
}

const next = ({ decision, quarantined, version, previous }: RolloutStory): string | null => {
  if (decision === 'promoted')
    return previous == null ? null : `v${previous} stays up in the other slot, so a rollback is one change of weight.`
  if (decision === 'left')
    return 'The watchdog workflow goes on with it, or its job when it is run again; the rollback workflow gives the traffic back.'
  if (decision === 'withdrawn') return 'It is not quarantined: run the job again to try it again.'
  return quarantined ? `v${version} may not go live again while it is quarantined.` : null
}

const evidenceOf = ({ ticks = [], bars, earlier = false, version }: RolloutStory): string | null => {
  const section = evidenceSection(ticks, bars)
  return section === null || !earlier ? section : `A person decided this. When v${version} was rolled out, it was judged so:\n\n${section}`
}

const links = ({ deploymentUrl, runUrl = null, issueUrl = '' }: RolloutStory): readonly string[] =>
  [plainLink('incident', issueUrl), plainLink('workflow run', runUrl), plainLink('deployment', deploymentUrl)].filter(text => text !== null)

/** The hidden marker of what is said about a model in an environment. */
export const rolloutMarker = (story: Pick<RolloutStory, 'model' | 'environment'>): string => incidentMarker(story.model, story.environment)

/** How it ended, as a comment on the pull request that brought the version and as the job summary: the decision in words, why, the evidence. */
export const renderRolloutComment = (story: RolloutStory): string =>
  [
    `### ${sentence(story)}`,
    `Why: ${escapeMarkdown(story.reason)}`,
    evidenceOf(story),
    next(story),
    `<sub>${[...links(story), `recorded in the ledger: ${code(`git log refs/refline/models/${story.model}/decisions`)}`].join(' · ')}</sub>`,
  ]
    .filter(text => text !== null)
    .join('\n\n')

/** What may be done about a version that was taken back: first how to go on, then how to undo the quarantine. */
const afterwards = ({ version, quarantined, live, model }: RolloutStory): string => {
  const forward = `Roll forward: merge the correction. It becomes a new version, is compared with ${live === null ? 'what is live then' : `v${live}`} and starts a canary of its own.`
  const release = `Release the quarantine, if v${version} was not to blame: run the workflow *model approve* with ${code(`release: ${version}`)}, or ${code(`refline release v${version} --model ${model} --reason "..."`)}. Then run its release job again.`
  const again = `v${version} is not quarantined: run its release job again to try it again.`
  return ['#### What now', ...[forward, quarantined ? release : again].map(line => `- ${line}`)].join('\n')
}

/** The incident issue of a version that did harm or was taken back. The title is plain text, which GitHub does not render. */
export const renderRolloutIncident = (story: RolloutStory): { readonly title: string; readonly body: string } => ({
  title: `${story.model} v${story.version} was rolled back in ${story.environment}`,
  body: [
    `${sentence(story)}.`,
    `Why: ${escapeMarkdown(story.reason)}`,
    story.pullRequest == null ? null : `The version came with pull request #${story.pullRequest}.`,
    evidenceOf(story),
    next(story),
    afterwards(story),
    'Close this issue when the cause is understood; as long as it is open, further rollbacks are added here as comments.',
    links(story).join(' · ') || null,
  ]
    .filter(text => text !== null)
    .join('\n\n'),
})
