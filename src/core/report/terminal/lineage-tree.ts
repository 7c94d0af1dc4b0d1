import type { LineageDocument, LineageNode } from '../../lineage/views/lineage.ts'
import { plainLine } from '../escape.ts'
import { edgeWords, nodeDetails, nodeTitle } from './lineage-words.ts'
import { cut, type Width } from './lines.ts'

/** The lineage as a tree of lines: what it was made from, what it was judged against, what came of it, and the versions judged against it. */
export const lineageTree = (document: LineageDocument, width: Width): readonly string[] => {
  const nodes = new Map(document.nodes.map(node => [node.id, node]))
  const root = `v${document.version}`
  const line = (node: LineageNode, edge: string | null = null): string =>
    [nodeTitle(node), ...(edge === null ? [] : [edge]), ...nodeDetails(node)].join('  ')

  const below = (id: string, indent: string, path: readonly string[]): readonly string[] => {
    const out = document.edges.filter(({ from, to }) => from === id && !path.includes(to))
    const into = id === root ? document.edges.filter(({ to }) => to === root) : []
    const children = [
      ...out.map(edge => ({ id: edge.to, words: edge.relation, note: edgeWords(edge), descend: true })),
      ...into.map(({ from }) => ({ id: from, words: 'judged against it later:', note: null, descend: false })),
    ]
    return children.flatMap(({ id: child, words, note, descend }, index) => {
      const node = nodes.get(child)
      if (node === undefined) return []
      const last = index === children.length - 1
      return [
        `${indent}${last ? '└─ ' : '├─ '}${words} ${line(node, note)}`,
        ...(descend ? below(child, `${indent}${last ? '   ' : '│  '}`, [...path, child]) : []),
      ]
    })
  }
  const first = nodes.get(root)
  const lines = [`${plainLine(document.model, 60)} ${first === undefined ? root : line(first)}`, ...below(root, '', [root])]
  const more = document.more_judged_against_it
  if (more > 0) lines.push(`and ${more} more were judged against it`)
  return width === null ? lines : lines.map(text => cut(text, width))
}
