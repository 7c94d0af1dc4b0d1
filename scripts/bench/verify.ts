import { execFile, execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { readForAudit, signing } from '../../src/adapters/git/audit-source.ts'
import { commitMessage } from '../../src/adapters/git/ledger.ts'
import { temporaryRepository } from '../../src/adapters/git/repository.ts'
import { systemClock } from '../../src/adapters/runner/clock.ts'
import { audit } from '../../src/core/lineage/audit/audit.ts'
import { auditLines } from '../../src/core/lineage/audit/report.ts'
import type { LedgerEvent } from '../../src/core/lineage/events.ts'
import { emptyState, fold } from '../../src/core/lineage/fold.ts'
import { encodeRecord, encodeState } from '../../src/core/lineage/verify.ts'
import { registerEvent } from '../../test/core/lineage/events-for-tests.ts'
import { bareRepository } from '../../test/support/git-fixture.ts'
import { startGitHttp } from '../../test/support/git-http.ts'

// How long `refline verify` takes on an untouched ledger over smart HTTP on the loopback address, fetch included, beside a bare `git fetch` of the same ref.

const events = Number(process.argv[2] ?? 10_000)
/** A folder to keep the made ledger in, for another round on the same one. */
const kept = process.argv[3]
const root = kept ?? mkdtempSync(join(tmpdir(), 'refline-bench-verify-'))
const ref = 'refs/refline/models/churn/decisions'

/** Every fifth event registers a version, the others move an alias, as in a repository whose models are registered and promoted by hand. */
const eventsAt = (seq: number, versions: number, champion: number | null, shadow: number | null): LedgerEvent[] => {
  if (seq % 5 === 1) {
    const id = String(versions + 1).padStart(12, '0')
    return [registerEvent(versions + 1, 'churn', { digest: id.padEnd(64, 'd'), tag: `refline/churn/${id}` })]
  }
  return seq % 2 === 0
    ? [{ kind: 'alias', alias: 'champion', from: champion, to: versions }]
    : [{ kind: 'alias', alias: 'shadow', from: shadow, to: versions }]
}

const build = async (bare: string): Promise<void> => {
  const repository = temporaryRepository({ remote: bare, environment: {} })
  let state = emptyState('churn')
  let parent: string | null = null
  const start = Date.parse('2025-01-01T00:00:00.000Z')
  for (let from = 1; from <= events; from += 500) {
    const chain = []
    for (let seq = from; seq < Math.min(from + 500, events + 1); seq += 1) {
      const at = new Date(start + seq * 3_600_000).toISOString()
      const record = {
        schema: 2 as const,
        release: '0.2.0',
        model: 'churn',
        seq,
        prev: state.head,
        request: `story:-:${seq}:${1000 + seq}`,
        writer: {
          at,
          actor: 'ann',
          workflow_run: String(1000 + seq),
          workflow: 'acme/churn/.github/workflows/release.yml@refs/heads/main',
          commit: 'c'.repeat(40),
        },
        events: eventsAt(seq, state.versions, state.aliases.champion ?? null, state.aliases.shadow ?? null),
      }
      const encoded = encodeRecord(record)
      state = fold(state, record, encoded.digest)
      chain.push({
        files: { 'record.json': encoded.text, 'state.json': encodeState(state) },
        message: commitMessage(`event ${seq}`, record),
        seconds: Math.floor(Date.parse(at) / 1000),
      })
    }
    const ids: readonly string[] = await repository.commit(chain, parent)
    parent = ids.at(-1) ?? null
    await repository.push(parent as string, ref, 60_000)
  }
  const versions = Math.ceil(events / 5)
  const ids = execFileSync('git', ['rev-list', '--reverse', ref], { cwd: bare, encoding: 'utf8' }).trim().split('\n')
  execFileSync('git', ['update-ref', '--stdin'], {
    cwd: bare,
    input: Array.from(
      { length: versions - 1 },
      (_, index) => `create refs/tags/refline/churn/${String(index + 2).padStart(12, '0')} ${ids[index * 5 + 4]}\n`,
    ).join(''),
  })
  // As in every repository, the first version was published before there was a ledger: on a commit of the code.
  const tree = execFileSync('git', ['mktree'], { cwd: bare, input: '', encoding: 'utf8' }).trim()
  const code = execFileSync('git', ['-c', 'user.name=ann', '-c', 'user.email=ann@example.com', 'commit-tree', '-m', 'code', tree], {
    cwd: bare,
    encoding: 'utf8',
  })
  execFileSync('git', ['update-ref', `refs/tags/refline/churn/${'1'.padStart(12, '0')}`, code.trim()], { cwd: bare })
  execFileSync('git', ['repack', '-adq'], { cwd: bare })
}

const seconds = async (work: () => Promise<unknown>): Promise<number> => {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}

try {
  const bare = join(root, 'acme', 'churn.git')
  if (!existsSync(bare)) {
    await bareRepository(bare)
    await build(bare)
  }
  await using server = await startGitHttp(root)
  const remote = `${server.url}/acme/churn.git`
  const into = `+${ref}:refs/x`
  execFileSync('git', ['init', '--quiet', '--bare', join(root, 'plain.git')])
  const plain = await seconds(() =>
    promisify(execFile)('git', ['fetch', '--quiet', '--no-tags', remote, into], { cwd: join(root, 'plain.git') }),
  )
  const rounds = []
  for (let round = 0; round < 3; round += 1) {
    let read = 0
    let lines: readonly string[] = []
    const whole = await seconds(async () => {
      let material: Awaited<ReturnType<typeof readForAudit>> | null = null
      read = await seconds(async () => {
        material = await readForAudit({ remote, environment: {}, clock: systemClock, random: Math.random }, 'churn')
      })
      if (material === null) throw new Error('nothing was read')
      lines = auditLines(
        audit({ ...(material as Awaited<ReturnType<typeof readForAudit>>), releases: null, workflowRuns: null }, signing),
        0,
      )
    })
    rounds.push({ whole, read })
    if (round === 0) console.log(lines.slice(0, 5).join('\n'))
  }
  const best = rounds.sort((a, b) => a.whole - b.whole)[1] ?? rounds[0]
  console.log(
    `${events} events: ${best?.whole.toFixed(2)} s (reading ${best?.read.toFixed(2)} s), a bare git fetch of it ${plain.toFixed(2)} s: ${((best?.whole ?? 0) / plain).toFixed(1)} x`,
  )
} finally {
  rmSync(kept === undefined ? root : join(root, 'plain.git'), { recursive: true, force: true })
}
