import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { explain, runGit } from './command.ts'
import { identity } from './repository.ts'

const timeout = 60_000

/**
 * Of tags on commits that are not in a ledger those whose commit carries the ledger's name. Only the commits themselves are asked for, where the server can filter:
 * the tag of a first version sits on a commit of the code, which may be large.
 */
export const ledgerTags = async (
  settings: { readonly remote: string; readonly environment: Readonly<Record<string, string>>; readonly temp?: string },
  tags: ReadonlyMap<string, string>,
): Promise<ReadonlySet<string>> => {
  if (tags.size === 0) return new Set()
  const folder = await mkdtemp(join(settings.temp ?? tmpdir(), 'refline-tags-'))
  const git = async (argv: readonly string[], input = ''): Promise<string> => {
    const result = await runGit(argv, { folder, environment: settings.environment, timeout, input })
    if (result.code !== 0) throw new Error(`git ${argv[0]}: ${explain(result)}`)
    return result.stdout.toString('utf8')
  }
  try {
    await git(['init', '--quiet', '--bare', '--template=', '.'])
    const found = new Set<string>()
    const names = [...tags.keys()]
    for (let from = 0; from < names.length; from += 200) {
      const part = names.slice(from, from + 200)
      await git([
        'fetch',
        '--quiet',
        '--no-tags',
        '--no-write-fetch-head',
        '--depth=1',
        '--filter=tree:0',
        '--',
        settings.remote,
        ...part.map(name => `+${name}:${name}`),
      ])
    }
    // The second pair is of what an annotated tag points to.
    const committers = ['', '*'].map(at => `%(${at}committername) %(${at}committeremail)`).join('%00')
    const shown = await git(['for-each-ref', `--format=%(refname)%00${committers}`])
    for (const line of shown.split('\n')) {
      const [name = '', ...by] = line.split('\0')
      if (by.includes(identity)) found.add(name)
    }
    return found
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
