import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect } from 'vitest'
import { gitLedger } from '../../src/adapters/git/ledger.ts'
import { systemClock } from '../../src/adapters/runner/clock.ts'
import type { LedgerRecord, LedgerState, Slot } from '../../src/core/lineage/events.ts'
import type { StepRequest, StepResult } from '../support/bundle.ts'
import { git } from '../support/git-fixture.ts'
import { type Scenario, startScenario } from '../support/scenario.ts'
import { params } from '../support/scenario-files.ts'
import { type Counts, startCounts } from './rollout-crash-counts.ts'
import { type CrashTarget, startTarget, type TargetName } from './rollout-crash-targets.ts'

/** Notes which version a slot runs, beside the machines of all jobs. */
const deployScript = `import { existsSync, readFileSync, writeFileSync } from 'node:fs'
const file = '../../deployed.json'
const deployed = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}
deployed[process.env.REFLINE_SLOT] = Number(process.env.REFLINE_VERSION)
writeFileSync(file, JSON.stringify(deployed))
`

const models = `models:
  churn:
    task: binary
    train: { command: [node, train.mjs], output: model.json, data: [data.csv], params: params.yaml }
    predictions: { file: predictions.csv, threshold: 0.5 }
    primary: roc_auc
    gates: { roc_auc: { min: 0.6, max_drop: 0.02 } }
`

/** One step at half of the traffic, a look a second, and a bake of two seconds; `leave`: where signals are silent it is left to the watchdog. */
const configuration = (target: object, signal: string, leave: boolean): string => `${models}
environments:
  production:
    target: ${JSON.stringify(target)}
    steps: [50]
    judge: { tick: 1, settle: 0, bake: 2s, max_duration: 10m${leave ? ', on_provider_error: hold, provider_deadline: 3s' : ''} }
    signals:
      errors: { kind: http, url: ${JSON.stringify(signal)} }
`

/** A job of one step. */
export interface Run {
  readonly runId: number
  readonly action: 'canary-deploy' | 'rollback'
  readonly inputs?: Readonly<Record<string, string>>
  readonly event?: string
  readonly attempt?: number
}

/** A repository with v1 live and v2 registered, and targets that one after the other carry its traffic. */
export interface CrashWorld extends AsyncDisposable {
  readonly scenario: Scenario
  readonly counts: Counts
  target(): CrashTarget
  /** Runs a job on a new machine of its own. */
  run(run: Run, step?: Partial<StepRequest>): Promise<StepResult>
  /** GitHub says of a workflow run that it is over, or that it is at work. */
  tellOfRun(runId: number, isOver: boolean): Promise<void>
  /** All records; the chain is verified while they are read. */
  records(): Promise<readonly LedgerRecord[]>
  state(): Promise<LedgerState>
  /** Which version each slot runs. */
  deployed(): Promise<Partial<Record<Slot, number>>>
  /** The world before anything of v2, on this target. */
  beginWith(name: TargetName): Promise<void>
  /** Remembers the world with v2 live in slot green. */
  rememberPromoted(): Promise<() => Promise<void>>
}

/** Opens a world in which v1 is live in slot blue and v2 is registered, with these targets as they are installed. */
export const openCrashWorld = async (names: readonly TargetName[]): Promise<CrashWorld> => {
  const stack = new AsyncDisposableStack()
  const targets = new Map<TargetName, CrashTarget>()
  for (const name of names) targets.set(name, stack.use(await startTarget[name]()))
  let current = targets.get(names[0] as TargetName) as CrashTarget
  const green = async () => {
    const shares = await current.shares()
    return shares.reduce((sum, share) => sum + share, 0) / shares.length
  }
  const counts = stack.use(await startCounts(green))
  const scenario = stack.use(await startScenario())
  const files = [...targets.values()].flatMap(({ name, settings }) =>
    [false, true].map(leave => [
      leave ? `refline.${name}.leave.yml` : `refline.${name}.yml`,
      configuration(settings('node deploy.mjs'), counts.url, leave),
    ]),
  )
  await scenario.repository.commit({ ...Object.fromEntries(files), 'deploy.mjs': deployScript }, { message: 'Targets' })
  let folder = ''
  const run: CrashWorld['run'] = async ({ action, inputs, ...request }, step = {}) => {
    const job = await scenario.job({ job: action, ...request })
    folder = dirname(dirname(job.workspace))
    return job.step(action, { config: `refline.${current.name}.yml`, ...inputs }, step)
  }
  const release = async (runId: number, actions: readonly string[]): Promise<void> => {
    const job = await scenario.job({ job: 'release', runId })
    folder = dirname(dirname(job.workspace))
    for (const action of actions) {
      const done = await job.step(action, { config: `refline.${current.name}.yml` })
      expect(done.exitCode, `${action}: ${done.stdout}${done.stderr}`).toBe(0)
    }
  }
  await release(1, ['train', 'register', 'canary-deploy'])
  await scenario.repository.commit({ 'params.yaml': params(2.2) }, { message: 'Separate better' })
  await release(2, ['train', 'register'])
  const base = await scenario.remember()
  const writer = { actor: null, workflow_run: null, workflow: null, commit: null }
  const ledger = () =>
    gitLedger({ remote: scenario.bare, environment: {}, writer, clock: systemClock, random: Math.random, release: 'test' })
  const calm = () => {
    Object.assign(counts.errors, { blue: 0, green: 0 })
    counts.silent = false
  }
  return {
    scenario,
    counts,
    target: () => current,
    run,
    tellOfRun: async (runId, isOver) => {
      const now = new Date().toISOString()
      const headSha = await git(scenario.bare, ['rev-parse', 'refs/heads/main'])
      const path = '.github/workflows/model-release.yml'
      const told = { id: runId, headSha, path, event: 'push', actor: 'alice', createdAt: now, updatedAt: isOver ? now : null }
      scenario.repository.state.workflowRuns.set(runId, told)
    },
    records: () => ledger().records('churn'),
    state: () => ledger().read('churn'),
    deployed: async () => JSON.parse(await readFile(join(folder, 'deployed.json'), 'utf8')) as Partial<Record<Slot, number>>,
    beginWith: async name => {
      const found = targets.get(name)
      if (found === undefined) throw new Error(`this world has no target ${name}`)
      calm()
      await base()
      current = found
      await current.begin('blue')
    },
    rememberPromoted: async () => {
      const back = await scenario.remember()
      return async () => {
        calm()
        await back()
        await current.begin('green')
      }
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}
