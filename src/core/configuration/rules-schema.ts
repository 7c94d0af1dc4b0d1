import { z } from 'zod'

const nonEmpty = z.string().min(1)

/** A bound in a rule: 0.005 is absolute, "2%" is relative to the champion's magnitude (of a share: two hundredths). */
export const bound = z.union([z.number().min(0), z.string().regex(/^\d{1,6}(\.\d{1,20})?\s?%$/)]).transform(value => {
  if (typeof value === 'number') return { value, relative: false }
  return { value: Number(`${value.replace('%', '').trim()}e-2`), relative: true }
})
export type Bound = z.output<typeof bound>

/** What a rule that does not pass does: block, warn, or only be shown. */
export const severity = z.enum(['error', 'warn', 'info'])
export type Severity = z.output<typeof severity>

const ruleSeverity = severity
  .default('error')
  .describe('what a rule that does not pass does: `error` blocks, `warn` warns and lets it pass, `info` is only shown')

const inOrder = ({ min, max }: { readonly min?: number | undefined; readonly max?: number | undefined }): boolean =>
  min === undefined || max === undefined || min <= max
const outOfOrder = 'min is greater than max, so no model could ever pass'
const bothWays = 'a gate has max_drop or max_rise, by which direction is worse; not both'
const limits = {
  min: z.number().optional().describe('the metric must be at least this'),
  max: z.number().optional().describe('the metric must be at most this'),
  max_drop: bound.optional().describe('how much lower than the champion it may be'),
  max_rise: bound.optional().describe('how much higher than the champion it may be; for lower-is-better metrics'),
}
const limitsNames = ['min', 'max', 'max_drop', 'max_rise'] as const
const saysSomething = (rule: Readonly<Record<string, unknown>>, names: readonly string[]): boolean =>
  names.some(name => rule[name] !== undefined)

/** The rules on a metric over all rows. */
export const gate = z
  .strictObject({
    ...limits,
    min_gain: bound.optional().describe('how much better than the champion it must be, by the direction of the metric'),
    severity: ruleSeverity,
    direction: z
      .enum(['higher', 'lower'])
      .optional()
      .describe('which way is better, for figures of your own script; that of the metrics computed here is known'),
    source: nonEmpty
      .optional()
      .describe(
        'file of reported metrics that the figure is taken from, such as metrics.json, even where rows would give it; judged as a point',
      ),
  })
  .refine(rule => saysSomething(rule, [...limitsNames, 'min_gain']), 'a gate needs at least one of min, max, max_drop, max_rise, min_gain')
  .refine(inOrder, outOfOrder)
  .refine(rule => rule.max_drop === undefined || rule.max_rise === undefined, bothWays)
export type Gate = z.output<typeof gate>

const sliceGate = z
  .strictObject({ ...limits, severity: severity.optional().describe('that of the slice by default') })
  .refine(rule => saysSomething(rule, limitsNames), 'a slice gate needs at least one of min, max, max_drop, max_rise')
  .refine(inOrder, outOfOrder)
  .refine(rule => rule.max_drop === undefined || rule.max_rise === undefined, bothWays)
export type SliceGate = z.output<typeof sliceGate>

const minSupport = z.int().min(1).default(30)

/** The rules on every value of a column, or of two ("country x channel"). */
export const slice = z
  .object({
    min_support: minSupport.describe("a slice with less support, in the metric's own denominator, is not judged"),
    severity: ruleSeverity,
  })
  .catchall(sliceGate)
export type Slice = z.output<typeof slice>

/** Measures of fairness between groups. Differences are the largest minus the smallest rate, ratios the smallest by the largest. */
export const fairnessMeasure = z.enum([
  'demographic_parity_difference',
  'demographic_parity_ratio',
  'equalized_odds_difference',
  'equalized_odds_ratio',
  'equal_opportunity_difference',
  'equal_opportunity_ratio',
  'predictive_parity_difference',
  'predictive_parity_ratio',
  'accuracy_difference',
  'accuracy_ratio',
])
export type FairnessMeasure = z.output<typeof fairnessMeasure>

const fairnessGate = z
  .strictObject({ min: limits.min, max: limits.max, severity: severity.optional().describe('that of the column by default') })
  .refine(rule => saysSomething(rule, ['min', 'max']), 'a fairness gate needs min or max')
  .refine(inOrder, outOfOrder)

/** The rules on the differences between the groups of a column, or of two ("sex x age_band"). */
export const fairness = z
  .strictObject({
    min_support: minSupport.describe('a group with fewer rows in the denominator of a rate is reported and not judged'),
    severity: ruleSeverity,
    reference: z.string().optional().describe('group that all others are compared with; by default the extremes are compared'),
    ...(Object.fromEntries(fairnessMeasure.options.map(name => [name, fairnessGate.optional()])) as Record<
      FairnessMeasure,
      z.ZodOptional<typeof fairnessGate>
    >),
  })
  .refine(rules => saysSomething(rules, fairnessMeasure.options), `fairness needs at least one of ${fairnessMeasure.options.join(', ')}`)
export type Fairness = z.output<typeof fairness>

const promotion = z.union([
  z.enum(['superior', 'non_inferior', 'equivalent']),
  z.strictObject({ superior_by: bound.describe('how much better than the champion it must be proven to be') }),
])
export type Promotion = z.output<typeof promotion>

/** What must be proven on the primary metric before a model goes live. */
export const promote = z.strictObject({
  changed: promotion.default('superior').describe('what a change of code must be proven to be before it goes live'),
  retrained: promotion.default('non_inferior').describe('the same for newer data and unchanged code'),
})
