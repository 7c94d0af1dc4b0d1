import { randomBytes } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { commandTarget, deployByCommand } from '../../adapters/command/target.ts'
import { haproxyTarget } from '../../adapters/haproxy/target.ts'
import { httpSignal } from '../../adapters/http/signal.ts'
import { userCommand } from '../../adapters/process/user-command.ts'
import type { RunnerContext } from '../../adapters/runner/context.ts'
import { environmentsOf, selectEnvironment, selectModel } from '../../core/configuration/parse.ts'
import type { EnvironmentConfiguration } from '../../core/configuration/schema.ts'
import { UserError } from '../../core/errors.ts'
import type { VersionRecord } from '../../core/lineage/events.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Deployments, Forge } from '../../ports/forge.ts'
import type { Comments, Log } from '../../ports/report.ts'
import type { Signal } from '../../ports/signals.ts'
import type { Target } from '../../ports/target.ts'
import { requireDecidingRef } from '../deciding-ref.ts'
import { fetchVersion } from '../model-files.ts'
import { readConfiguration, surroundings } from '../wiring.ts'
import type { TrafficContext } from './moving.ts'

/** Inputs that both actions on traffic share. */
interface TrafficInputs {
  readonly model: string | undefined
  readonly config: string
  readonly token: string
  readonly ledger: string | undefined
  readonly allowRef: string | undefined
  readonly environment: string | undefined
}

const nowhere = { denied: 'there is no repository on GitHub here, or no token' } as const
const noForge: Pick<Forge, 'incident' | 'pullRequestOf'> = { incident: async () => nowhere, pullRequestOf: async () => null }
const noComments: Comments = { upsert: async () => nowhere }
const noDeployments: Deployments = { begin: async () => null, status: async () => undefined, supersede: async () => undefined }

/** Refuses to move traffic from anywhere but the default branch, unless the workflow names the ref: a pull request's configuration decides nothing. */
export const assertMayDecide = async (
  context: Pick<RunnerContext, 'ref' | 'event' | 'defaultBranch' | 'runId'>,
  forge: Pick<Forge, 'defaultBranch'> | null,
  allowRef: string | undefined,
): Promise<void> => {
  // Outside of a workflow somebody sits at a terminal with a checkout of their own.
  if (context.runId === null && context.ref === null) return
  await requireDecidingRef(context, forge, allowRef, { refused: 'traffic is not moved on', done: 'traffic is moved' })
}

const filled = (text: string, values: Readonly<Record<string, string>>): string =>
  Object.entries(values).reduce((filling, [name, value]) => filling.replaceAll(`\${${name}}`, value), text)

const targetOf = (
  settings: EnvironmentConfiguration,
  names: { readonly model: string; readonly environment: string },
  around: { readonly context: RunnerContext; readonly environment: NodeJS.ProcessEnv; readonly clock: Clock; readonly log: Log },
): Target => {
  const { target } = settings
  const commands = {
    command: userCommand(around.environment),
    folder: around.context.workspace,
    deploy: target.deploy,
    passEnv: target.pass_env ?? [],
    environment: { REFLINE_ENVIRONMENT: names.environment, REFLINE_MODEL_NAME: names.model },
    onLine: (line: string) => around.log.info(`  deploy: ${line}`),
  }
  if (target.kind === 'command') return commandTarget({ ...commands, read: target.read, set: target.set })
  const { model } = names
  return haproxyTarget({
    sockets: target.sockets,
    backend: filled(target.backend, { model }),
    slots: { blue: filled(target.slots.blue, { model, slot: 'blue' }), green: filled(target.slots.green, { model, slot: 'green' }) },
    deploy: (slot, release, seq) => deployByCommand(commands, slot, release, seq),
    clock: around.clock,
  })
}

const signalsOf = (settings: EnvironmentConfiguration, model: string, environment: NodeJS.ProcessEnv, clock: Clock): readonly Signal[] =>
  Object.entries(settings.signals).map(([name, signal]) => {
    const token = signal.token_env === undefined ? null : (environment[signal.token_env] ?? '')
    if (token === '')
      throw new UserError(`signal ${name} needs the variable ${signal.token_env}, which is not set; pass it to the step under \`env:\``)
    return httpSignal({ name, url: filled(signal.url, { model }), token, clock })
  })

/** Everything that canary-deploy and rollback have in common, made from the runner and refline.yml. */
export const trafficWiring = async (inputs: TrafficInputs) => {
  const around = surroundings(inputs)
  const { context, environment, clock, log } = around
  await assertMayDecide(context, around.forge, inputs.allowRef)
  const configuration = await readConfiguration(context.workspace, inputs.config)
  const { name: model, model: modelSettings } = selectModel(configuration, inputs.model)
  const { name, environment: settings } = selectEnvironment(configuration, model, inputs.environment)
  const request = context.runId ?? `local-${randomBytes(6).toString('hex')}`
  if (context.runId === null) log.info(`request ${request}`)
  const store = await around.storeAt(configuration.store)
  const folder = (kind: string) => join(context.temp, 'refline', kind)
  const trafficContext: TrafficContext & { readonly workflowRun: string | null; readonly commit: string | null } = {
    model,
    environment: name,
    settings,
    request,
    ownsChampion: environmentsOf(configuration, model).at(-1) === name,
    workflowRun: context.runId,
    commit: context.commit,
  }
  return {
    context: trafficContext,
    ports: {
      ledger: await around.ledger(),
      store,
      target: targetOf(settings, { model, environment: name }, around),
      clock,
      log,
      summary: around.summary,
      forge: around.forge ?? noForge,
      comments: around.comments ?? noComments,
      deployments: around.deployments ?? noDeployments,
      boundary: around.failpoint,
      fetchModel: async (record: VersionRecord) => {
        const path = join(folder('releases'), `${model}-v${record.version}`)
        // What an earlier attempt downloaded beside it is continued.
        await rm(path, { recursive: true, force: true })
        return fetchVersion(store, record, path, modelSettings.train?.output ?? '')
      },
      keepResult: async (result: Readonly<Record<string, unknown>>) => {
        await mkdir(folder('results'), { recursive: true })
        const path = join(folder('results'), `${model}-${name}.json`)
        await writeFile(path, `${JSON.stringify(result, null, 2)}\n`)
        return path
      },
    },
    signals: () => signalsOf(settings, model, environment, clock),
    kept: async () => {
      const state = await around.runs.readState(model)
      return state !== null && state.version === null ? state.reason : null
    },
  }
}
