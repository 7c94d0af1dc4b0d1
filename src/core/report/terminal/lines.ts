/** How wide a terminal is, in columns; null where the reader is none (a file, a pipe, a job's log) and nothing is cut. */
export type Width = number | null

const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u
const ascii = /^[ -~]*$/

/** How many columns a line of plain text takes at a terminal: East Asian wide characters and emoji two, combining marks none. */
export const columnsOf = (text: string): number => {
  if (ascii.test(text)) return text.length
  let columns = 0
  for (const character of text) columns += /\p{M}/u.test(character) ? 0 : wide.test(character) ? 2 : 1
  return columns
}

/** A text cut to so many columns, with an ellipsis at its end where something is missing. */
export const cut = (text: string, columns: number): string => {
  if (columnsOf(text) <= columns) return text
  let kept = ''
  let used = 0
  for (const character of text) {
    used += columnsOf(character)
    if (used > columns - 1) break
    kept += character
  }
  return `${kept}…`
}

const padded = (text: string, columns: number, side: 'left' | 'right'): string => {
  const gap = ' '.repeat(Math.max(0, columns - columnsOf(text)))
  return side === 'left' ? text + gap : gap + text
}

export interface Column {
  readonly title: string
  readonly side?: 'left' | 'right'
  /** What it keeps at least where the table is too wide; columns without it are not cut. */
  readonly least?: number
}

/** The widths of the columns: the widest cell, and less for those that may be cut, the widest first, until the table fits. */
const widthsOf = (columns: readonly Column[], rows: readonly (readonly string[])[], width: Width): readonly number[] => {
  const widths = columns.map(({ title }, index) => Math.max(columnsOf(title), ...rows.map(row => columnsOf(row[index] ?? ''))))
  if (width === null) return widths
  let over = widths.reduce((sum, one) => sum + one + 2, -2) - width
  while (over > 0) {
    let widest = -1
    for (const [index, { least }] of columns.entries()) {
      const here = widths[index] ?? 0
      if (least !== undefined && here > least && (widest < 0 || here > (widths[widest] ?? 0))) widest = index
    }
    if (widest < 0) break
    widths[widest] = (widths[widest] ?? 0) - 1
    over -= 1
  }
  return widths
}

/** A table as lines: a head, then a line for each row. Cells must be single lines of plain text. Where the terminal is too narrow, long cells end in an ellipsis. */
export const textTable = (columns: readonly Column[], rows: readonly (readonly string[])[], width: Width): readonly string[] => {
  const widths = widthsOf(columns, rows, width)
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ side = 'left' }, index) => padded(cut(cells[index] ?? '', widths[index] ?? 0), widths[index] ?? 0, side))
      .join('  ')
      .trimEnd()
  return [line(columns.map(({ title }) => title)), ...rows.map(line)]
}

/** Names and values below each other, the values aligned; those that are null are left out. Values are not cut: they are there to be copied. */
export const factLines = (facts: readonly (readonly [string, string | null])[], indent = '  '): readonly string[] => {
  const told = facts.filter(([, value]) => value !== null)
  const width = Math.max(0, ...told.map(([name]) => columnsOf(name)))
  return told.map(([name, value]) => `${indent}${padded(name, width, 'left')}  ${value}`)
}

/** A moment as people read it, in UTC: `2026-11-20 12:00`. Text that is no moment stays as it is. */
export const moment = (at: string): string => (/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(at) ? `${at.slice(0, 10)} ${at.slice(11, 16)}` : at)
