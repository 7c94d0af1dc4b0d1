import { type CodeFile, composeCodeDigest } from '../../core/lineage/keys.ts'
import { explain, type GitResult, runGit, singleLine } from './command.ts'

const timeout = 120_000

const inCheckout = (workspace: string, argv: readonly string[], input?: string): Promise<GitResult> =>
  runGit(['-c', `safe.directory=*`, ...argv], { folder: workspace, timeout, ...(input === undefined ? {} : { input }) })

const isCheckout = async (workspace: string): Promise<boolean> =>
  (await inCheckout(workspace, ['rev-parse', '--is-inside-work-tree'])).stdout.toString('utf8').trim() === 'true'

const listed = async (workspace: string, argv: readonly string[], input?: string): Promise<string> => {
  const result = await inCheckout(workspace, argv, input)
  if (result.code !== 0) throw new Error(`git ${argv[0]}: ${explain(result)}`)
  return result.stdout.toString('utf8')
}

const entries = (text: string): string[] => text.split('\0').filter(entry => entry !== '')

/**
 * Digest of the tracked code below a folder as it lies there now: committed content by its object id, changed files by the content they have. `include`
 * and `exclude` are files, folders or globs relative to `workspace` (`*` stays within a folder, `**` does not); no `include` means everything. Null where
 * the folder is in no checkout. Untracked files are not code.
 */
export const codeDigest = async (settings: {
  readonly workspace: string
  readonly include: readonly string[]
  readonly exclude: readonly string[]
}): Promise<string | null> => {
  const { workspace } = settings
  if (!(await isCheckout(workspace))) return null
  const include = settings.include.length === 0 ? ['.'] : settings.include.map(path => (path === '.' ? '.' : `:(glob)${path}`))
  const paths = ['--', ...include, ...settings.exclude.map(path => `:(exclude,glob)${path}`)]
  const files = new Map<string, CodeFile>()
  for (const entry of entries(await listed(workspace, ['ls-files', '--stage', '-z', ...paths]))) {
    const [facts = '', path = ''] = [entry.slice(0, entry.indexOf('\t')), entry.slice(entry.indexOf('\t') + 1)]
    const [mode = '', id = ''] = facts.split(' ')
    files.set(path, { path, mode, id })
  }
  const deleted = new Set(entries(await listed(workspace, ['ls-files', '--deleted', '-z', ...paths])))
  const changed = entries(await listed(workspace, ['ls-files', '--modified', '-z', ...paths])).filter(path => !deleted.has(path))
  for (const path of deleted) files.delete(path)
  for (const path of new Set(changed)) {
    const mode = files.get(path)?.mode ?? '100644'
    if (mode === '160000') continue
    const id = (await listed(workspace, ['hash-object', '--', path])).trim()
    files.set(path, { path, mode, id })
  }
  return composeCodeDigest([...files.values()])
}

/** The commit that is checked out, or null outside a checkout and before the first commit. */
export const headCommit = async (workspace: string): Promise<string | null> => {
  const result = await inCheckout(workspace, ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'])
  const commit = result.stdout.toString('utf8').trim()
  return result.code === 0 && commit !== '' ? commit : null
}

/** The root of the checkout that a folder is in, or null where it is in none. */
export const checkoutRoot = async (folder: string): Promise<string | null> => {
  const result = await inCheckout(folder, ['rev-parse', '--show-toplevel'])
  const root = result.stdout.toString('utf8').replace(/\r?\n$/, '')
  return result.code === 0 && root !== '' ? root : null
}

/** `user.name` as git is configured for a folder, on one line; null where it is not. */
export const userName = async (folder: string): Promise<string | null> => {
  const result = await inCheckout(folder, ['config', '--get', 'user.name'])
  const name = singleLine(result.stdout.toString('utf8'), 100)
  return result.code === 0 && name !== '' ? name : null
}
