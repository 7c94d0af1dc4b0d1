import { UserError } from '../core/errors.ts'

/** The number of a version as it is typed, `v3` or `3`. Throws a UserError for anything else. */
export const versionNumber = (operand: string | undefined): number => {
  const number = /^v?([1-9]\d{0,8})$/.exec(operand ?? '')?.[1]
  if (number === undefined) throw new UserError(`<version> is a number such as v3, found ${JSON.stringify((operand ?? '').slice(0, 40))}`)
  return Number(number)
}
