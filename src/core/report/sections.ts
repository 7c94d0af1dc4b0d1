/** One part of a report. Parts of higher `priority` are kept when not all fit. */
export interface Section {
  readonly text: string
  readonly priority: number
}

/** GitHub takes 65,536 characters; the rest is for the marker and for how it counts. */
export const commentLimit = 60_000

/**
 * Joins sections in order, within `limit` characters (UTF-16 units): sections are left out whole, the least important first and of equals the last first, and a sentence
 * at the end says so. Where one section alone is too long it is cut at a line.
 */
export const joinWithin = (sections: readonly Section[], limit: number, rest: string): string => {
  const all = sections.map(section => section.text).join('\n\n')
  if (all.length <= limit) return all
  const room = limit - rest.length - 2
  const kept = new Set<Section>()
  let used = 0
  for (const section of [...sections].sort((a, b) => b.priority - a.priority)) {
    if (used + section.text.length + 2 > room) continue
    kept.add(section)
    used += section.text.length + 2
  }
  const first = sections[0]
  const texts = sections.filter(section => kept.has(section)).map(section => section.text)
  if (first !== undefined && !kept.has(first)) texts.unshift(first.text.slice(0, Math.max(0, first.text.lastIndexOf('\n', room - used))))
  return [...texts, rest].join('\n\n')
}

/** Closes what a cut left open, so that nothing after it is swallowed. */
const closed = (text: string): string => {
  const fence = (text.match(/^```/gm)?.length ?? 0) % 2 === 1 ? '\n```' : ''
  const folds = (text.match(/<details>/g)?.length ?? 0) - (text.match(/<\/details>/g)?.length ?? 0)
  return `${text}${fence}${'\n\n</details>'.repeat(Math.max(folds, 0))}`
}

/** Cuts any text to `limit` UTF-16 units at the last border of a section, else of a line, else between two characters. */
export const capped = (text: string, limit: number): string => {
  if (text.length <= limit) return text
  const rest = '\n\nThis was too long and is cut here.'
  const room = limit - rest.length - 200
  const border = [text.lastIndexOf('\n\n', room), text.lastIndexOf('\n', room)].find(at => at > room / 2) ?? room
  const half = /[\ud800-\udbff]/.test(text[border - 1] ?? '') ? 1 : 0
  return closed(text.slice(0, border - half)) + rest
}
