import { randomBytes } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type RunnerContext, workflowRunUrl } from '../../adapters/runner/context.ts'
import { environmentsOf, selectEnvironment, selectModel } from '../../core/configuration/parse.ts'
import type { VersionRecord } from '../../core/lineage/events.ts'
import type { Deployments, Forge } from '../../ports/forge.ts'
import type { Comments } from '../../ports/report.ts'
import { requireDecidingRef } from '../deciding-ref.ts'
import { fetchVersion } from '../model-files.ts'
import { readConfiguration, surroundings } from '../wiring.ts'
import type { JudgeAgainRequest } from './judged-again.ts'
import type { TrafficContext } from './moving.ts'
import { signalsOf } from './signals.ts'
import { targetOf } from './target.ts'

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
const noDeployments: Deployments = {
  begin: async () => null,
  status: async () => undefined,
  isOver: async () => true,
  supersede: async () => undefined,
}

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
      target: targetOf(settings, { model, environment: name }, { workspace: context.workspace, environment, clock, log }),
      clock,
      log,
      summary: around.summary,
      forge: around.forge ?? noForge,
      comments: around.comments ?? noComments,
      deployments: around.deployments ?? noDeployments,
      workflowRuns: around.workflowRuns,
      boundary: around.failpoint,
      runUrl: workflowRunUrl(context),
      fetchModel: async (record: VersionRecord) => {
        const path = join(folder('releases'), `${model}-v${record.version}`)
        // What an earlier attempt downloaded beside it is continued.
        await rm(path, { recursive: true, force: true })
        return fetchVersion(store, record, path, modelSettings.train?.output ?? '')
      },
      // Judging loads all of the statistics, which few rollouts need.
      judgeAgain: async (asked: JudgeAgainRequest) => {
        const { judgeAgainFrom } = await import('./judged-again.ts')
        return judgeAgainFrom({ store, runs: around.runs, log }, { model: modelSettings, from: `${inputs.config} of this checkout` })(asked)
      },
      keepResult: async (result: Readonly<Record<string, unknown>>) => {
        await mkdir(folder('results'), { recursive: true })
        const path = join(folder('results'), `${model}-${name}.json`)
        await writeFile(path, `${JSON.stringify(result, null, 2)}\n`)
        return path
      },
    },
    signals: () =>
      signalsOf(settings, {
        model,
        environment: name,
        workspace: context.workspace,
        variables: environment,
        clock,
        say: line => log.info(line),
      }),
    kept: async () => {
      const state = await around.runs.readState(model)
      return state !== null && state.version === null ? state.reason : null
    },
  }
}
