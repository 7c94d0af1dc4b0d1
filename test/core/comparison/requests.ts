import { type AssessmentRequest, assess } from '../../../src/core/comparison/assess.ts'
import { assessment } from '../../../src/core/comparison/assessment.ts'
import { uniform } from '../../../src/core/statistics/random.ts'
import { binaryOf, type Row, rulesOf, runOf } from '../evaluation/fixtures.ts'

export const zero = '0'.repeat(64)

/** Rows whose scores separate the classes the better the larger `skill` is. */
export const rowsOf = (count: number, skill: number, seed = 5): Row[] => {
  const random = uniform(seed)
  const noise = uniform(seed + Math.round(skill * 1000))
  return Array.from({ length: count }, (_, row) => {
    const label = random() < 0.35 ? 1 : 0
    const region = random() < 0.1 ? 'LATAM' : random() < 0.5 ? 'EU' : 'US'
    const score = Math.min(1, Math.max(0, 0.5 + (label - 0.5) * skill + (noise() - 0.5) * 0.8))
    return { id: `c${row}`, label, region, score }
  })
}

/** A better challenger against champion v11, with what a test says instead. */
export const requestOf = (part: Partial<AssessmentRequest> = {}): AssessmentRequest => ({
  model: 'churn',
  rules: rulesOf({ gates: { roc_auc: { min: 0.6, max_drop: 0.05 } } }),
  policy: { from: 'refline.yml of main', digest: zero, loosened: [] },
  run: runOf(),
  runDigest: zero,
  challenger: binaryOf(rowsOf(800, 0.4)),
  opponent: { kind: 'champion', version: 11 },
  champion: binaryOf(rowsOf(800, 0.3)),
  change: 'changed',
  override: null,
  problem: null,
  ...part,
})
/** The answer, as it is written and read again. */
export const judge = (part: Partial<AssessmentRequest> = {}) => assessment.parse(assess(requestOf(part)))
/** Of a request: a first version. */
export const first = { opponent: { kind: 'first', proof: 'the ledger was read' }, champion: null, change: 'first' } as const
