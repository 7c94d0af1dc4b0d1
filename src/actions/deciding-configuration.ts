import { join } from 'node:path'
import { readText } from '../adapters/files/text.ts'
import { statusOf } from '../adapters/github/errors.ts'
import type { RunnerContext } from '../adapters/runner/context.ts'
import { parseConfiguration } from '../core/configuration/parse.ts'
import type { StoreConfiguration } from '../core/configuration/schema.ts'
import { UserError } from '../core/errors.ts'
import type { Forge } from '../ports/forge.ts'
import { isProposal } from './deciding-ref.ts'

/**
 * The configuration of the commit itself: what a training script has made of the file in the checkout, in an earlier step of the same job, decides nothing. Null
 * where GitHub is not asked or does not know the commit.
 */
export const committedText = async (context: RunnerContext, forge: Forge | null, config: string): Promise<string | null> => {
  if (forge === null || context.commit === null) return null
  try {
    return await forge.fileAt(config, context.commit)
  } catch (error) {
    if (statusOf(error) === 404) return null
    throw error
  }
}

/** The commit of the base branch that a proposed change is judged by. Throws a UserError where it cannot be told. */
export const baseCommit = async (context: RunnerContext, forge: Forge | null): Promise<string> => {
  if (forge === null) throw new UserError('the rules of the base branch cannot be read without a token: give the input `token`')
  if (context.event === 'merge_group' && context.mergeGroupBase !== null) return context.mergeGroupBase
  if (context.commit === null) throw new UserError('GITHUB_SHA is not set, so the base branch whose rules count cannot be found')
  return forge.firstParent(context.commit)
}

/**
 * The store that the models are in, by the same file as the rules: of the base branch for a proposed change, else of the commit, else of the checkout. A change must not
 * choose it: with a store of its own, a pull request would hide the champion that it is compared with, or show an empty one as proof that its version is the first. So
 * where the base has no configuration the store is GitHub's, whatever the change says.
 */
export const storeSettings = async (context: RunnerContext, forge: Forge | null, config: string): Promise<StoreConfiguration> => {
  if (isProposal(context)) {
    const base = await baseCommit(context, forge)
    const text = await (forge as Forge).fileAt(config, base)
    return text === null ? { kind: 'github' } : parseConfiguration(text, `${config} (base ${base.slice(0, 7)})`).store
  }
  const text = (await committedText(context, forge, config)) ?? (await readText(join(context.workspace, config), config, { links: false }))
  return text === null ? { kind: 'github' } : parseConfiguration(text, config).store
}
