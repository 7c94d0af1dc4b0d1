import type { Opponent } from './assessment.ts'

/** What stands against the run, in words: `champion v11`, or what was named instead of it, such as `v3`, `v3 (shadow)` or the name of a file. Plain text. */
export const opponentName = ({ version, asked }: Exclude<Opponent, { kind: 'first' }>): string => {
  if (asked === undefined) return version === null ? 'champion' : `champion v${version}`
  if (version === null) return asked
  return asked === `v${version}` ? asked : `v${version} (${asked})`
}

/** Whether it is the champion itself that was compared with, so that the answer says something about what goes live. */
export const isChampion = (opponent: Opponent): boolean => opponent.kind === 'champion' && opponent.asked === undefined
