import { join } from 'node:path'
import { readText } from '../../adapters/files/text.ts'
import { codeDigest } from '../../adapters/git/checkout.ts'
import { userCommand } from '../../adapters/process/user-command.ts'
import { parseConfiguration, selectModel } from '../../core/configuration/parse.ts'
import { UserError } from '../../core/errors.ts'
import { runAction } from '../../kernel/run.ts'
import { fetchVersion } from '../model-files.ts'
import { surroundings } from '../wiring.ts'
import { codePaths } from './code-paths.ts'
import { train } from './handler.ts'
import { spec } from './spec.ts'

const known = ['RUNNER_OS', 'RUNNER_ARCH', 'ImageOS', 'ImageVersion', 'RUNNER_NAME']

export const main = () =>
  runAction(spec, async inputs => {
    const around = surroundings(inputs)
    const { context, environment } = around
    const file = join(context.workspace, inputs.config)
    const text = await readText(file, inputs.config, { links: false })
    if (text === null)
      throw new UserError(`there is no ${inputs.config} in ${context.workspace}; check out the repository before this step`)
    const { name, model } = selectModel(parseConfiguration(text, inputs.config), inputs.model)
    const reachable = context.repository !== null || inputs.ledger !== undefined
    return train(
      { name, model, command: inputs.command, passEnv: inputs.passEnv, jobIndex: inputs.jobIndex === '' ? null : inputs.jobIndex },
      {
        ...around,
        command: userCommand(environment),
        ledger: reachable ? await around.ledger() : null,
        fetchModel: (version, folder) => fetchVersion(around.requireStore(), version, folder, model.train?.output ?? ''),
        codeDigest: () => codeDigest({ workspace: context.workspace, ...codePaths(model, inputs.config) }),
        environment: {
          node: process.version,
          platform: `${process.platform}-${process.arch}`,
          ...Object.fromEntries(known.flatMap(key => (environment[key] === undefined ? [] : [[key, environment[key]]]))),
        },
      },
    )
  })
