import { dockerImageBuilder } from '../../adapters/docker/image-builder.ts'
import { runAction } from '../../kernel/run.ts'
import { findRules } from '../judge/rules.ts'
import { fetchVersion } from '../model-files.ts'
import { surroundings } from '../wiring.ts'
import { buildModelImage } from './handler.ts'
import { spec } from './spec.ts'

/** The job's own token opens GitHub's own registry and no other. */
const ownRegistry = 'ghcr.io'

export const main = () =>
  runAction(spec, async inputs => {
    const around = surroundings(inputs)
    const { context } = around
    const { name, model } = await findRules(context, around.forge, inputs.config, inputs.model)
    const toOwnRegistry = model.image?.name === undefined || model.image.name.startsWith(`${ownRegistry}/`)
    return buildModelImage(
      { name, model, version: inputs.version, push: inputs.push, skipWithoutEngine: inputs.skipWithoutEngine },
      {
        ...around,
        ledger: await around.ledger(),
        builder: dockerImageBuilder({
          environment: around.environment,
          onLine: line => around.log.info(line),
          onBoundary: (step, moment) => around.failpoint(`image-${step}`, moment),
          login:
            toOwnRegistry && inputs.token !== '' && context.serverUrl === 'https://github.com'
              ? { registry: ownRegistry, user: context.actor ?? 'refline', password: inputs.token }
              : null,
        }),
        fetchModel: async (version, folder) => fetchVersion(await around.store(inputs.config), version, folder, ''),
      },
    )
  })
