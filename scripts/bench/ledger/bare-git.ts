import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { runGit } from '../../../src/adapters/git/command.ts'
import { refsOf } from '../../../src/adapters/git/ledger.ts'
import type { LedgerState } from '../../../src/core/lineage/events.ts'
import { git } from '../../../test/support/git-fixture.ts'
import { nextDecision } from './events.ts'
import { timed } from './figures.ts'
import { commitOf } from './generate.ts'

/** The ref that bare git pushes to: a copy of the ledger's, set back after every push. */
const baselineRef = 'refs/heads/bench-baseline'
const timeout = 600_000

/** Runs git as the ledger's adapter does; throws where it fails. */
const run = async (folder: string, argv: readonly string[], input?: string): Promise<string> => {
  const result = await runGit(argv, { folder, timeout, ...(input === undefined ? {} : { input }) })
  if (result.code !== 0) throw new Error(`git ${argv.join(' ')} ended with ${result.code}: ${result.stderr}`)
  return result.stdout.toString('utf8').trim()
}

/** A commit as large as the next append's. */
const readyCommit = async (folder: string, head: string, state: LedgerState): Promise<string> => {
  const { commit } = commitOf(state, nextDecision(state.model, state))
  const entries: string[] = []
  for (const [name, content] of Object.entries(commit.files))
    entries.push(`100644 blob ${await run(folder, ['hash-object', '-w', '--stdin'], content)}\t${name}`)
  const tree = await run(folder, ['mktree'], `${entries.join('\n')}\n`)
  return run(folder, ['-c', 'user.name=bench', '-c', 'user.email=bench@refline.invalid', 'commit-tree', tree, '-p', head, '-m', 'bench'])
}

/** Milliseconds of nothing but `git fetch --depth=1` into a fresh repository, and of `git push` of one ready commit from it. */
export const bareGit = async (
  at: { readonly remote: string; readonly bare: string; readonly temp: string },
  state: LedgerState,
): Promise<{ readonly fetch: number; readonly push: number }> => {
  const head = await git(at.bare, ['rev-parse', refsOf(state.model).decisions])
  await git(at.bare, ['update-ref', baselineRef, head])
  const folder = await mkdtemp(join(at.temp, 'bare-git-'))
  try {
    await run(folder, ['init', '--quiet', '--bare', '--template=', '.'])
    const refspec = `+${refsOf(state.model).decisions}:refs/fetched/head`
    const fetched = await timed(() =>
      run(folder, ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--depth=1', '--', at.remote, refspec]),
    )
    const commit = await readyCommit(folder, head, state)
    const pushed = await timed(() => run(folder, ['push', '--quiet', '--no-verify', '--', at.remote, `${commit}:${baselineRef}`]))
    return { fetch: fetched.milliseconds, push: pushed.milliseconds }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
