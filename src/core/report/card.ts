import type { Assessment } from '../comparison/assessment.ts'
import { opponentName } from '../comparison/opponent.ts'
import type { VersionRecord } from '../lineage/events.ts'
import type { DigestedFile, RunRecord } from '../lineage/run.ts'
import { bullets } from './bullets.ts'
import type { CommentContext } from './comment-context.ts'
import { holdoutSentence } from './decision-section.ts'
import { code, escapeMarkdown } from './escape.ts'
import { fairnessSection } from './fairness-section.ts'
import { findingsSection } from './findings-section.ts'
import { plainLink } from './link.ts'
import { metricTable } from './metric-table.ts'
import { formatBytes, formatSeconds } from './numbers.ts'
import { registrationWords } from './registration.ts'
import { joinWithin, type Section } from './sections.ts'
import { sliceSection } from './slice-section.ts'
import { table } from './table.ts'

/** `card` of refline.yml: the words that only people can give. */
export interface CardWords {
  readonly intended_use?: string | undefined
  readonly limits?: string | undefined
  readonly licence?: string | undefined
}

/** What a card says of the job that registered its version. Everything else in it stands in the release and in the ledger. */
export type CardContext = Pick<CommentContext, 'version' | 'jobUrl'>

const cardLimit = 100_000

const facts = (pairs: readonly (readonly [string, string | null])[]): string =>
  table(
    ['what', 'value'],
    ['left', 'left'],
    pairs.flatMap(([name, value]) => (value === null ? [] : [[name, value]])),
  )

const value = (parameter: unknown): string =>
  escapeMarkdown(typeof parameter === 'string' ? parameter : (JSON.stringify(parameter) ?? 'null'), 200)

const files = (list: readonly DigestedFile[]): string =>
  table(
    ['file', 'size', 'SHA-256'],
    ['left', 'right', 'left'],
    list.map(file => [code(file.path, 200), formatBytes(file.bytes), code(file.sha256)]),
    300,
  )

const lineage = (run: RunRecord, version: VersionRecord): string => {
  const { lineage } = run
  return facts([
    ['run', code(run.run)],
    ['trained', `${escapeMarkdown(run.created.at, 40)}, in ${formatSeconds(run.seconds)}`],
    ['repository', lineage.repository === null ? null : code(lineage.repository)],
    ['commit', lineage.commit === null ? null : code(lineage.commit)],
    ['registered from commit', version.commit === null || version.commit === lineage.commit ? null : code(version.commit)],
    ['pull request', version.pull_request === null ? null : `#${version.pull_request}`],
    ['code', lineage.code === null ? null : code(lineage.code)],
    ...lineage.data
      .slice(0, 100)
      .map(data => [`data ${code(data.path, 200)}`, `${formatBytes(data.bytes)}, ${code(data.sha256)}`] as const),
    ...Object.entries(lineage.params)
      .slice(0, 100)
      .map(([name, parameter]) => [`param ${code(name, 100)}`, value(parameter)] as const),
    ...Object.entries(lineage.environment)
      .slice(0, 50)
      .map(([name, text]) => [`environment ${code(name, 100)}`, escapeMarkdown(text, 200)] as const),
    ['parent run', lineage.parent === null ? null : code(lineage.parent)],
  ])
}

const judged = (assessment: Assessment): string => {
  const { opponent, rules } = assessment
  const against =
    opponent.kind === 'champion'
      ? `Against ${escapeMarkdown(opponentName(opponent), 80)}.`
      : opponent.kind === 'first'
        ? `First version: ${escapeMarkdown(opponent.proof, 500)}`
        : `The champion could not be compared with: ${escapeMarkdown(opponent.reason, 500)}`
  const override =
    assessment.override === null
      ? []
      : [`**Overridden by ${code(assessment.override.actor, 100)}**: ${escapeMarkdown(assessment.override.reason, 1000)}`]
  return [
    `Verdict **${assessment.verdict}**, decision **${assessment.decision}**: ${escapeMarkdown(assessment.override === null ? registrationWords(assessment) : assessment.headline, 400)}.`,
    ...override,
    `${against} ${holdoutSentence(assessment) ?? ''} Rules: ${escapeMarkdown(rules.from, 200)} (${code(rules.digest)}).`,
    ...[
      findingsSection(assessment),
      assessment.warnings.length === 0 ? null : `Warnings:\n${bullets(assessment.warnings, 30)}`,
      assessment.notes.length === 0 ? null : bullets(assessment.notes, 30),
    ].filter(text => text !== null),
  ].join('\n\n')
}

const prose = (title: string, text: string | undefined): readonly Section[] =>
  text === undefined || text.trim() === ''
    ? []
    : [
        {
          text: `## ${title}\n\n${text
            .split(/\n\s*\n/)
            .map(paragraph => escapeMarkdown(paragraph, 3000))
            .join('\n\n')}`,
          priority: 6,
        },
      ]

const provenance = (assessment: Assessment, version: VersionRecord, run: RunRecord, context: CardContext): string =>
  facts([
    ['model manifest', code(version.digest)],
    ['run record', code(assessment.run_digest)],
    ['predictions as judged', assessment.predictions_digest === null ? null : code(assessment.predictions_digest)],
    ['holdout', assessment.holdout === null ? null : code(assessment.holdout.digest)],
    ['workflow run', run.created.workflow_run === null ? null : code(run.created.workflow_run)],
    ['registered by', plainLink('job', context.jobUrl)],
    ['made with', `refline ${escapeMarkdown(context.version, 40)}`],
  ])

/** The model card of a version, which is the notes of its release: what it is for, how good it is, how it was judged, what it was made from. Under 100,000 characters. */
export const renderCard = (
  assessment: Assessment,
  version: VersionRecord,
  run: RunRecord,
  words: CardWords,
  context: CardContext,
): string => {
  const slices = sliceSection(assessment.slices)
  const fairness = fairnessSection(assessment.fairness)
  const sections: readonly Section[] = [
    { text: `# ${escapeMarkdown(assessment.model, 60)} v${version.version}`, priority: 10 },
    ...prose('Intended use', words.intended_use),
    ...prose('Limits', words.limits),
    { text: `## Metrics\n\n${metricTable(assessment)}`, priority: 9 },
    ...(fairness === null ? [] : [{ text: fairness, priority: 3 }]),
    ...(slices === null ? [] : [{ text: slices, priority: 3 }]),
    { text: `## How it was judged\n\n${judged(assessment)}`, priority: 8 },
    { text: `## Made from\n\n${lineage(run, version)}`, priority: 5 },
    { text: `## Files\n\n${files(run.model_files)}`, priority: 4 },
    { text: `## Assets of this release\n\n${files(version.assets)}`, priority: 2 },
    { text: `## Provenance\n\n${provenance(assessment, version, run, context)}`, priority: 7 },
    ...prose('Licence', words.licence),
  ]
  return joinWithin(sections, cardLimit, 'This card was too long and is cut; the assets of this release have everything.')
}
