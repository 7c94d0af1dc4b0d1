import type { EventOf, LedgerEvent } from '../../lineage/events.ts'
import { plainLine } from '../escape.ts'
import { formatCount, formatInterval, formatValue } from '../numbers.ts'

const longest = 400

const words = (text: string): string => plainLine(text, longest)
const versions = (from: number | null, to: number): string => (from === null ? `v${to}` : `v${from} → v${to}`)

const against = (champion: number | null): string => (champion === null ? ', compared with no champion' : ` against champion v${champion}`)

/** The first metrics of a version with their intervals: `roc_auc 0.9288 [0.9229, 0.9348]`. */
const figures = (metrics: EventOf<'register'>['version']['metrics'], most = 2): string =>
  metrics
    .filter(({ value }) => value !== null)
    .slice(0, most)
    .map(metric => `${plainLine(metric.name, 60)} ${formatValue(metric.value as number)}${formatInterval(metric)}`)
    .join(', ')

const registered = ({ version, verdict, decision, champion, override }: EventOf<'register'>): string => {
  const shown = figures(version.metrics)
  const overridden = override === null ? '' : `, overridden by ${plainLine(override.actor, 60)}: ${words(override.reason)}`
  return `register v${version.version} from run ${version.run}: verdict ${verdict}, decision ${decision}${against(champion)}${overridden}${shown === '' ? '' : `; ${shown}`}`
}

const percent = (value: number): string => `${Number(value.toFixed(3))} %`

/**
 * An event of the ledger in words with its numbers, one line of plain text. Text of users is cut at 400 characters and has no control or direction characters
 * left; the caller prints it by way of `harmless`.
 */
export const eventWords = (event: LedgerEvent): string => {
  switch (event.kind) {
    case 'register':
      return registered(event)
    case 'kept':
      return `keep ${event.champion === null ? 'no champion' : `champion v${event.champion}`}: run ${plainLine(event.run, 60)} is not registered, verdict ${event.verdict}, decision ${event.decision}: ${words(event.reason)}`
    case 'seen-again':
      return `v${event.version} seen again: run ${plainLine(event.run, 60)} made the same bytes`
    case 'alias':
      return `alias ${event.alias}: ${versions(event.from, event.to)}`
    case 'package':
      return `package v${event.version}: ${words(event.image)}`
    case 'rollout-start':
      return `roll out v${event.version} in ${event.environment}${event.from === null ? ', nothing is live there' : `, live is v${event.from}`}: canary in slot ${event.canary}, steps ${event.steps.map(step => formatCount(step)).join(', ') || '100'} % (rollout ${event.rollout})`
    case 'weight-intent':
      return `about to set the canary in ${event.environment} from ${percent(event.expecting)} to ${percent(event.percent)} of traffic`
    case 'weight-confirm':
      return `the canary in ${event.environment} has ${percent(event.percent)} of traffic`
    case 'evidence':
      return `look at the canary in ${event.environment}: ${words(event.judgement)}`
    case 'rollout-end':
      return `the rollout in ${event.environment} ends, ${event.decision}: ${words(event.reason)}`
    case 'rollback-intent':
      return `begin rollback in ${event.environment} ${versions(event.from, event.to)}: ${words(event.reason)}`
    case 'rollback-confirm':
      return `rollback in ${event.environment} ${versions(event.from, event.to)}, live in slot ${event.slot}: ${words(event.reason)}`
    case 'quarantine':
      return `quarantine v${event.version}: ${words(event.reason)}`
    case 'heartbeat':
      return `watch the canary in ${event.environment}: ${words(event.judgement)}`
    case 'rollout-taken':
      return `the rollout in ${event.environment} is driven by ${plainLine(event.holder, 100)} from here on${event.from === null ? '' : `, no more by ${plainLine(event.from, 100)}`}`
    case 'rollout-left':
      return `the canary in ${event.environment} is left at its weight: ${words(event.reason)}`
    case 'approve':
      return `approve step ${event.step + 1} of the rollout in ${event.environment}: ${words(event.reason)}`
    case 'release':
      return `release v${event.version} from quarantine: ${words(event.reason)}`
    case 'pin':
      return `pin v${event.version}, its files are kept: ${words(event.reason)}`
    case 'unpin':
      return `unpin v${event.version}: ${words(event.reason)}`
    case 'tombstone':
      return `mark the files of v${event.version} for deletion in 30 days: ${words(event.reason)}`
    case 'collected':
      return `the files of v${event.version} are deleted (release ${plainLine(event.tag, 200)})`
  }
}
