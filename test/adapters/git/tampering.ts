import { spawnSync } from 'node:child_process'
import { commitMessage } from '../../../src/adapters/git/ledger.ts'
import type { LedgerRecord } from '../../../src/core/lineage/events.ts'
import { emptyState, fold } from '../../../src/core/lineage/fold.ts'
import { encodeRecord, encodeState } from '../../../src/core/lineage/verify.ts'
import { gitEnvironment } from '../../support/git-fixture.ts'

// What somebody who may push can do to a ledger with plain git: nothing here asks Refline's own protocol.

export const decisions = 'refs/refline/models/churn/decisions'

/** A commit as an attacker takes it apart and puts it together again. */
export interface Loose {
  readonly files: Readonly<Record<string, string>>
  readonly message: string
  /** `name <mail>` of author and committer. */
  readonly author: string
  readonly committer: string
  readonly seconds: number
}

export const run = (bare: string, argv: readonly string[], input = ''): string => {
  const { status, stdout, stderr } = spawnSync('git', argv, {
    cwd: bare,
    env: gitEnvironment(),
    input,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  })
  if (status !== 0) throw new Error(`git ${argv.join(' ')}: ${stderr}`)
  return stdout
}

/** The ledger taken apart, oldest first. */
export const takeApart = (bare: string, tip = decisions): readonly Loose[] =>
  run(bare, ['rev-list', '--reverse', '--first-parent', tip])
    .trim()
    .split('\n')
    .map(id => {
      const names = run(bare, ['ls-tree', '--name-only', id]).trim().split('\n')
      const [author = '', committer = '', seconds = '', message = ''] = run(bare, [
        'log',
        '-1',
        '--format=%an <%ae>%x00%cn <%ce>%x00%at%x00%B',
        id,
      ]).split('\0')
      return {
        files: Object.fromEntries(names.map(name => [name, run(bare, ['cat-file', 'blob', `${id}:${name}`])])),
        message: message.replace(/\n$/, ''),
        author,
        committer,
        seconds: Number(seconds),
      }
    })

/** Puts commits together on `parent` and moves the ref there, forced. Returns their ids. */
export const putTogether = (bare: string, commits: readonly Loose[], parent: string | null = null, ref = decisions): readonly string[] => {
  const data = (text: string): string => `data ${Buffer.byteLength(text)}\n${text}\n`
  const script = commits.map(({ files, message, author, committer, seconds }, index) => {
    const from = index > 0 ? `from :${index}\n` : parent === null ? '' : `from ${parent}\n`
    const listed = Object.entries(files).map(([name, text]) => `M 100644 inline ${name}\n${data(text)}`)
    return `commit refs/forged/x\nmark :${index + 1}\nauthor ${author} ${seconds} +0000\ncommitter ${committer} ${seconds} +0000\n${data(message)}${from}deleteall\n${listed.join('')}\n`
  })
  const marks = commits.map((_, index) => `get-mark :${index + 1}\n`).join('')
  // Its ref begins anew, so that the first commit has the parent that was asked for and no other.
  const reset = 'reset refs/forged/x\n\n'
  const ids = run(bare, ['fast-import', '--quiet', '--force', '--done', '--cat-blob-fd=1'], `${reset}${script.join('')}${marks}done\n`)
    .trim()
    .split('\n')
  run(bare, ['update-ref', ref, ids.at(-1) as string])
  return ids
}

export const recordOf = ({ files }: Loose): LedgerRecord => JSON.parse(files['record.json'] ?? '') as LedgerRecord

/** A well-formed commit for a record: the identity, the date, the trailers, everything as Refline writes it. */
export const wellFormed = (record: LedgerRecord, state: string, subject = 'a change'): Loose => ({
  files: { 'record.json': encodeRecord(record).text, 'state.json': state },
  message: commitMessage(subject, record),
  author: 'refline <refline@refline.invalid>',
  committer: 'refline <refline@refline.invalid>',
  seconds: Math.floor(Date.parse(record.writer.at) / 1000),
})

/** A consistent ledger of these records: numbers, predecessors, states, messages and dates are made anew, so that nothing in it contradicts anything else. */
export const consistent = (records: readonly (LedgerRecord & { readonly evidence?: string })[]): readonly Loose[] => {
  let state = emptyState('churn')
  return records.map(({ evidence, ...record }) => {
    const next = { ...record, seq: state.seq + 1, prev: state.head } as LedgerRecord
    state = fold(state, next, encodeRecord(next).digest)
    const made = wellFormed(next, encodeState(state))
    return evidence === undefined ? made : { ...made, files: { ...made.files, 'evidence.json': evidence } }
  })
}

/** The records of a ledger with their evidence. */
export const recordsOf = (chain: readonly Loose[]) =>
  chain.map(loose => ({
    ...recordOf(loose),
    ...(loose.files['evidence.json'] === undefined ? {} : { evidence: loose.files['evidence.json'] }),
  }))
