import type { CommandSpec, Completes } from '../command.ts'

/** What a shell offers for a value: words of ours, or what only the moment of typing knows. */
export type Offer = { readonly words: readonly string[] } | { readonly ask: 'file' | 'model' } | null

/** What is offered where a value of this kind is typed; null: nothing can be offered. */
export const offerFor = (
  { choices, completes }: { readonly choices?: readonly string[]; readonly completes?: Completes },
  commands: readonly CommandSpec[],
): Offer => {
  if (choices !== undefined) return { words: choices }
  if (completes === 'command') return { words: commands.map(({ id }) => id) }
  return completes === undefined ? null : { ask: completes }
}

/** A text as one word of a POSIX shell, and of zsh and bash. */
export const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
