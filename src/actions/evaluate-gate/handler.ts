import type { Assessment } from '../../core/comparison/assessment.ts'
import type { Outcome } from '../../kernel/action.ts'
import type { JudgedFiles } from '../judge/files.ts'
import { gateFailure, type JudgeRequest, judge } from '../judge/gather.ts'
import { type PublishPorts, publish } from '../judge/publish.ts'
import type { spec } from './spec.ts'

/** Judges and fails where the gate does not pass, after the report is up and the outputs are known. */
export const evaluateGate = async (
  request: JudgeRequest & JudgedFiles & { readonly comment: 'auto' | 'off' },
  ports: PublishPorts,
): Promise<Outcome<(typeof spec)['outputs']>> => {
  const { predictions, metrics: reported } = request
  const judged = await judge({ ...request, files: { predictions, metrics: reported } }, ports)
  await publish(judged, ports, request.comment)
  const { assessment } = judged
  const failure = gateFailure(judged)
  const metrics = assessment.rows.map(
    ({ metric, challenger }) =>
      [metric, { value: challenger.value, low: challenger.low, high: challenger.high, rows: challenger.support }] as const,
  )
  return {
    outputs: {
      verdict: assessment.verdict,
      failed: failedOf(assessment),
      metrics: Object.fromEntries(metrics),
      reason: assessment.headline,
      result: judged.result.path,
    },
    ...(failure === null ? {} : { failure }),
  }
}

const failedOf = (assessment: Assessment): string[] => [
  ...assessment.rows.filter(row => row.verdict === 'fail').map(row => row.metric),
  ...assessment.slices.filter(slice => slice.verdict === 'fail').map(slice => `${slice.metric} [${slice.column}=${slice.value}]`),
  ...assessment.fairness.filter(measure => measure.verdict === 'fail').map(measure => `${measure.measure} [${measure.column}]`),
  ...assessment.findings.filter(finding => finding.severity === 'error').map(finding => `check ${finding.check}`),
]
