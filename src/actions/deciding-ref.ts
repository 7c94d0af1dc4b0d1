import type { RunnerContext } from '../adapters/runner/context.ts'
import { UserError } from '../core/errors.ts'
import type { Forge } from '../ports/forge.ts'

/**
 * Whether what is checked out is what somebody proposes. By the event, and by the ref too: a review of a pull request, for one, is an event of its own, and what is
 * checked out then is the pull request's.
 */
export const isProposal = (context: Pick<RunnerContext, 'event' | 'ref'>): boolean =>
  /^(pull_request|merge_group)/.test(context.event ?? '') || /^refs\/pull\//.test(context.ref ?? '')

/**
 * Refuses to decide anything from an unmerged change, and from any ref but the default branch or the one that the workflow allows. `words` open the sentences:
 * "traffic is not moved on" and "traffic is moved".
 */
export const requireDecidingRef = async (
  context: Pick<RunnerContext, 'ref' | 'event' | 'defaultBranch'>,
  forge: Pick<Forge, 'defaultBranch'> | null,
  allowRef: string | undefined,
  words: { readonly refused: string; readonly done: string },
): Promise<void> => {
  if (isProposal(context))
    throw new UserError(`${words.refused} ${context.event}: nothing of an unmerged change may decide it. Run this after the merge.`)
  if (context.ref !== null && context.ref === allowRef) return
  const branch = context.defaultBranch ?? (await forge?.defaultBranch()) ?? null
  if (branch !== null && context.ref === `refs/heads/${branch}`) return
  throw new UserError(
    `${words.done} from ${branch === null ? 'the default branch' : `refs/heads/${branch}`} only, this is ${context.ref ?? 'no ref'}. To allow it, name the ref in the input \`allow-ref\`.`,
  )
}
