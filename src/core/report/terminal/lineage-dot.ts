import type { LineageDocument, LineageNode } from '../../lineage/views/lineage.ts'
import { edgeWords, nodeDetails, nodeTitle } from './lineage-words.ts'
import { cut } from './lines.ts'

/**
 * Text for a quoted label of Graphviz that shows exactly this text: quotes and backslashes are escaped (so none of its escapes such as `\N` is left), and `&`, since it
 * reads HTML entities in labels.
 */
export const dotText = (text: string, limit = 160): string =>
  cut(text, limit).replaceAll('&', '&amp;').replaceAll('\\', '\\\\').replaceAll('"', '\\"')

const shapes: Readonly<Record<LineageNode['kind'], string>> = {
  version: 'box, style=rounded',
  run: 'box',
  commit: 'box',
  code: 'box',
  data: 'cylinder',
  params: 'note',
  'pull-request': 'box',
  image: 'box3d',
  environment: 'hexagon',
}

/** The lineage in Graphviz's language. Nodes are numbered, so nothing of users is ever an identifier. */
export const lineageDot = (document: LineageDocument): readonly string[] => {
  const names = new Map(document.nodes.map(({ id }, index) => [id, `n${index}`]))
  const nodes = document.nodes.map((node, index) => {
    const label = [nodeTitle(node), ...nodeDetails(node)].map(text => dotText(text)).join('\\n')
    return `  n${index} [label="${label}", shape=${shapes[node.kind]}];`
  })
  const edges = document.edges.flatMap(edge => {
    const [source, target] = [names.get(edge.from), names.get(edge.to)]
    const label = [edge.relation, edgeWords(edge)].flatMap(text => (text === null ? [] : [dotText(text)])).join('\\n')
    return source === undefined || target === undefined ? [] : [`  ${source} -> ${target} [label="${label}"];`]
  })
  return ['digraph lineage {', '  rankdir=LR;', ...nodes, ...edges, '}']
}
