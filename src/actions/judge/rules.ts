import { join } from 'node:path'
import { readText } from '../../adapters/files/text.ts'
import type { RunnerContext } from '../../adapters/runner/context.ts'
import { loosened } from '../../core/comparison/assess.ts'
import { parseConfiguration, selectModel } from '../../core/configuration/parse.ts'
import { policyDigest } from '../../core/configuration/policy-digest.ts'
import type { Configuration, ModelConfiguration } from '../../core/configuration/schema.ts'
import { UserError } from '../../core/errors.ts'
import type { Forge } from '../../ports/forge.ts'
import { baseCommit, committedText } from '../deciding-configuration.ts'
import { isProposal } from '../deciding-ref.ts'

/** The rules a model is judged by and where they come from. */
export interface Rules {
  readonly name: string
  readonly model: ModelConfiguration
  readonly configuration: Configuration
  /** The base branch does not know the model, so its rules are its own. */
  readonly isNew: boolean
  readonly policy: { readonly from: string; readonly digest: string; readonly loosened: readonly string[] }
}

/**
 * Finds the rules for a model. On `pull_request` and `merge_group` they are those of the base branch, and what the change loosens in them is listed; a model
 * that the base does not know is judged by its own rules, said so. Elsewhere they are those of the commit. Throws where there is no configuration.
 */
export const findRules = async (
  context: RunnerContext,
  forge: Forge | null,
  config: string,
  wanted: string | undefined,
): Promise<Rules> => {
  const checkout = () => readText(join(context.workspace, config), config, { links: false })
  const proposed = isProposal(context) ? await checkout() : null
  const committed = proposed === null ? await committedText(context, forge, config) : null
  // Beside a committed file the one in the checkout decides nothing, not even by being unreadable.
  const here = proposed ?? (committed === null ? await checkout() : await checkout().catch(() => ''))
  const ownText = committed ?? here
  const own = ownText === null ? null : () => parseConfiguration(ownText, config)
  if (!isProposal(context)) {
    if (own === null)
      throw new UserError(`there is no ${config}${placeOf(context)}; add it at the root of the repository`, { place: { file: config } })
    const configuration = own()
    const { name, model } = selectModel(configuration, wanted)
    const branch = context.ref?.replace(/^refs\/(heads|tags)\//, '') ?? 'this checkout'
    const at = context.commit === null ? '' : ` at ${context.commit.slice(0, 7)}`
    const changed = committed !== null && here !== null && plain(here) !== plain(committed)
    const aside = changed ? ' (this checkout has another one, which does not count)' : ''
    return {
      name,
      model,
      configuration,
      isNew: false,
      policy: { from: `${config} of ${branch}${at}${aside}`, digest: policyDigest(model), loosened: [] },
    }
  }

  const base = await baseCommit(context, forge)
  const baseText = await (forge as Forge).fileAt(config, base)
  const baseConfiguration = baseText === null ? null : parseConfiguration(baseText, `${config} (base ${base.slice(0, 7)})`)
  const configuration = own === null ? baseConfiguration : own()
  if (configuration === null) throw new UserError(`there is no ${config}, neither in this change nor in its base ${base.slice(0, 7)}`)
  const { name, model } = selectModel(configuration, wanted)
  const baseModel = baseConfiguration !== null && Object.hasOwn(baseConfiguration.models, name) ? baseConfiguration.models[name] : undefined
  if (baseConfiguration !== null && baseModel === undefined && wanted === undefined)
    throw new UserError(
      `this change takes ${Object.keys(baseConfiguration.models).join(', ')} out of ${config} and leaves ${name}, which the base ${base.slice(0, 7)} does not know: judged by its own rules, a renamed model would escape the ones it had. If that is meant, name the model in the input \`model\`.`,
      { place: { file: config } },
    )
  if (baseConfiguration === null || baseModel === undefined) {
    const why = baseText === null ? `the base has no ${config} yet` : 'new model'
    return {
      name,
      model,
      configuration,
      isNew: true,
      policy: { from: `this change (${why})`, digest: policyDigest(model), loosened: [] },
    }
  }
  return {
    name,
    model: baseModel,
    configuration: baseConfiguration,
    isNew: false,
    policy: {
      from: `${config} of the base at ${base.slice(0, 7)}`,
      digest: policyDigest(baseModel),
      loosened: loosened(baseModel, model),
    },
  }
}

const placeOf = (context: RunnerContext): string => (context.commit === null ? ' in this checkout' : ` at ${context.commit.slice(0, 7)}`)

const plain = (text: string): string => text.replaceAll('\r\n', '\n')
