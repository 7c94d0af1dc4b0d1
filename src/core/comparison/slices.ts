import type { Slice, SliceGate } from '../configuration/rules-schema.ts'
import type { ModelConfiguration } from '../configuration/schema.ts'
import { absentColumn, groupsOf } from '../evaluation/groups.ts'
import { estimateOf, type Metric, undefinedEstimate } from '../evaluation/metrics/metric.ts'
import { metricOf } from '../evaluation/metrics.ts'
import type { Predictions } from '../evaluation/predictions.ts'
import { partOf, type Sample } from '../evaluation/sample.ts'
import { release } from '../scratch.ts'
import type { Estimate, JudgedRule, JudgedSlice } from './assessment.ts'
import { comparedBy, type Sources } from './evidence.ts'
import { type Evidence, judgeGate } from './gates.ts'
import { neverProvenSlices } from './never-proven.ts'

/** What was judged, why slices could not be judged at all (which fails), and what a reader must know. */
export interface SlicesFound {
  readonly judged: JudgedSlice[]
  readonly blocked: string[]
  readonly notes: string[]
}

/** The rules of a slice by metric, without its settings. */
export const sliceGates = (slice: Slice): [string, SliceGate][] =>
  Object.entries(slice).filter(([key]) => key !== 'min_support' && key !== 'severity') as [string, SliceGate][]

const verdictOf = (rules: readonly JudgedRule[]): JudgedSlice['verdict'] => {
  const blocking = rules.filter(rule => rule.severity === 'error')
  if (rules.every(rule => rule.verdict === 'not-applicable')) return 'not-judged'
  if (blocking.some(rule => rule.verdict === 'fail')) return 'fail'
  return blocking.some(rule => rule.verdict === 'inconclusive') ? 'inconclusive' : 'pass'
}

/** The rows of a slice: the challenger's, and both models' where they are compared; the champion's own where that is as on unrelated rows. */
interface Part {
  readonly value: string
  readonly rows: number
  readonly challenger: Sample
  readonly champion: Sample | null
}

/** One part at a time, since together they are a copy of all rows; without the scores where no metric needs them. */
function* partsOf(
  challenger: Predictions,
  column: string,
  gates: readonly [string, SliceGate][],
  { paired, independent, task }: Sources,
): Generator<Part> {
  const scores = gates.some(([name]) => metricOf(name, task)?.needs !== 'prediction')
  const lean = (sample: Sample): Sample => (scores ? sample : { ...sample, scores: null, probabilities: null })
  const sides = paired ?? independent
  const [ours, theirs] = [lean(sides?.challenger ?? challenger), sides && lean(sides.champion)]
  const elsewhere =
    independent && new Map(groupsOf(independent.champion, column, `slices.${column}`).map(group => [group.value, group.rows]))
  for (const { value, rows } of groupsOf(challenger, column, `slices.${column}`)) {
    const other = elsewhere ? elsewhere.get(value) : rows
    yield { value, rows: rows.length, challenger: partOf(ours, rows), champion: theirs && other ? partOf(theirs, other) : null }
    release(rows)
  }
}

/** The figures of a metric on a slice. The difference is left out where the slice is too small to be judged. */
const evidenceOf = (
  name: string,
  metric: Metric | undefined,
  part: Part,
  least: number,
  { task, method, comparison }: Sources,
): Evidence => {
  const base = { metric: name, comparison, rows: part.rows, confidence: method.confidence, champion: null, difference: null }
  if (metric === undefined) return { ...base, challenger: undefinedEstimate(`missing: no metric of ${task} predictions`) }
  const challenger = estimateOf(metric, part.challenger, method)
  if (part.champion === null) return { ...base, challenger }
  const champion = estimateOf(metric, part.champion, method)
  if (tooSmall(challenger, least)) return { ...base, challenger, champion }
  const [ours, theirs] = [
    { sample: part.challenger, estimate: challenger },
    { sample: part.champion, estimate: champion },
  ]
  const how = comparison === 'independent' ? comparison : 'paired'
  return { ...base, challenger, champion, difference: comparedBy(how, metric, ours, theirs, method) }
}

const tooSmall = ({ support }: Estimate, least: number): boolean => support !== null && support < least

/** A share of a champion that happens to be 0 in a slice is 0: no slip of whoever wrote the rule, as it would be over all rows. */
const answersOf = (gate: SliceGate, severity: Slice['severity'], evidence: Evidence, policy: ModelConfiguration['on_inconclusive']) => {
  const bound = gate.max_drop ?? gate.max_rise
  const none = evidence.champion?.value === 0 && bound?.relative === true ? { value: 0, relative: false } : undefined
  const rules = judgeGate(
    {
      ...gate,
      severity: gate.severity ?? severity,
      max_drop: gate.max_drop && (none ?? gate.max_drop),
      max_rise: gate.max_rise && (none ?? gate.max_rise),
    },
    evidence,
    policy,
  )
  if (none === undefined) return rules
  return rules.map(rule =>
    rule.kind === 'max_drop' || rule.kind === 'max_rise' ? { ...rule, bound: bound?.value ?? 0, relative: true } : rule,
  )
}

/**
 * Judges every value of every slice column, or of every pair of values where two are crossed. A support below `min_support`, in the metric's own denominator, is "not judged". Where
 * slices cannot be judged at all, `blocked` says why, which fails.
 */
export const judgeSlices = (rules: ModelConfiguration, challenger: Predictions | null, sources: Sources): SlicesFound => {
  const found: SlicesFound = { judged: [], blocked: [], notes: [] }
  for (const [column, slice] of Object.entries(rules.slices ?? {})) {
    const gates = sliceGates(slice)
    if (gates.length === 0) continue
    const problem = challenger === null ? sources.noRows : challenger.problem
    if (challenger === null || problem !== null) {
      found.blocked.push(`slices of ${column} cannot be judged: ${problem}`)
      continue
    }
    const absent = absentColumn(challenger, column)
    if (absent !== null) {
      found.blocked.push(`slices of ${column} cannot be judged: the predictions have no column ${absent}`)
      continue
    }
    const unjudged = new Set(gates.map(([name]) => name))
    for (const part of partsOf(challenger, column, gates, sources)) {
      for (const [name, gate] of gates) {
        const evidence = evidenceOf(name, metricOf(name, rules.task), part, slice.min_support, sources)
        const { challenger: estimate, champion, difference } = evidence
        const answers = tooSmall(estimate, slice.min_support) ? null : answersOf(gate, slice.severity, evidence, rules.on_inconclusive)
        if (answers !== null) unjudged.delete(name)
        found.judged.push({
          column,
          value: part.value,
          rows: part.rows,
          metric: name,
          support: estimate.support,
          challenger: estimate,
          champion,
          difference,
          rules: answers ?? [],
          verdict: answers === null ? 'not-judged' : verdictOf(answers),
        })
      }
    }
    const judgedHere = found.judged.filter(one => one.column === column && one.verdict !== 'not-judged')
    for (const [name, gate] of gates) {
      const slices = judgedHere.filter(({ metric }) => metric === name).map(({ value, challenger: estimate }) => ({ value, estimate }))
      found.notes.push(...neverProvenSlices(column, name, gate, slices, rules.confidence))
    }
    if (unjudged.size > 0) {
      found.notes.push(`no slice of ${column} was judged on ${[...unjudged].join(' or ')}: each has a support below ${slice.min_support}`)
    }
  }
  return found
}
