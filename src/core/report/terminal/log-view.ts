import type { LogDocument } from '../../lineage/views/log.ts'
import { plainLine } from '../escape.ts'
import { formatCount } from '../numbers.ts'
import { moment } from './lines.ts'

/** The file's name of `owner/name/.github/workflows/model-release.yml@refs/heads/main`. */
const workflowName = (reference: string): string => /([^/@]+)@/.exec(reference)?.[1] ?? reference

/** Who wrote it: `ada, workflow run 100 (model-release.yml)`. */
export const whoWords = (who: {
  readonly actor: string | null
  readonly workflow_run: string | null
  readonly workflow?: string | null
}): string => {
  const { actor, workflow_run: run, workflow = null } = who
  const name = workflow === null ? '' : ` (${plainLine(workflowName(workflow), 60)})`
  const parts = [actor === null ? null : plainLine(actor, 100), run === null ? null : `workflow run ${plainLine(run, 60)}${name}`]
  return parts.filter(part => part !== null).join(', ') || 'by nobody that is known'
}

/** The log as lines, newest first: a line for each record, below it one for each of its events. Times are UTC. */
export const logLines = (document: LogDocument): readonly string[] => {
  const { model, records, left_out: leftOut, older } = document
  if (records.length === 0) return [`${model}: ${document.records_in_ledger === 0 ? 'the ledger has no record' : 'no record matches'}`]
  const notes = [
    older === 0 ? null : `${formatCount(older)} older not shown: --last ${records.length + older} or --all shows them`,
    leftOut === 0 ? null : `${formatCount(leftOut)} with looks at rollouts only not shown: --all shows them`,
  ].filter(note => note !== null)
  return [
    ...records.flatMap(record => [
      `${moment(record.at)}  seq ${record.seq}  ${whoWords(record)}`,
      ...record.events.map(({ words }) => `    ${words}`),
    ]),
    ...notes,
  ]
}
