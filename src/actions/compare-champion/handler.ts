import { comparisonFailure } from '../../core/comparison/gate-failure.ts'
import type { Outcome } from '../../kernel/action.ts'
import { type JudgeRequest, judge } from '../judge/gather.ts'
import { type PublishPorts, publish } from '../judge/publish.ts'
import type { spec } from './spec.ts'

/** Compares and reports. Unless `fail-on` asks for it, it never fails because of what it finds: that is the gate's part, so that a red check always has its report. */
export const compareChampion = async (
  request: JudgeRequest & { readonly comment: 'auto' | 'off'; readonly failOn?: 'never' | 'worse' | 'inconclusive' },
  ports: PublishPorts,
): Promise<Outcome<(typeof spec)['outputs']>> => {
  const judged = await judge(request, ports)
  const commentUrl = await publish(judged, ports, request.comment)
  const { assessment } = judged
  const failure = comparisonFailure(assessment, request.failOn ?? 'never')
  const differences = assessment.rows.flatMap(({ metric, difference }) =>
    difference === null
      ? []
      : [[metric, { value: difference.value, low: difference.low, high: difference.high, p: difference.p }] as const],
  )
  return {
    outputs: {
      decision: assessment.decision,
      champion: assessment.opponent.kind === 'first' ? '' : (assessment.opponent.version ?? ''),
      differences: Object.fromEntries(differences),
      commentUrl,
      reason: assessment.headline,
      result: judged.result.path,
    },
    ...(failure === null ? {} : { failure }),
  }
}
