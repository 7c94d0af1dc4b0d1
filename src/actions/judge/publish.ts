import { UserError } from '../../core/errors.ts'
import { commentMarker } from '../../core/report/marker.ts'
import { within } from '../../kernel/failpoint.ts'
import type { Comments, Summary } from '../../ports/report.ts'
import type { Judged, JudgePorts } from './gather.ts'
import { commentOf, logLinesOf } from './report.ts'

export interface PublishPorts extends JudgePorts {
  readonly summary: Summary
  /** Null without a repository on GitHub or without a token. */
  readonly comments: Comments | null
}

/**
 * Prints the answer, writes the job summary and, on a pull request, puts up its one comment. Never fails because of the comment: not allowed or not answered, the report is in the summary, and the answer must reach its outputs. Returns the comment's URL or ''.
 */
export const publish = async (judged: Judged, ports: PublishPorts, comment: 'auto' | 'off'): Promise<string> => {
  for (const line of logLinesOf(judged)) ports.log.info(line)
  const body = commentOf(judged, ports.context)
  await within(ports.failpoint, 'report-summary', () => ports.summary.write(body))
  const { pullRequest, workflow } = ports.context
  const { comments } = ports
  if (comment === 'off' || pullRequest === null || comments === null) return ''
  const answer = await within(ports.failpoint, 'report-comment', () =>
    comments.upsert(pullRequest, markerOf(judged, workflow ?? ''), body).catch((error: unknown) => {
      if (!(error instanceof UserError)) throw error
      return { denied: error.message }
    }),
  )
  if ('url' in answer) {
    ports.log.info(`Comment: ${answer.url}`)
    return answer.url
  }
  ports.log.warning(`no comment on pull request ${pullRequest}: ${answer.denied}; the report is in the job summary`)
  return ''
}

/** A comparison with anything but the champion has a comment of its own, so that it does not take the place of the answer that decides. */
const markerOf = ({ rules, assessment: { opponent } }: Judged, workflow: string): string => {
  const asked = opponent.kind === 'first' ? undefined : opponent.asked
  return commentMarker(rules.name, asked === undefined ? workflow : `${workflow} ${asked}`)
}
