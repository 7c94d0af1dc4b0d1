import { execFile, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { chronicleOf } from '../../../../src/core/lineage/views/chronicle.ts'
import { type LineageDocument, lineageOf } from '../../../../src/core/lineage/views/lineage.ts'
import { dotText, lineageDot } from '../../../../src/core/report/terminal/lineage-dot.ts'
import { lineageMermaid, mermaidText } from '../../../../src/core/report/terminal/lineage-mermaid.ts'
import { lineageTree } from '../../../../src/core/report/terminal/lineage-tree.ts'
import { churnRecords } from '../../../support/churn-ledger.ts'

const hostile = [
  'plain',
  'a "quoted" name',
  '"]; evil --> n0; x["',
  '"]\nclick n0 href "javascript:alert(1)"',
  '`**bold** markdown`',
  '<img src=x onerror=alert(1)>',
  '#quot;#35;&quot;&#34;',
  '%%{init: {"theme":"dark"}}%%',
  'style n0 fill:#f00;',
  'classDef x fill:#f00;',
  'end',
  'subgraph x',
  '1. a list',
  '- a list',
  '\\',
  '\\"',
  '\\N \\G \\l \\n',
  '"]; } digraph evil { x',
  '{a|b}',
  '<<b>html</b>>',
  '::: class',
  '漢字 émoji 🚀',
  'zero\u200bwidth \u202eright to left',
] as const

/** What is left of a name on a line of its own: what may not be seen is taken out before any format sees it. */
const shown = (name: string): string =>
  name
    .replace(/\s+/g, ' ')
    .replace(/[\u200b\u202e]/g, '')
    .trim()

const documentWith = async (name: string): Promise<LineageDocument> => {
  const document = lineageOf(chronicleOf('churn', await churnRecords()), 2, 0)
  return {
    ...document,
    nodes: document.nodes.map(node => {
      if (node.kind === 'data') return { ...node, label: name, note: name }
      return node.kind === 'params' ? { ...node, changes: [{ name, before: name, after: null }] } : node
    }),
    edges: document.edges.map(edge => (edge.relation === 'live in' ? { ...edge, note: name } : edge)),
  }
}

/** Reads a flowchart as strictly as we write it: a head, nodes with one quoted label, edges with one quoted label. */
const readMermaid = (lines: readonly string[]): { readonly nodes: readonly string[]; readonly edges: number } => {
  const [head, ...rest] = lines
  expect(head).toBe('flowchart LR')
  const text = /^[\p{L}\p{N} .,:/()→…-]*$/u
  const labels: string[] = []
  let edges = 0
  for (const line of rest) {
    const [, label] = /^ {2}n\d+(?:\(\[|\[\(|\[\[|\{\{|\[)"([^"]*)"(?:\]\)|\)\]|\]\]|\}\}|\])$/.exec(line) ?? []
    const [, edge] = /^ {2}n\d+ -->\|"([^"]*)"\| n\d+$/.exec(line) ?? []
    const found = label ?? edge
    if (found === undefined) throw new Error(`no line of a flowchart: ${line}`)
    // Nothing but entities and the line breaks of ours is left beside plain text.
    expect(found.replaceAll('<br>', ' ').replace(/#\d+;/g, '')).toMatch(text)
    expect(line).not.toMatch(/style|classDef/i)
    if (label !== undefined) labels.push(label.replace(/#(\d+);/g, (_, point: string) => String.fromCodePoint(Number(point))))
    else edges += 1
  }
  return { nodes: labels, edges }
}

/** Reads what `dot -Tjson0` would: the tokens of the language, with quoted strings as Graphviz takes them apart. */
const readDot = (text: string): { readonly labels: readonly string[]; readonly statements: number } => {
  const labels: string[] = []
  const bare = text.replace(/"((?:[^"\\]|\\.)*)"/gs, (_, inside: string) => {
    labels.push(inside)
    return 'S'
  })
  expect(bare).toMatch(
    /^digraph lineage \{\n {2}rankdir=LR;\n( {2}n\d+ (-> n\d+ )?\[label=S(, shape=[a-z0-9]+)?(, style=rounded)?\];\n)*\}$/,
  )
  return { labels, statements: (bare.match(/;$/gm) ?? []).length }
}

describe('a lineage with hostile names', () => {
  test.each(hostile)('is a flowchart that shows exactly %j', async name => {
    const document = await documentWith(name)
    const { nodes, edges } = readMermaid(lineageMermaid(document))
    expect(edges).toBe(document.edges.length)
    expect(nodes).toHaveLength(document.nodes.length)
    expect(nodes.some(label => label.split('<br>')[0] === shown(name))).toBe(true)
  })

  test.each(hostile)('is a graph of DOT that shows exactly %j', async name => {
    const document = await documentWith(name)
    const { labels, statements } = readDot(lineageDot(document).join('\n'))
    expect(statements).toBe(1 + document.nodes.length + document.edges.length)
    const decoded = labels.flatMap(label =>
      label.split(/(?<!\\)(?:\\\\)*\\n/).map(part => part.replace(/\\(["\\])/g, '$1').replaceAll('&amp;', '&')),
    )
    // A backslash before a break of ours is one of the name's.
    expect(decoded.join('\n').includes(shown(name)) || labels.some(label => label.includes(dotText(shown(name))))).toBe(true)
  })

  test.each(hostile)('is a tree of one line for each thing with %j', async name => {
    const document = await documentWith(name)
    const lines = lineageTree(document, null)
    expect(lines).toHaveLength(document.nodes.length)
    expect(lines.join('')).not.toMatch(/[\n\u200b\u202e]/)
    expect(lines.some(line => line.includes(`read ${shown(name)}`))).toBe(true)
  })
})

test('Graphviz reads it, where it is installed', async ({ skip }) => {
  skip(spawnSync('dot', ['-V']).status !== 0, 'dot is not installed here; the reader above stands for it')
  const document = await documentWith('"]; } digraph evil { x [label="\\N &lt;')
  const run = promisify(execFile)('dot', ['-Tjson0'])
  run.child.stdin?.end(lineageDot(document).join('\n'))
  const graph = JSON.parse((await run).stdout) as {
    readonly name: string
    readonly objects: readonly unknown[]
    readonly edges: readonly unknown[]
  }
  expect(graph.name).toBe('lineage')
  expect(graph.objects).toHaveLength(document.nodes.length)
  expect(graph.edges).toHaveLength(document.edges.length)
})

describe('text in labels', () => {
  test('is cut where it is long, before it is escaped', () => {
    expect(mermaidText('"'.repeat(500), 4)).toBe('#34;#34;#34;…')
    expect(dotText('"'.repeat(500), 4)).toBe('\\"\\"\\"…')
  })
})

test('a tree is cut to the width of a terminal', async () => {
  const document = await documentWith('a'.repeat(150))
  for (const line of lineageTree(document, 60)) expect(line.length).toBeLessThanOrEqual(60)
  expect(lineageTree(document, 60).some(line => line.endsWith('…'))).toBe(true)
})
