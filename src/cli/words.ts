import { UserError } from '../core/errors.ts'

/**
 * Splits a line into words at white space; `"..."` keeps white space together, and `""` is an empty word. Nothing else is special: no shell, no variables, no
 * backslashes. Throws a UserError where a quote is not closed.
 */
export const splitWords = (line: string): readonly string[] => {
  const words: string[] = []
  let word: string | null = null
  let quoted = false
  for (const character of line) {
    if (character === '"') {
      quoted = !quoted
      word ??= ''
    } else if (!quoted && /\s/.test(character)) {
      if (word !== null) words.push(word)
      word = null
    } else word = (word ?? '') + character
  }
  if (quoted) throw new UserError(`a " is opened and not closed in ${JSON.stringify(line.slice(0, 200))}`)
  return word === null ? words : [...words, word]
}
