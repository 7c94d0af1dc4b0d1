import { UserError } from '../../core/errors.ts'
import { digest } from '../../core/lineage/canonical.ts'
import type { LedgerRecord, LedgerState } from '../../core/lineage/events.ts'
import { decodeRecord, foldRecords, verifyState } from '../../core/lineage/verify.ts'
import type { Repository } from './repository.ts'

const untrusted = (model: string, sentence: string): UserError =>
  new UserError(`The ledger of ${model} cannot be trusted: ${sentence}. \`refline verify\` tells more.`)

/** A whole ledger. `evidence`: what is kept beside the records of looks, by digest. */
export interface WholeHistory {
  readonly records: readonly LedgerRecord[]
  readonly state: LedgerState
  readonly evidence: ReadonlyMap<string, string>
}

/** All records up to a commit whose history was fetched whole, their evidence, and the state that follows from them. Throws a UserError where the chain is broken anywhere. */
export const wholeHistory = async (repository: Repository, model: string, tip: string | null): Promise<WholeHistory> => {
  if (tip === null) return { ...foldRecords(model, []), evidence: new Map() }
  const history = await repository.history(tip)
  const commits = history.map(([id]) => id as string)
  for (const [index, [id, ...parents]] of history.entries())
    if (parents.length !== Math.min(index, 1) || (index > 0 && parents[0] !== commits[index - 1]))
      throw untrusted(model, `commit ${id?.slice(0, 12)} does not follow the one before it alone`)
  const texts = await repository.read([...commits.map(id => `${id}:record.json`), `${tip}:state.json`])
  const folded = foldRecords(
    model,
    texts.slice(0, commits.length).map(text => text ?? ''),
  )
  verifyState(folded.state, texts.at(-1) ?? '')
  return { ...folded, evidence: await readEvidence(repository, folded.records, commits) }
}

const readEvidence = async (
  repository: Repository,
  records: readonly LedgerRecord[],
  commits: readonly string[],
): Promise<ReadonlyMap<string, string>> => {
  const wanted = records.flatMap((record, index) =>
    record.events.flatMap(event =>
      event.kind === 'evidence' && event.evidence !== null ? [{ record, sha256: event.evidence, commit: commits[index] }] : [],
    ),
  )
  const texts = await repository.read(wanted.map(({ commit }) => `${commit}:evidence.json`))
  const found = new Map<string, string>()
  for (const [index, { record, sha256 }] of wanted.entries()) {
    const text = texts[index]
    if (typeof text !== 'string' || digest(text) !== sha256)
      throw untrusted(record.model, `the evidence of seq ${record.seq} is missing or was changed`)
    found.set(sha256, text)
  }
  return found
}

/**
 * The record at a seq below a head that was read and verified, with the chain checked from the head down to it. Null where fewer commits were fetched than lie
 * between them. Throws a UserError where the chain is broken.
 */
export const recordBelow = async (
  repository: Repository,
  model: string,
  head: { readonly commit: string; readonly state: LedgerState },
  seq: number,
): Promise<LedgerRecord | null> => {
  const commits = (await repository.history(head.commit)).map(([id]) => id).toReversed()
  const steps = head.state.seq - seq
  if (commits.length <= steps) return null
  const texts = await repository.read(commits.slice(0, steps + 1).map(id => `${id}:record.json`))
  let expected = head.state.head
  for (const text of texts) {
    if (typeof text !== 'string' || digest(text) !== expected) throw untrusted(model, `its chain is broken below seq ${head.state.seq}`)
    expected = decodeRecord(model, text).prev
  }
  return decodeRecord(model, texts[steps] as string)
}
