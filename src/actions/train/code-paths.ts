import { posix } from 'node:path'
import type { ModelConfiguration } from '../../core/configuration/schema.ts'

/**
 * Which tracked files are a model's code: `train.code` where it is given, else its folder and what it shares, else the whole repository without Markdown, `.github` and
 * refline.yml. The data are never code: "the same code, newer data" must be told apart from a change. Paths are relative to the repository.
 */
export const codePaths = (
  model: ModelConfiguration,
  config: string,
): { readonly include: readonly string[]; readonly exclude: readonly string[] } => {
  const inFolder = (path: string): string => posix.normalize(posix.join(model.path ?? '.', path)).replace(/\/+$/, '')
  const data = (model.train?.data ?? []).map(inFolder).filter(path => !path.startsWith('../') && !path.startsWith('/'))
  if (model.train?.code !== undefined) return { include: model.train.code.map(inFolder), exclude: data }
  const include = model.path === undefined ? [] : [inFolder('.'), ...(model.shared ?? [])]
  return { include, exclude: ['**/*.md', '.github', config, ...data] }
}
