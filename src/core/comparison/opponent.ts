import type { Opponent } from './assessment.ts'

/** What stands against the run, in words: `champion v11`, or what was named instead of it, such as `v3`, `v3 (shadow)` or the name of a file. Plain text. */
export const opponentName = ({ version, asked }: Exclude<Opponent, { kind: 'first' }>): string => {
  if (asked === undefined) return version === null ? 'champion' : `champion v${version}`
  if (version === null) return asked
  return asked === `v${version}` ? asked : `v${version} (${asked})`
}

/** Why there is no comparison, in a clause that begins with what it should have been with. Plain text. */
export const whyUnreachable = (opponent: Extract<Opponent, { kind: 'unreachable' }>): string =>
  `${opponentName(opponent)} ${opponent.asked === undefined ? 'is recorded but could not be compared' : 'cannot be compared with'}: ${opponent.reason}`
