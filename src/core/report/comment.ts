import type { Assessment } from '../comparison/assessment.ts'
import { opponentName, whyUnreachable } from '../comparison/opponent.ts'
import { bullets } from './bullets.ts'
import type { CommentContext } from './comment-context.ts'
import { decisionSection, holdoutSentence } from './decision-section.ts'
import { code, escapeMarkdown } from './escape.ts'
import { fairnessSection } from './fairness-section.ts'
import { findingsSection } from './findings-section.ts'
import { plainLink } from './link.ts'
import { metricTable } from './metric-table.ts'
import { rocSection } from './roc-section.ts'
import { commentLimit, joinWithin, type Section } from './sections.ts'
import { sliceSection } from './slice-section.ts'
import { icon } from './verdict-words.ts'

const headline = (assessment: Assessment): string => {
  const text = assessment.headline.startsWith(assessment.model) ? assessment.headline : `${assessment.model}: ${assessment.headline}`
  return `### ${assessment.override === null ? icon(assessment.verdict) : '🚨'} ${escapeMarkdown(text, 400)}`
}

/** The sentences that a reader has not met yet: not in the headline, the table of metrics or the list of findings. Slices and groups are folded away, so they are told again. */
const untold = (sentences: readonly string[], { headline: text, rows, findings }: Assessment): readonly string[] => {
  const shown = rows.flatMap(row => row.rules.map(rule => rule.sentence)).filter(sentence => sentence !== '')
  return sentences.filter(
    sentence =>
      !text.includes(sentence) &&
      !shown.some(other => sentence.endsWith(other)) &&
      !findings.some(({ message }) => sentence.includes(message)),
  )
}

const warnings = (assessment: Assessment): string | null => {
  const sentences = untold(assessment.warnings, assessment)
  return sentences.length === 0 ? null : `Warnings, which block nothing:\n${bullets(sentences)}`
}

const override = ({ override, verdict }: Assessment): string | null =>
  override === null
    ? null
    : `> **OVERRIDDEN by ${code(override.actor, 100)}.** The verdict of the rules is ${icon(verdict)} **${verdict}**; it is let through for this reason: ${escapeMarkdown(override.reason, 1000)}`

const loosenedRules = ({ rules }: Assessment): string | null =>
  rules.loosened.length === 0
    ? null
    : `**This change loosens rules.** It was judged by the rules before it; what it would loosen:\n${bullets(rules.loosened)}`

const newModel = (assessment: Assessment, context: CommentContext): string | null =>
  context.newModel ? `New model, judged by the rules of ${escapeMarkdown(assessment.rules.from, 200)}. **Please review them too.**` : null

const opponentWords = ({ opponent }: Assessment): string | null => {
  if (opponent.kind === 'first' && opponent.assumed) return 'No champion was named, so nothing is said about what goes live.'
  if (opponent.kind === 'first')
    return `That there is no champion is proven, not assumed: ${escapeMarkdown(opponent.proof, 500).replace(/\.$/, '')}.`
  if (opponent.kind === 'champion')
    return opponent.asked === undefined
      ? null
      : opponent.version === null
        ? `This compares with the file ${code(opponentName(opponent), 100)}; what may merge is decided against the champion of the ledger, by \`evaluate-gate\`.`
        : `This compares with ${escapeMarkdown(opponentName(opponent), 100)} and not with the champion: whether it may merge is the answer of \`evaluate-gate\`.`
  if (opponent.asked !== undefined) return `${escapeMarkdown(whyUnreachable(opponent), 600).replace(/\.$/, '')}.`
  const name = opponent.version === null ? 'A champion' : escapeMarkdown(opponentName(opponent), 100)
  const version = `${name.charAt(0).toUpperCase()}${name.slice(1)} is recorded`
  return `${version} but could not be compared with: ${escapeMarkdown(opponent.reason, 500).replace(/\.$/, '')}.`
}

