import type { RunnerContext } from '../adapters/runner/context.ts'
import { UserError } from '../core/errors.ts'
import type { Forge } from '../ports/forge.ts'

const writers = new Set(['admin', 'maintain', 'write'])

/**
 * The login of whoever started this workflow run, who must have permission to write. `what` names what they ask for, such as `override the gate`; `asker` what needs to
 * know it, such as the name of an input. Throws a UserError where that cannot be known or is not so.
 */
export const requireWriter = async (
  context: Pick<RunnerContext, 'actor'>,
  forge: Pick<Forge, 'permissionOf'> | null,
  what: string,
  asker: string,
): Promise<string> => {
  if (context.actor === null || forge === null)
    throw new UserError(`${asker} needs to know who asks for it: there is no GITHUB_ACTOR or no token`)
  const permission = await forge.permissionOf(context.actor)
  if (!writers.has(permission)) throw new UserError(`${context.actor} may not ${what}: that needs permission to write, found ${permission}`)
  return context.actor
}
