import { code } from './escape.ts'

const longest = 200_000

/** A title, shown as code, and below it a text that is shown as it is. The fence is longer than any in the text, which is cut at a line where it is long. */
export const fenced = (title: string, text: string, language: 'text' | 'json'): string => {
  const cut = text.length <= longest ? text : `${text.slice(0, text.lastIndexOf('\n', longest) + 1)}…`
  const ticks = (cut.match(/`+/g) ?? []).reduce((most, run) => Math.max(most, run.length), 2) + 1
  const fence = '`'.repeat(ticks)
  // A text that begins with a fence of its own or holds line breaks of other kinds stays inside, since only the own fence closes it.
  return `${code(title)}\n\n${fence}${language}\n${cut.replace(/\r\n?/g, '\n')}\n${fence}`
}
