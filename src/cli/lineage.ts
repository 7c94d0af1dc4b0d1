import { UserError } from '../core/errors.ts'
import { type LineageDocument, lineageOf } from '../core/lineage/views/lineage.ts'
import { modelOfRun, versionNamed } from '../core/lineage/views/show.ts'
import { lineageDot } from '../core/report/terminal/lineage-dot.ts'
import { lineageMermaid } from '../core/report/terminal/lineage-mermaid.ts'
import { lineageTree } from '../core/report/terminal/lineage-tree.ts'
import type { Work } from './commands.ts'
import { answer, readAll } from './look.ts'
import type { Terminal } from './terminal.ts'

const renderings: Readonly<Record<string, (document: LineageDocument, width: Terminal['width']) => readonly string[]>> = {
  tree: lineageTree,
  mermaid: lineageMermaid,
  dot: lineageDot,
}

/** Shows what a version was made from and what came of it. */
export const lineage: Work = async (typed, terminal) => {
  const what = typed.operands[0] ?? ''
  const { depth = '1', format = 'tree', model } = typed.options
  if (typed.flags.has('json') && typed.options.format !== undefined && format !== 'json')
    throw new UserError(`--json and --format ${format} ask for two formats: leave one out`)
  const { chronicle } = await readAll(typed, terminal, { asked: model === undefined ? (modelOfRun(what) ?? undefined) : undefined })
  const document = lineageOf(chronicle, versionNamed(chronicle, what), Number(depth))
  const flags = format === 'json' ? new Set([...typed.flags, 'json']) : typed.flags
  return answer({ ...typed, flags }, terminal, document, one => (renderings[format] ?? lineageTree)(one, terminal.width))
}
