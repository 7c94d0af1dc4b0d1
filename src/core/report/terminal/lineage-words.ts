import type { LineageEdge, LineageNode, ParamChange } from '../../lineage/views/lineage.ts'
import { plainLine } from '../escape.ts'
import { moment } from './lines.ts'

const change = ({ name, before, after }: ParamChange): string =>
  `${plainLine(name, 60)} ${before === null ? '(none)' : plainLine(before, 60)} → ${after === null ? '(none)' : plainLine(after, 60)}`

/** Moments inside a text of ours, shortened as people read them. */
const momentsIn = (text: string): string => text.replace(/\d{4}-\d{2}-\d{2}T[\d:.]+Z/g, at => moment(at))

/** What stands for a node. Plain text on one line, not escaped for any format. */
export const nodeTitle = ({ kind, label }: LineageNode): string => {
  const name = plainLine(label, 200)
  switch (kind) {
    case 'commit':
      return `commit ${name.slice(0, 12)}`
    case 'pull-request':
      return `pull request ${name}`
    case 'run':
    case 'code':
      return `${kind} ${name}`
    default:
      return name
  }
}

const mostReaders = 10

const readers = (versions: readonly number[]): string => {
  const newest = versions.slice(-mostReaders).map(version => `v${version}`)
  return `${newest.join(', ')}${versions.length > newest.length ? ` and ${versions.length - newest.length} earlier` : ''}`
}

/** What is known of a node beside its name, in parts; none where there is nothing more. */
export const nodeDetails = ({ kind, note, digest, at, used_by: usedBy, changes }: LineageNode): readonly string[] => {
  const shown = changes.slice(0, 12).map(change)
  return [
    note === null ? null : plainLine(note, 200),
    kind === 'data' && digest !== null ? digest.slice(0, 12) : null,
    at === null ? null : moment(plainLine(at, 40)),
    usedBy.length > 1 ? `read by ${readers(usedBy)}` : null,
    shown.length === 0 ? null : shown.join(', '),
    changes.length > shown.length ? `and ${changes.length - shown.length} more` : null,
  ].filter(text => text !== null)
}

/** What an edge says: its relation, and more where there is more. */
export const edgeWords = ({ note }: LineageEdge): string | null => (note === null ? null : momentsIn(plainLine(note, 200)))
