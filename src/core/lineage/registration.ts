import type { Assessment } from '../comparison/assessment.ts'
import { byteLength, canonicalJson } from './canonical.ts'
import type { EventOf, LedgerState } from './events.ts'
import { decidedBy } from './holdouts.ts'
import type { DigestedFile, RunRecord } from './run.ts'

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

/** A judged run whose files are published. */
export interface Publication {
  readonly assessment: Assessment
  readonly run: RunRecord
  /** Digest of manifest.json, and so of the model files alone. */
  readonly digest: string
  /** Of the model files. */
  readonly bytes: number
  readonly tag: string
  /** Commit of the ledger that the tag sits on; null where it sits on none. */
  readonly tagged: string | null
  readonly assets: readonly DigestedFile[]
  /** Digest of the rules it was judged by. */
  readonly policy: string
  /** Digest of result.json. */
  readonly result: string
}

/** The register event of a judged and published run, for this head of the ledger. */
export const registration = (published: Publication, head: LedgerState): EventOf<'register'> => {
  const { assessment, run } = published
  const holdout = assessment.holdout?.digest ?? null
  const rows = keptRows(assessment)
  return {
    kind: 'register',
    version: {
      version: head.versions + 1,
      run: run.run,
      digest: published.digest,
      tag: published.tag,
      ...(published.tagged === null ? {} : { tagged: published.tagged }),
      assets: [...published.assets],
      bytes: published.bytes,
      input: run.input,
      code: run.lineage.code,
      commit: run.lineage.commit,
      pull_request: run.created.pull_request,
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
      run,
      rows.map(({ metric }) => metric),
    ),
    verdict: assessment.verdict,
    decision: assessment.decision,
    champion: assessment.opponent.kind === 'first' ? null : assessment.opponent.version,
    policy: published.policy,
    result: published.result,
    override: assessment.override,
    ...(holdout === null ? {} : { decided: decidedBy(head, holdout) }),
  }
}
