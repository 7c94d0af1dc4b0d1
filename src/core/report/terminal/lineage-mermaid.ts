import type { LineageDocument, LineageNode } from '../../lineage/views/lineage.ts'
import { edgeWords, nodeDetails, nodeTitle } from './lineage-words.ts'
import { cut } from './lines.ts'

const entity = (character: string): string => `#${character.codePointAt(0)};`

/**
 * Text for a quoted Mermaid label that shows exactly this text: whatever is no letter, digit, blank or plain punctuation becomes an entity (`#35;`), so no quote, tag,
 * link, Markdown string, directive or comment comes out of it, nor a list where the text begins like one. Two words are broken as well, since Mermaid cuts the last
 * semicolon from lines that look like its `style` and `classDef` statements.
 */
export const mermaidText = (text: string, limit = 160): string =>
  cut(text, limit)
    .replace(/[^\p{L}\p{N} .,:/()→…-]|^-|(?<=^\d+)\./gu, entity)
    .replace(/style|classDef/gi, word => `${entity(word)}${word.slice(1)}`)

const shapes: Readonly<Record<LineageNode['kind'], readonly [string, string]>> = {
  version: ['([', '])'],
  run: ['[', ']'],
  commit: ['[', ']'],
  code: ['[', ']'],
  data: ['[(', ')]'],
  params: ['[', ']'],
  'pull-request': ['[', ']'],
  image: ['[[', ']]'],
  environment: ['{{', '}}'],
}

/** The lineage as a Mermaid flowchart, without a fence. Nodes are numbered, so nothing of users is ever an identifier. */
export const lineageMermaid = (document: LineageDocument): readonly string[] => {
  const names = new Map(document.nodes.map(({ id }, index) => [id, `n${index}`]))
  const nodes = document.nodes.map((node, index) => {
    const [open, close] = shapes[node.kind]
    const label = [nodeTitle(node), ...nodeDetails(node)].map(text => mermaidText(text)).join('<br>')
    return `  n${index}${open}"${label}"${close}`
  })
  const edges = document.edges.flatMap(edge => {
    const [source, target] = [names.get(edge.from), names.get(edge.to)]
    const label = [edge.relation, edgeWords(edge)].flatMap(text => (text === null ? [] : [mermaidText(text)])).join('<br>')
    return source === undefined || target === undefined ? [] : [`  ${source} -->|"${label}"| ${target}`]
  })
  return ['flowchart LR', ...nodes, ...edges]
}
