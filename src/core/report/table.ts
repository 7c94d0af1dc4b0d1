/** A Markdown table. Cells must be escaped already; rows past `most` are counted instead of shown. */
export const table = (
  header: readonly string[],
  alignments: readonly ('left' | 'right')[],
  rows: readonly (readonly string[])[],
  most = 200,
): string => {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const rule = `|${alignments.map(side => (side === 'right' ? '--:' : ':--')).join('|')}|`
  const shown = rows.slice(0, most).map(line)
  const left = rows.length - shown.length
  return [line(header), rule, ...shown].join('\n') + (left === 0 ? '' : `\n\n${left} more rows are not shown.`)
}

/** A folded section. The title must be escaped already and stays on one line. */
export const fold = (title: string, content: string): string => `<details><summary>${title}</summary>\n\n${content}\n</details>`
