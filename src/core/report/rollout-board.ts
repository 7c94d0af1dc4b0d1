import { bar, evidence } from '../rollout/words.ts'
import { code, escapeMarkdown } from './escape.ts'
import { plainLink } from './link.ts'
import type { Bars } from './rollout-chart.ts'
import { chartSection, evidenceLegend, looksTable, moment, signalTable } from './rollout-evidence.ts'
import { proofOf, type RolloutTick } from './rollout-tick.ts'

/** Who drives a rollout: the workflow run that holds its lease, and when it last said so, in seconds since 1970. */
export interface LeaseHolder {
  readonly workflowRun: string | null
  readonly url: string | null
  readonly heartbeat: number | null
}

/** A rollout under way, as it stands at its newest look. Words are plain text, escaped here. */
export interface RolloutBoard {
  readonly model: string
  readonly environment: string
  readonly version: number
  /** The version that is live; null where nothing is. */
  readonly from: number | null
  /** Share of traffic of the canary, in percent. */
  readonly percent: number
  /** Each step of the plan in words, such as `5 %`, `pause of 10 min` or `approval within 24 h`; `at` is the one it is at, -1 before the first. */
  readonly plan: { readonly steps: readonly string[]; readonly at: number }
  readonly bars: Bars
  /** All looks so far, oldest first. */
  readonly ticks: readonly RolloutTick[]
  /** What it waits for where that is more than the newest look says: a pause, an approval. */
  readonly waiting: string | null
  readonly holder: LeaseHolder | null
  readonly deploymentUrl: string
}

const verdictSoFar = (tick: RolloutTick | undefined): string => {
  if (tick === undefined) return 'nothing was judged yet'
  if (tick.verdict === 'rollback') return 'harm is proven, it is rolled back'
  if (tick.verdict === 'promote') return 'proven acceptable at this step'
  return tick.signals === undefined ? 'held' : 'not decided yet'
}

const sign = (tick: RolloutTick | undefined): string => {
  if (tick?.verdict === 'rollback') return '❌'
  return tick !== undefined && tick.signals === undefined ? '⚠️' : '⏳'
}

const planWords = ({ plan, percent }: RolloutBoard): string => {
  const words = plan.steps.map((step, index) => {
    const escaped = escapeMarkdown(step, 80)
    if (index === plan.at) return `**${escaped}**`
    return index < plan.at ? `✓ ${escaped}` : escaped
  })
  return `Plan: ${[...words, percent === 100 ? '**100 %**' : '100 %'].join(' → ')}`
}

const holderWords = ({ workflowRun, url, heartbeat }: LeaseHolder): string => {
  const run = workflowRun === null ? 'a run outside of GitHub' : `workflow run ${escapeMarkdown(workflowRun, 60)}`
  const linked = plainLink(run, url) ?? run
  return `Driven by ${linked}${heartbeat === null ? '' : `, which last said so at ${moment(heartbeat)}`}.`
}

/** The live report of a rollout under way, as Markdown for the job summary: at most the last 60 looks, whatever it has seen. */
export const renderRolloutBoard = (board: RolloutBoard): string => {
  const { ticks, bars, holder } = board
  const newest = ticks.at(-1)
  const live = board.from === null ? 'nothing is live' : `live is v${board.from}`
  const waiting = board.waiting ?? newest?.followed.replace(/^(wait|hold): /, '') ?? null
  return [
    `### ${sign(newest)} ${escapeMarkdown(board.model, 60)} v${board.version} in ${escapeMarkdown(board.environment, 60)}: ${board.percent} % of the traffic, ${verdictSoFar(newest)}`,
    [
      `${planWords(board)} (${live})`,
      waiting === null ? null : `Now: ${escapeMarkdown(waiting, 400)}`,
      holder === null ? null : holderWords(holder),
    ]
      .filter(line => line !== null)
      .join('<br>\n'),
    signalTable(ticks, bars),
    chartSection(ticks, bars),
    ticks.length === 0 ? null : `${looksTable(ticks, bars)}\n\n${evidenceLegend}`,
    `<sub>${[plainLink('deployment', board.deploymentUrl), `recorded in the ledger: ${code(`git log refs/refline/models/${board.model}/decisions`)}`].filter(text => text !== null).join(' · ')}</sub>`,
  ]
    .filter(text => text !== null)
    .join('\n\n')
}

/** A rollout's status on its deployment in at most a line: the share of traffic, and how far the proof is or why it is held. */
export const statusWords = (tick: RolloutTick, bars: Bars, waiting: string | null = null): string => {
  const share = `${tick.percent} % of the traffic`
  if (waiting !== null) return `${share}, ${waiting}`
  if (tick.verdict === 'rollback') return `${share}, harm ${evidence(tick.harm ?? 0)} of ${bar(bars.alpha)}: it is rolled back`
  const proof = proofOf(tick)
  if (tick.signals === undefined || proof === null) return `${share}, ${tick.followed}`
  return `${share}, proof ${evidence(proof)} of ${bar(bars.beta)}`
}
