import { dirname, join } from 'node:path'
import { codeDigest } from '../../adapters/git/checkout.ts'
import { userCommand } from '../../adapters/process/user-command.ts'
import { fileCache } from '../../adapters/runner/file-cache.ts'
import { selectModel } from '../../core/configuration/parse.ts'
import { runAction } from '../../kernel/run.ts'
import { fetchVersion } from '../model-files.ts'
import { readConfiguration, surroundings } from '../wiring.ts'
import { cachedFetch } from './champion-files.ts'
import { codePaths } from './code-paths.ts'
import { train } from './handler.ts'
import { spec } from './spec.ts'

const known = ['RUNNER_OS', 'RUNNER_ARCH', 'ImageOS', 'ImageVersion', 'RUNNER_NAME']

/** Warnings that are about our packages, or about a checkout without package.json. */
const quiet = ['DEP0040', 'MODULE_TYPELESS_PACKAGE_JSON', 'ExperimentalWarning'].map(name => `--disable-warning=${name}`)

export const main = () =>
  runAction(spec, async inputs => {
    const around = surroundings(inputs)
    const { context, environment } = around
    const { name, model } = selectModel(await readConfiguration(context.workspace, inputs.config), inputs.model)
    const reachable = context.repository !== null || inputs.ledger !== undefined
    return train(
      {
        name,
        model,
        command: inputs.command,
        passEnv: inputs.passEnv,
        jobIndex: inputs.jobIndex === '' ? null : inputs.jobIndex,
        log: inputs.log,
      },
      {
        ...around,
        command: userCommand(environment),
        ledger: reachable ? await around.ledger() : null,
        fetchModel: async (version, folder) =>
          fetchVersion(
            { fetch: cachedFetch(await around.store(inputs.config), { ...around, cache: fileCache(environment) }) },
            version,
            folder,
            model.train?.output ?? '',
          ),
        checks: { argv: [process.execPath, ...quiet, join(dirname(process.argv[1] ?? ''), 'checks.js')], deadlineSeconds: 900 },
        codeDigest: () => codeDigest({ workspace: context.workspace, ...codePaths(model, inputs.config) }),
        environment: {
          node: process.version,
          platform: `${process.platform}-${process.arch}`,
          ...Object.fromEntries(known.flatMap(key => (environment[key] === undefined ? [] : [[key, environment[key]]]))),
        },
      },
    )
  })
