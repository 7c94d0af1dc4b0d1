import type { ReplayDocument, ReplayedDecision, ReplayedLook } from '../../lineage/views/replay.ts'
import { answered, type Observed } from '../../rollout/observed.ts'
import { count, evidence, percent } from '../../rollout/words.ts'
import { plainLine } from '../escape.ts'
import { moment, textTable, type Width } from './lines.ts'

const counted = (of: Observed | undefined): { readonly canary: string; readonly stable: string } => {
  if (of === undefined || !answered(of)) return { canary: 'no answer', stable: '' }
  return { canary: `${count(of.canaryBad)} of ${count(of.canary)}`, stable: `${count(of.stableBad)} of ${count(of.stable)}` }
}

const rowsOf = (look: ReplayedLook): readonly (readonly string[])[] =>
  Object.keys(look.evidence).map((name, index) => {
    const { canary, stable } = counted(look.signals[name])
    const { harm = 0, acceptance = 0 } = look.evidence[name] ?? {}
    const first = index === 0
    return [
      first ? String(look.seq) : '',
      first ? moment(look.at) : '',
      first ? percent(look.weight) : '',
      plainLine(name, 40),
      canary,
      stable,
      evidence(harm),
      evidence(acceptance),
      first ? (look.recorded.split(':', 1)[0] ?? '') : '',
      first ? look.recomputed : '',
      first ? plainLine(look.difference ?? '', 200) : '',
    ]
  })

const columns = [
  { title: 'seq', side: 'right' as const },
  { title: 'at' },
  { title: 'weight', side: 'right' as const },
  { title: 'signal' },
  { title: 'bad, canary', side: 'right' as const },
  { title: 'bad, stable', side: 'right' as const },
  { title: 'harm', side: 'right' as const },
  { title: 'proof', side: 'right' as const },
  { title: 'recorded' },
  { title: 'recomputed' },
  { title: '', least: 20 },
]

const decisionLine = ({ seq, words, difference }: ReplayedDecision): string =>
  `seq ${seq}: ${plainLine(words, 300)}${difference === null ? '' : `  DIFFERS: ${plainLine(difference, 300)}`}`

/** A rollout judged anew: every look with its counts, its evidence and both verdicts, then the steps and the end that followed. */
export const replayLines = (document: ReplayDocument, width: Width): readonly string[] => {
  const { model, version, from, environment, rollout, looks, decisions, difference, rule } = document
  return [
    `rollout ${rollout} of ${model}: v${version} in ${environment}${from === null ? ', the first version' : ` against v${from}`}, ${rule === 'threshold' ? 'threshold rule' : 'judged by evidence'}, ${looks.length} look${looks.length === 1 ? '' : 's'}`,
    ...(looks.length === 0 ? [] : textTable(columns, looks.flatMap(rowsOf), width)),
    ...decisions.map(decisionLine),
    difference === null ? 'every verdict is recomputed as it was recorded' : `first difference at ${plainLine(difference, 400)}`,
  ]
}
