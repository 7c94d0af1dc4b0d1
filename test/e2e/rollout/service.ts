import { expect } from 'vitest'
import type { StepResult } from '../../support/bundle.ts'
import { type Job, type Scenario, startScenario } from '../../support/scenario.ts'
import { configurationFile, params } from '../../support/scenario-files.ts'
import type { Slot } from '../../support/traffic/behaviour.ts'
import { deployScript, type ModelServers } from '../../support/traffic/model-servers.ts'
import { type Daemons, type Front, modelsOf } from './production.ts'

/** A service in production: a repository on the double, model servers, and what stands in front of them. */
export interface Service extends AsyncDisposable {
  readonly scenario: Scenario
  readonly models: ModelServers
  /** A job of a workflow run, in which main was trained and registered; `separation` makes it another model, the greater the better. */
  registered(runId: number, separation: number): Promise<Job>
  /** Rolls out what the job registered. */
  rollOut(job: Job): Promise<Told>
  /** Both, for versions of which nothing is to be seen. */
  live(runId: number, separation: number): Promise<void>
}

/** How a step ended, and everything that it said. */
export type Told = StepResult & { readonly said: string }

/** Milliseconds that a rollout may take here. */
const patience = 120_000

const ended = (step: StepResult): StepResult => {
  expect(step.exitCode, step.stdout + step.stderr).toBe(0)
  return step
}

/** Signals that a Prometheus counts for an app. */
export const prometheusSignals = (url: string, app: string) => {
  const of = (metric: string, more = '') => `${metric}{app="${app}",slot="\${slot}"${more}}`
  const common = { kind: 'prometheus', url, lag: '1s' }
  return {
    errors: { ...common, total: of('http_requests_total'), bad: of('http_requests_total', ',code=~"5.."') },
    slow: { ...common, histogram: of('http_request_duration_seconds'), over: '50ms', acceptable: '5%', required: false },
  }
}

/** What turned out to be no fraud of all that was predicted to be one. */
export const precisionSignal = ({ log }: ModelServers) => ({
  kind: 'prediction-log',
  url: log,
  columns: { id: 'request_id', arm: 'model_version', prediction: 'decision', label: 'chargeback', time: 'ts' },
  of: 'predicted_positive',
  bad: 'wrong',
})

export const startService = async (
  daemons: Daemons,
  front: Front,
  options: { readonly steps: readonly number[]; readonly judge: object; readonly signals: Readonly<Record<string, object>> },
): Promise<Service> => {
  const models = modelsOf(daemons, front.app)
  const { steps, judge, signals } = options
  const environment = { target: front.target, steps, judge: { tick: 1, settle: 2, ...judge }, signals }
  const scenario = await startScenario({
    environment: false,
    files: {
      'refline.yml': `${configurationFile(null)}environments: ${JSON.stringify({ production: environment })}\n`,
      'deploy.mjs': deployScript,
    },
  })
  const registered: Service['registered'] = async (runId, separation) => {
    await scenario.repository.commit({ 'params.yaml': params(separation) }, { message: `Separate by ${separation}` })
    const job = await scenario.job({ runId, job: 'release' })
    ended(await job.step('train'))
    ended(await job.step('register'))
    return job
  }
  const rollOut: Service['rollOut'] = async job => {
    const step = await job.step('canary-deploy', {}, { deadline: patience })
    return { ...step, said: `${step.stdout}${step.stderr}` }
  }
  return {
    scenario,
    models,
    registered,
    rollOut,
    live: async (runId, separation) => void ended(await rollOut(await registered(runId, separation))),
    [Symbol.asyncDispose]: () => scenario[Symbol.asyncDispose](),
  }
}

/** Answers of a slot so far. */
export const answersOf = async (
  counts: () => Promise<{ readonly slots: Readonly<Record<Slot, { ok: number; failed: number }>> }>,
  slot: Slot,
) => {
  const { ok, failed } = (await counts()).slots[slot]
  return ok + failed
}
