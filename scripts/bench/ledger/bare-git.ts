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

/** The ref that bare git pushes to: it is put to the ledger's newest commit before every push. */
const baselineRef = 'refs/heads/bench-baseline'
const timeout = 600_000

/** Runs git as the ledger's adapter does; throws where it fails. */
const run = async (folder: string, argv: readonly string[], input?: string): Promise<string> => {
  const result = await runGit(argv, { folder, timeout, ...(input === undefined ? {} : { input }) })
  if (result.code !== 0) throw new Error(`git ${argv.join(' ')} ended with ${result.code}: ${result.stderr}`)
  return result.stdout.toString('utf8').trim()
}

/** A commit as large as the next append's, on what was fetched. */
const readyCommit = async (folder: string, state: LedgerState): Promise<string> => {
  const { commit } = commitOf(state, nextDecision(state.model, state))
  const entries: string[] = []
  for (const [name, content] of Object.entries(commit.files))
    entries.push(`100644 blob ${await run(folder, ['hash-object', '-w', '--stdin'], content)}\t${name}`)
  const tree = await run(folder, ['mktree'], `${entries.join('\n')}\n`)
  const who = ['-c', 'user.name=bench', '-c', 'user.email=bench@refline.invalid']
  return run(folder, [...who, 'commit-tree', tree, '-p', 'refs/fetched/head', '-m', 'bench'])
}

/**
 * Milliseconds of nothing but `git fetch --depth=1` into a repository that is there, and of nothing but `git push` of one ready commit from it. `state` is one of the ledger,
 * for the size of that commit.
 */
export const bareGit = async (
  at: { readonly remote: string; readonly bare: string; readonly temp: string },
  state: LedgerState,
): Promise<{ readonly fetch: number; readonly push: number }> => {
  const { decisions } = refsOf(state.model)
  await git(at.bare, ['update-ref', baselineRef, decisions])
  const folder = await mkdtemp(join(at.temp, 'bare-git-'))
  const fetching = [
    'fetch',
    '--quiet',
    '--no-tags',
    '--no-write-fetch-head',
    '--depth=1',
    '--',
    at.remote,
    `+${decisions}:refs/fetched/head`,
  ]
  try {
    await run(folder, ['init', '--quiet', '--bare', '--template=', '.'])
    const fetched = await timed(() => run(folder, fetching))
    const commit = await readyCommit(folder, state)
    const pushed = await timed(() => run(folder, ['push', '--quiet', '--no-verify', '--', at.remote, `${commit}:${baselineRef}`]))
    return { fetch: fetched.milliseconds, push: pushed.milliseconds }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Milliseconds of nothing but `git fetch` of whole refs, at once, into a repository that is there. */
export const bareFetch = async (at: { readonly remote: string; readonly temp: string }, refs: readonly string[]): Promise<number> => {
  const folder = await mkdtemp(join(at.temp, 'bare-git-'))
  const refspecs = refs.map((ref, index) => `+${ref}:refs/fetched/${index}`)
  try {
    await run(folder, ['init', '--quiet', '--bare', '--template=', '.'])
    return (await timed(() => run(folder, ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--', at.remote, ...refspecs])))
      .milliseconds
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
