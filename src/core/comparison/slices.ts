import type { ModelConfiguration } from '../configuration/schema.ts'
import { estimateOf, undefinedEstimate } from '../evaluation/metrics/metric.ts'
import { metricOf } from '../evaluation/metrics.ts'
import type { Predictions } from '../evaluation/predictions.ts'
import { partOf, rowsBySlice } from '../evaluation/sample.ts'
import type { JudgedRule, JudgedSlice } from './assessment.ts'
import type { Sources } from './evidence.ts'
import { judgeGate } from './gates.ts'

type SliceGate = { readonly min?: number; readonly max?: number }

const verdictOf = (rules: readonly JudgedRule[]): JudgedSlice['verdict'] => {
  if (rules.some(rule => rule.verdict === 'fail')) return 'fail'
  return rules.some(rule => rule.verdict === 'inconclusive') ? 'inconclusive' : 'pass'
}

/**
 * Judges every value of every slice column. A support below `min_support`, in the metric's own denominator, is "not judged". Where slices cannot be
 * judged at all, `blocked` says why, which fails.
 */
export const judgeSlices = (
  rules: ModelConfiguration,
  challenger: Predictions | null,
  sources: Sources,
): { readonly judged: JudgedSlice[]; readonly blocked: string[]; readonly notes: string[] } => {
  const judged: JudgedSlice[] = []
  const blocked: string[] = []
  const notes: string[] = []
  for (const [column, slice] of Object.entries(rules.slices ?? {})) {
    const gates = Object.entries(slice).filter(([key]) => key !== 'min_support' && key !== 'severity') as [string, SliceGate][]
    if (gates.length === 0) continue
    const problem = challenger === null ? sources.noRows : challenger.problem
    if (challenger === null || problem !== null) {
      blocked.push(`slices of ${column} cannot be judged: ${problem}`)
      continue
    }
    const absent = column.split(' x ').find(name => !challenger.slices.has(name.trim()))
    if (absent !== undefined) {
      blocked.push(`slices of ${column} cannot be judged: the predictions have no column ${absent.trim()}`)
      continue
    }
    for (const [value, rows] of rowsBySlice(challenger, column)) {
      const part = partOf(challenger, rows)
      const before = sources.paired && partOf(sources.paired.champion, rows)
      for (const [name, gate] of gates) {
        const metric = metricOf(name, rules.task)
        const estimate = metric
          ? estimateOf(metric, part, sources.method)
          : undefinedEstimate(`missing: no metric of ${rules.task} predictions`)
        const support = estimate.support
        const base = {
          column,
          value,
          rows: rows.length,
          metric: name,
          support,
          challenger: estimate,
          difference: null,
          champion: metric && before ? estimateOf(metric, before, sources.method) : null,
        }
        if (support !== null && support < slice.min_support) {
          judged.push({ ...base, rules: [], verdict: 'not-judged' })
          continue
        }
        const evidence = {
          metric: name,
          challenger: estimate,
          champion: null,
          difference: null,
          comparison: 'first',
          rows: rows.length,
        } as const
        const answers = judgeGate(gate, evidence, rules.on_inconclusive)
        judged.push({ ...base, rules: answers, verdict: verdictOf(answers) })
      }
    }
    const ours = judged.filter(one => one.column === column)
    if (ours.every(one => one.verdict === 'not-judged')) {
      notes.push(`no slice of ${column} was judged: each has a support below ${slice.min_support}`)
    }
  }
  return { judged, blocked, notes }
}
