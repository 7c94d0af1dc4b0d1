import { digest } from '../../core/lineage/canonical.ts'
import type { EventOf, LedgerState } from '../../core/lineage/events.ts'
import { decidedBy } from '../../core/lineage/holdouts.ts'
import type { Published } from '../../ports/model-store.ts'
import type { Judged } from '../judge/gather.ts'

const mostMetrics = 60

/** The register event of a judged and published run, for this head of the ledger. */
export const registration = (
  judged: Judged,
  packed: { readonly digest: string; readonly bytes: number },
  published: Published,
  head: LedgerState,
): EventOf<'register'> => {
  const { assessment, run, rules } = judged
  const holdout = assessment.holdout?.digest ?? null
  const stored = published.assets.find(asset => asset.path === 'result.json')
  return {
    kind: 'register',
    version: {
      version: head.versions + 1,
      run: run.record.run,
      digest: packed.digest,
      tag: published.tag,
      assets: [...published.assets],
      bytes: packed.bytes,
      input: run.record.input,
      code: run.record.lineage.code,
      commit: run.record.lineage.commit,
      pull_request: run.record.created.pull_request,
      holdout,
      metrics: assessment.rows.slice(0, mostMetrics).map(({ metric, challenger }) => ({
        name: metric.slice(0, 80),
        value: challenger.value,
        low: challenger.low,
        high: challenger.high,
      })),
      image: null,
    },
    record: run.record,
    verdict: assessment.verdict,
    decision: assessment.decision,
    champion: assessment.opponent.kind === 'first' ? null : assessment.opponent.version,
    policy: rules.policy.digest,
    // Where a release of the same bytes was there already, its result is the one that was published then.
    result: stored?.sha256 ?? digest(judged.result.text),
    override: assessment.override,
    ...(holdout === null ? {} : { decided: decidedBy(head, holdout) }),
  }
}
