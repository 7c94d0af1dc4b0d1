import type { Stamp } from '../../lineage/views/chronicle.ts'
import type { ShowDocument } from '../../lineage/views/show.ts'
import type { VersionDocument } from '../../lineage/views/version.ts'
import { plainLine } from '../escape.ts'
import { formatBytes, formatInterval, formatSeconds, formatValue } from '../numbers.ts'
import { factLines, moment, textTable, type Width } from './lines.ts'
import { whoWords } from './log-view.ts'
import { reportedWords } from './runs-view.ts'

const stampWords = (stamp: Stamp): string => `${moment(stamp.at)}, seq ${stamp.seq}, ${whoWords(stamp)}`

const spanWords = ({ since, until }: { readonly since: Stamp; readonly until: Stamp | null }): string =>
  until === null
    ? `since ${moment(since.at)} (seq ${since.seq})`
    : `from ${moment(since.at)} to ${moment(until.at)} (seq ${since.seq} to ${until.seq})`

const section = (title: string, lines: readonly string[]): readonly string[] => (lines.length === 0 ? [] : ['', title, ...lines])
const indented = (lines: readonly string[]): readonly string[] => lines.map(line => `  ${line}`.trimEnd())

const value = (parameter: unknown): string =>
  plainLine(typeof parameter === 'string' ? parameter : (JSON.stringify(parameter) ?? 'null'), 500)

const metricLines = ({ metrics }: VersionDocument, width: Width): readonly string[] =>
  metrics.length === 0
    ? []
    : indented(
        textTable(
          [{ title: 'metric', least: 12 }, { title: 'value', side: 'right' }, { title: 'interval' }],
          metrics.map(metric => [
            plainLine(metric.name, 200),
            metric.value === null ? 'undefined' : formatValue(metric.value),
            formatInterval(metric).trim(),
          ]),
          width === null ? null : width - 2,
        ),
      )

const fileLines = (files: readonly { readonly path: string; readonly bytes: number; readonly sha256: string }[], width: Width) =>
  indented(
    textTable(
      [{ title: 'file', least: 16 }, { title: 'size', side: 'right' }, { title: 'SHA-256' }],
      files.map(file => [plainLine(file.path, 500), formatBytes(file.bytes), file.sha256]),
      width === null ? null : width - 2,
    ),
  )

const judged = (version: VersionDocument): string => {
  const against = version.judged_against === null ? 'compared with no champion' : `against champion v${version.judged_against}`
  return `verdict ${version.verdict}, decision ${version.decision}, ${against}`
}

const holdoutWords = ({ holdout, holdout_decided_before: before }: VersionDocument): string | null => {
  if (holdout === null) return null
  return before === null ? holdout : `${holdout}, had decided ${before === 1 ? 'once' : `${before} times`} before`
}

const filesWords = ({ files }: VersionDocument): string | null => {
  if (files === null) return null
  const words = { pinned: 'pinned', marked: 'marked for deletion', deleted: 'DELETED' }[files.state]
  return `${words} ${spanWords({ since: files.since, until: null })}${files.reason === null ? '' : `: ${plainLine(files.reason)}`}`
}

