import type { Severity } from '../configuration/rules-schema.ts'
import type { ModelConfiguration } from '../configuration/schema.ts'
import { UserError } from '../errors.ts'
import { metricNames } from '../evaluation/metrics.ts'
import { nearest } from '../nearest.ts'
import type { Opponent } from './assessment.ts'
import { directionOf, registeredDirection, sizeName } from './direction.ts'
import type { GateRules } from './gates.ts'
import { promotionRules } from './promotion.ts'

/** One group of rules with the severity that counts for it and where it stands below the model. */
interface Placed {
  readonly where: string
  readonly name: string
  readonly gate: GateRules & { readonly direction?: 'higher' | 'lower' | undefined; readonly source?: string | undefined }
  readonly severity: Severity
}

const notRules: ReadonlySet<string> = new Set(['min_support', 'severity', 'reference'])

/** Rules of a section of columns, such as slices; each has the severity of its column where it names none. */
const placedBelow = (section: 'slices' | 'fairness', rules: ModelConfiguration): Placed[] =>
  Object.entries(rules[section] ?? {}).flatMap(([column, group]) =>
    Object.entries(group)
      .filter(([key, gate]) => !notRules.has(key) && gate !== undefined)
      .map(([name, gate]) => {
        const { severity, ...rest } = gate as GateRules
        return { where: `${section}.${column}.${name}`, name, gate: rest, severity: severity ?? group.severity }
      }),
  )

/** Every rule of a model, gates first. */
const placedRules = (rules: ModelConfiguration): { readonly gates: Placed[]; readonly slices: Placed[]; readonly fairness: Placed[] } => ({
  gates: Object.entries(rules.gates).map(([name, gate]) => ({ where: `gates.${name}`, name, gate, severity: gate.severity })),
  slices: placedBelow('slices', rules),
  fairness: placedBelow('fairness', rules),
})

const checkDirection = ({ where, name, gate }: Placed, rules: ModelConfiguration, at: string): void => {
  const known = registeredDirection(name, rules.task)
  if (known !== null && gate.direction !== undefined && gate.direction !== known) {
    throw new UserError(`${at}.${where}.direction: ${known} is better for ${name}, not ${gate.direction}: leave it out`)
  }
  const direction = known ?? gate.direction ?? null
  if (direction === 'lower' && gate.max_drop) {
    throw new UserError(`${at}.${where}.max_drop: lower is better for ${name}, so max_drop would block improvements: write max_rise`)
  }
  if (direction === 'higher' && gate.max_rise) {
    throw new UserError(`${at}.${where}.max_rise: higher is better for ${name}, so max_rise would block improvements: write max_drop`)
  }
  if (gate.min_gain && direction === null && !gate.max_drop && !gate.max_rise) {
    throw new UserError(
      `${at}.${where}.direction is missing: min_gain asks for a better ${name}, and which way is better is not known for figures of your own; write direction: higher or direction: lower`,
    )
  }
}

const checkPrimary = (rules: ModelConfiguration, at: string): void => {
  const { primary, task } = rules
  if (directionOf(primary, rules) !== null) return
  const near = nearest(primary, [...metricNames(task), sizeName])
  const meant = near === undefined ? '' : `; or did you mean primary: ${near}?`
  throw new UserError(
    `${at}.gates.${primary}.direction is missing: ${primary} is the primary metric and none that is computed here for ${task} models, so promotion must be told which way is better: higher or lower${meant}`,
  )
}

const checkPromotion = (rules: ModelConfiguration, at: string): void => {
  for (const change of ['changed', 'retrained'] as const) {
    const { kind, margin } = promotionRules(rules, change)
    if (kind === 'equivalent' && !(margin !== null && margin.value > 0)) {
      throw new UserError(
        `${at}.promote.${change}: equivalent needs a margin: write max_drop (or max_rise, where lower is better) greater than 0 in gates.${rules.primary}`,
      )
    }
  }
}

/**
 * Holds a model's rules to what they must be to mean anything: something could fail, every direction is known and agrees with the rules, a first version has an
 * absolute rule. Throws a UserError that names the key.
 */
export const checkRules = (rules: ModelConfiguration, opponent: Opponent, model: string): void => {
  const at = `models.${model}`
  const { gates, slices, fairness } = placedRules(rules)
  const all = [...gates, ...slices, ...fairness]
  const example = `gates: { ${rules.primary}: { min: 0.8 } }`
  if (all.length === 0) {
    throw new UserError(`${at} has neither gates nor slices nor fairness: nothing could ever fail. Add at least one, such as ${example}`)
  }
  if (all.every(({ severity }) => severity !== 'error')) {
    throw new UserError(
      `${at}: no rule is of severity error, they only warn or inform: nothing could ever fail. Add at least one of severity error, such as ${example}`,
    )
  }
  for (const rule of [...gates, ...slices]) checkDirection(rule, rules, at)
  checkPrimary(rules, at)
  checkPromotion(rules, at)
  if (rules.checks === undefined && gates.some(({ gate }) => gate.source === 'checks')) {
    throw new UserError(`${at}: a gate has source: checks, but no module is named under ${at}.checks`)
  }
  const absolute = gates.some(({ gate, severity }) => severity === 'error' && (gate.min !== undefined || gate.max !== undefined))
  if (opponent.kind === 'first' && !absolute && opponent.assumed) {
    throw new UserError(
      `${at}: its gates only compare with a champion, and none is named here: name its predictions, or add an absolute rule of severity error (min or max), such as ${example}`,
    )
  }
  if (opponent.kind === 'first' && !absolute) {
    throw new UserError(
      `${at}: the first version has nothing to be compared with, so it needs at least one absolute rule of severity error (min or max), such as ${example}`,
    )
  }
}
