import { gitLedger } from '../../src/adapters/git/ledger.ts'
import { linesOf } from '../../src/adapters/git/run-log.ts'
import { systemClock } from '../../src/adapters/runner/clock.ts'
import type { LedgerEvent } from '../../src/core/lineage/events.ts'
import { git } from '../support/git-fixture.ts'
import type { Scenario } from '../support/scenario.ts'
import { foldOf } from './fold.ts'

const writer = { actor: null, workflow_run: null, workflow: null, commit: null }

/** A decision without what differs between two tellings of one story: times, digests, counts of observations. */
const decisionOf = (event: LedgerEvent): Readonly<Record<string, unknown>> => {
  if (event.kind === 'register')
    return { kind: event.kind, version: event.version.version, run: event.version.run, decision: event.decision, champion: event.champion }
  // An image is another one whenever it is built.
  if (event.kind === 'package') return { kind: event.kind, version: event.version, image: event.image.split('@')[0] }
  const { reason: _reason, rollout: _rollout, judge: _judge, at: _at, holder: _holder, ...rest } = { ...nothing, ...event }
  return rest
}
const nothing = { reason: null, rollout: null, judge: null, at: null, holder: null }

/** How often a canary was looked at, and by whom, depends on when its runner stopped; what was decided does not. */
const isWatching = ({ kind }: LedgerEvent): boolean => ['evidence', 'heartbeat', 'rollout-taken', 'rollout-left'].includes(kind)

/** All records, with the chain checked by the ledger itself. Throws where one request was recorded twice, or an image that is not in the registry. */
const decisionsOf = async (scenario: Scenario): Promise<readonly unknown[]> => {
  const ledger = gitLedger({ remote: scenario.bare, environment: {}, writer, clock: systemClock, random: Math.random, release: 'test' })
  const records = await ledger.records('churn')
  const requests = records.map(record => record.request)
  const twice = requests.filter((request, index) => requests.indexOf(request) !== index)
  if (twice.length > 0) throw new Error(`recorded twice: ${twice.join(', ')}`)
  const images = Object.values(await scenario.images())
  const lost = records
    .flatMap(record => record.events)
    .filter(event => event.kind === 'package' && !images.some(id => event.image.endsWith(id)))
  if (lost.length > 0) throw new Error(`recorded, but no longer in the registry: ${JSON.stringify(lost)}`)
  return records.flatMap(record => record.events.filter(event => !isWatching(event)).map(decisionOf))
}

/** Keys of the log of runs, sorted. */
const runLogOf = async (scenario: Scenario): Promise<readonly string[]> => {
  const log = 'refs/refline/models/churn/runs'
  const commits = (await git(scenario.bare, ['log', '--format=%H', log])).split('\n')
  const records = await Promise.all(commits.map(commit => git(scenario.bare, ['show', `${commit}:record.json`])))
  return records.flatMap(text => linesOf(text, 'churn').map(({ key }) => key)).toSorted()
}

const firstLines = (text: string | null, lines: number): string => (text ?? '').split('\n', lines).join('\n')

/** Everything that a story leaves behind and that must not depend on who died on the way. */
export const endStateOf = async (scenario: Scenario) => {
  const { state } = scenario.repository
  return {
    fold: await foldOf(scenario),
    decisions: await decisionsOf(scenario),
    runs: await runLogOf(scenario),
    releases: [...state.releases.values()].map(({ tag, name, draft, body, assets }) => ({
      tag,
      name,
      draft,
      notes: firstLines(body, 1),
      assets: [...assets.values()].map(asset => `${asset.name} ${asset.state}`).toSorted(),
    })),
    artifacts: [...(await scenario.repository.dump()).artifacts].map(({ name, finalized }) => ({ name, finalized })),
    conversations: [...state.issues.values()].map(issue => ({
      title: issue.title,
      state: issue.state,
      body: firstLines(issue.body, 2),
      comments: scenario.repository.comments(issue.number).map(({ body, login }) => `${login}: ${firstLines(body, 2)}`),
    })),
    deployments: [...state.deployments.values()].map(({ environment, description, statuses }) => ({
      environment,
      description,
      state: statuses.at(-1)?.state ?? null,
    })),
    weights: await scenario.production.state(),
    images: Object.keys(await scenario.images()),
  }
}
