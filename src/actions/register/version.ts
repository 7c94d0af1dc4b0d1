import type { Assessment } from '../../core/comparison/assessment.ts'
import { byteLength, canonicalJson, digest } from '../../core/lineage/canonical.ts'
import type { EventOf, LedgerState } from '../../core/lineage/events.ts'
import { decidedBy } from '../../core/lineage/holdouts.ts'
import type { RunRecord } from '../../core/lineage/run.ts'
import type { Published } from '../../ports/model-store.ts'
import type { Judged } from '../judge/gather.ts'

const mostMetrics = 60
/** That of a reported figure; whoever cut it shorter would not find it again. */
const longestName = 200
/** Bytes of a record that is at most 64 KB, of which the files of the version need most. */
const mostFigures = 16_384
const shortMessage = 120

const ofNames = <T>(values: Readonly<Record<string, T>>, names: ReadonlySet<string>): Record<string, T> =>
  Object.fromEntries(Object.entries(values).filter(([name]) => names.has(name)))

/** The run as the ledger keeps it: of a thousand reported figures only those that were judged. run.json, an asset of the version, has them all. */
const recordedRun = (run: RunRecord, judged: readonly string[]): RunRecord => {
  const { reported, reported_from: from = {}, checks = null } = run
  if (byteLength(canonicalJson({ reported, from, checks })) <= mostFigures) return run
  const names = new Set(judged)
  const findings = (checks?.findings ?? []).map(one => ({ ...one, message: one.message.slice(0, shortMessage).toWellFormed() }))
  return {
    ...run,
    reported: ofNames(reported, names),
    ...(run.reported_from === undefined ? {} : { reported_from: ofNames(from, names) }),
    ...(checks === null ? {} : { checks: { ...checks, metrics: ofNames(checks.metrics, names), findings } }),
  }
}

/** The rows whose figures the ledger keeps. Those that came without rows come first where there are too many: nothing else knows them when the next run is compared. */
const keptRows = ({ rows }: Assessment): Assessment['rows'] => {
  if (rows.length <= mostMetrics) return rows
  const isPoint = ({ challenger: { value, support } }: (typeof rows)[number]): boolean => value !== null && support === null
  const kept = new Set([...new Set([...rows.filter(isPoint), ...rows])].slice(0, mostMetrics))
  return rows.filter(row => kept.has(row))
}

/** The register event of a judged and published run, for this head of the ledger. */
export const registration = (
  judged: Judged,
  packed: { readonly digest: string; readonly bytes: number },
  published: Published,
  head: LedgerState,
): EventOf<'register'> => {
  const { assessment, run, rules } = judged
  const holdout = assessment.holdout?.digest ?? null
  const rows = keptRows(assessment)
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
      metrics: rows.map(({ metric, challenger }) => ({
        name: metric.slice(0, longestName),
        value: challenger.value,
        low: challenger.low,
        high: challenger.high,
      })),
      image: null,
    },
    record: recordedRun(
      run.record,
      rows.map(({ metric }) => metric),
    ),
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
