/**
 * The bundler's list of licences with each text once: below the names of all packages that it covers. The bundler writes a block for each package, which is its name, its
 * licence's name and the text; `isPackage` tells the first line of a block from a line of a text.
 */
export const groupLicences = (list: string, isPackage: (name: string) => boolean): string => {
  const starts = [...list.matchAll(/(?<=^|\n\n)((?:@[\w.-]+\/)?[\w.-]+)\n([^\n]*)(?=\n|$)/g)].filter(([, name = '']) => isPackage(name))
  const groups = new Map<string, string[]>()
  for (const [index, start] of starts.entries()) {
    const [heading, name = '', licence = ''] = start
    const text = `${licence}\n\n${list.slice(start.index + heading.length, starts[index + 1]?.index).trim()}`.trim()
    groups.set(text, [...(groups.get(text) ?? []), name])
  }
  return [...groups].map(([text, names]) => `${names.join('\n')}\n\n${text}\n`).join(`\n${'-'.repeat(80)}\n\n`)
}