/** How a run that could be neither passed nor failed can be decided. Where a rule can tell the rows it needs, its sentence in the table or a note does. */
const waysOn = ({ rows, notes }: Assessment): readonly string[] => {
  const told = [...rows.flatMap(row => row.rules.map(rule => rule.sentence)), ...notes].some(sentence => /\babout [\d,]+/.test(sentence))
  const open = rows.flatMap(({ title, difference, rules }) => {
    const margin = rules.some(rule => rule.verdict === 'inconclusive' && /^max_(drop|rise)$/.test(rule.kind))
      ? difference?.detectable
      : null
    return margin == null ? [] : [`one of ${Number(margin.toPrecision(2))} on ${escapeMarkdown(title, 100)}`]
  })
  const decidable = open.length === 0 ? '' : ` (these rows decide ${open.slice(0, 3).join(', ')} in 4 of 5 cases)`
  return [`**more holdout rows**${told ? ' (about how many stands above)' : ''}`, `**a wider margin** in \`refline.yml\`${decidable}`]
}

/** What a merge leads to, or the ways on where it is blocked. */
const nextSteps = (assessment: Assessment, context: CommentContext): string | null => {
  const { opponent } = assessment
  const elsewhere = (opponent.kind === 'champion' && opponent.asked !== undefined) || (opponent.kind === 'first' && opponent.assumed)
  if (assessment.override !== null || elsewhere) return null
  if (assessment.verdict !== 'pass') {
    const overriding =
      'A maintainer can let it through where the change is registered, with a reason in the input `override-reason`; that is recorded in the ledger and not possible on a pull request.'
    if (assessment.verdict === 'fail' || assessment.opponent.kind === 'unreachable') return overriding
    return `Three ways on: ${waysOn(assessment).join(' · ')} · **an override**. ${overriding}`
  }
  if (assessment.decision !== 'promote') return 'A merge changes nothing that is live: the champion stays.'
  if (context.rollout === null) return null
  const { environment, steps } = context.rollout
  const way = steps.length === 0 || assessment.opponent.kind === 'first' ? '' : ` as a canary at ${steps.join(' → ')} % of the traffic`
  return `On merge it is trained and judged again, registered, and rolled out to ${escapeMarkdown(environment, 60)}${way}.`
}

const footer = (assessment: Assessment, context: CommentContext): string => {
  const commit = context.commit !== null && /^[0-9a-f]{7,64}$/.test(context.commit) ? [`commit ${context.commit.slice(0, 7)}`] : []
  const job = plainLink('job', context.jobUrl)
  return `<sub>${[`refline ${escapeMarkdown(context.version, 40)}`, `run ${code(assessment.run)}`, ...commit, ...(job === null ? [] : [job])].join(' · ')}</sub>`
}

const part = (text: string | null, priority: number): readonly Section[] => (text === null || text === '' ? [] : [{ text, priority }])

/**
 * The whole comment, which is the job summary too: at most 60,000 characters of Markdown. Everything that comes from users, files or servers is escaped. The hidden
 * marker is put in front by whoever posts it.
 */
export const renderComment = (assessment: Assessment, context: CommentContext): string => {
  const unsure = bullets(untold(assessment.because, assessment))
  const sections = [
    ...part(headline(assessment), 10),
    ...part(override(assessment), 10),
    ...part(loosenedRules(assessment), 9),
    ...part(newModel(assessment, context), 9),
    ...part(metricTable(assessment), 8),
    ...part(unsure, 7),
    ...part(findingsSection(assessment), 7),
    ...part(warnings(assessment), 7),
    ...part([holdoutSentence(assessment), opponentWords(assessment)].filter(text => text !== null).join(' '), 7),
    ...part(nextSteps(assessment, context), 7),
    ...part(assessment.notes.length === 0 ? null : `Note:\n${bullets(assessment.notes)}`, 6),
    ...part(fairnessSection(assessment.fairness), 5),
    ...part(sliceSection(assessment.slices), 5),
    ...part(rocSection(assessment), 3),
    ...part(decisionSection(assessment, context), 4),
    ...part(footer(assessment, context), 9),
  ]
  const job = plainLink('job', context.jobUrl)
  return joinWithin(
    sections,
    commentLimit,
    `This report was too long and is cut. The whole answer is in \`result.json\` of the run${job === null ? '' : ` (${job})`}.`,
  )
}