const versionLines = (model: string, version: VersionDocument, width: Width): readonly string[] => {
  const { lineage, trained } = version
  return [
    `${model} v${version.version}${version.aliases.length === 0 ? '' : `  (${version.aliases.join(', ')})`}`,
    ...factLines([
      [
        'quarantined',
        version.quarantine === null ? null : `${plainLine(version.quarantine.reason)} (${stampWords(version.quarantine.since)})`,
      ],
      ['judged', judged(version)],
      [
        'overridden',
        version.override === null ? null : `by ${plainLine(version.override.actor, 100)}: ${plainLine(version.override.reason)}`,
      ],
      ['registered', stampWords(version.registered)],
      ['run', `${version.run}, trained ${moment(trained.at)} in ${formatSeconds(trained.seconds)}, ${whoWords(trained)}`],
      ['reproduced', version.reproduced === null ? null : version.reproduced ? 'yes, the saved model gives its predictions again' : 'NO'],
      ['pull request', version.pull_request === null ? null : `#${version.pull_request}`],
      ['image', version.image === null ? null : plainLine(version.image, 500)],
      ['release', plainLine(version.tag, 300)],
      ['manifest', `${version.digest}, ${formatBytes(version.bytes)} of model files`],
      ['files', filesWords(version)],
      ['rules', version.policy],
      ['holdout', holdoutWords(version)],
      ['seen again', version.seen_again.length === 0 ? null : version.seen_again.map(({ run }) => plainLine(run, 60)).join(', ')],
    ]),
    ...section('Metrics', metricLines(version, width)),
    ...section('Live', [
      ...version.live.map(span => `  ${span.environment}, slot ${span.slot}, by ${span.by}, ${spanWords(span)}`),
      ...version.champion.map(span => `  champion ${spanWords(span)}`),
      ...(version.rollouts.length === 0 ? [] : [`  rollouts: ${version.rollouts.join(', ')}`]),
    ]),
    ...section(
      'Made from',
      factLines([
        ['repository', lineage.repository === null ? null : plainLine(lineage.repository, 200)],
        ['commit', lineage.commit === null ? null : plainLine(lineage.commit, 64)],
        ['code', lineage.code],
        ['parent run', lineage.parent === null ? null : plainLine(lineage.parent, 100)],
        ...Object.entries(lineage.params).map(([name, parameter]) => [`param ${plainLine(name, 100)}`, value(parameter)] as const),
        ...Object.entries(lineage.environment).map(([name, text]) => [plainLine(name, 100), plainLine(text, 200)] as const),
      ]),
    ),
    ...section('Data', lineage.data.length === 0 ? [] : fileLines(lineage.data, width)),
    ...section('Assets of the release', fileLines(version.assets, width)),
  ]
}

const runLines = (model: string, run: NonNullable<ShowDocument['run']>): readonly string[] => {
  const { record } = run
  const became =
    run.outcome === 'kept' ? `kept out, verdict ${run.verdict}: ${plainLine(run.reason ?? '')}` : 'no version; no decision was made on it'
  return [
    `${model} run ${run.run}`,
    ...factLines([
      ['became', became],
      ['trained', record === null ? null : `${moment(plainLine(record.at, 30))}, ${whoWords(record)}`],
      ['event', record?.event == null ? null : plainLine(record.event, 60)],
      ['job', record?.job == null ? null : plainLine(record.job, 100)],
      ['commit', record?.commit == null ? null : plainLine(record.commit, 64)],
      ['pull request', record?.pull_request == null ? null : `#${record.pull_request}`],
      ['input', record?.input == null ? null : plainLine(record.input, 64)],
    ]),
    ...section(
      'Metrics, as the script reported them',
      factLines(Object.entries(record?.metrics ?? {}).map(([name, metric]) => [plainLine(name, 100), reportedWords(metric)])),
    ),
  ]
}

const rolloutLines = (model: string, rollout: NonNullable<ShowDocument['rollout']>): readonly string[] => [
  `${model} rollout ${rollout.rollout}: v${rollout.version} in ${rollout.environment}`,
  ...factLines([
    ['live then', rollout.from === null ? 'nothing' : `v${rollout.from}`],
    ['slot', rollout.canary],
    ['steps', `${rollout.steps.join(', ')} %`],
    ['started', stampWords(rollout.started)],
    ['looks', String(rollout.looks)],
    ['last look', rollout.judgement === null ? null : plainLine(rollout.judgement, 400)],
    ['end', rollout.end === null ? 'under way' : `${rollout.end.decision}: ${plainLine(rollout.end.reason)}`],
    ['ended', rollout.end === null ? null : stampWords(rollout.end.at)],
  ]),
  ...section(
    'Weights, as confirmed',
    rollout.weights.map(({ percent, at }) => `  ${moment(at.at)}  ${percent} %  (seq ${at.seq})`),
  ),
]

/** All that is known of a version, a run or a rollout, as lines. */
export const showLines = ({ model, version, run, rollout }: ShowDocument, width: Width): readonly string[] => {
  if (version !== null) return versionLines(model, version, width)
  if (run !== null) return runLines(model, run)
  return rollout === null ? [] : rolloutLines(model, rollout)
}
