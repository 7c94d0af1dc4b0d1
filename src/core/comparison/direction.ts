import type { Gate, ModelConfiguration } from '../configuration/schema.ts'
import { metricOf, metrics } from '../evaluation/metrics.ts'

export type Direction = 'higher' | 'lower'

/** The figure that is the size of a run's model files, in megabytes. */
export const sizeName = 'model_size_mb'

/** Which way is better for a metric that is known by its name: of this task, or of another one that the figure is reported for. Null for a name of the user's own. */
export const registeredDirection = (name: string, task: ModelConfiguration['task']): Direction | null => {
  if (name === sizeName) return 'lower'
  return metricOf(name, task)?.direction ?? metrics.find(metric => metric.name === name)?.direction ?? null
}

/** Which way is better by a gate's own rules: it says so, or forbids a drop or a rise. Null where nothing says it. */
export const saidDirection = (gate: Partial<Gate> | undefined): Direction | null => {
  if (gate?.direction !== undefined) return gate.direction
  if (gate?.max_drop !== undefined) return 'higher'
  return gate?.max_rise !== undefined ? 'lower' : null
}

/** Which way is better, from the registry or else from the gate; never a guess. */
export const directionOf = (name: string, rules: ModelConfiguration): Direction | null =>
  registeredDirection(name, rules.task) ?? saidDirection(Object.hasOwn(rules.gates, name) ? rules.gates[name] : undefined)
