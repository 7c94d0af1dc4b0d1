import type { Sample } from '../sample.ts'

/** Number of a class given by its number or its name; -1 where the sample has none of that name. */
export const indexOfClass = (sample: Sample, of: number | string): number => (typeof of === 'number' ? of : sample.classes.indexOf(of))

const mostListed = 20

/** Why nothing is known of a class that the sample does not have; null where it has it. */
export const unknownClass = (sample: Sample, of: number | string | null): string | null => {
  if (of === null || indexOfClass(sample, of) >= 0) return null
  const { classes } = sample
  const names = classes.slice(0, mostListed).map(name => (name.length > 40 ? `${name.slice(0, 40)}...` : name))
  const rest = classes.length > names.length ? ` and ${classes.length - names.length} more` : ''
  return `no row is labelled or predicted "${of}"; the classes are ${names.join(', ')}${rest}`
}
