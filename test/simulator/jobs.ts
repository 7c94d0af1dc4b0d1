import type { RunnerContext } from '../../src/adapters/runner/context.ts'
import { selectEnvironment } from '../../src/core/configuration/parse.ts'
import type { Configuration } from '../../src/core/configuration/schema.ts'
import type { Ledger } from '../../src/ports/ledger.ts'
import { memoryClient } from './client.ts'
import { memoryRepository } from './git.ts'
import type { Production } from './production.ts'
import { evidenceOf, judgedRun, model, pullRequest, simulatedRun } from './runs.ts'
import type { Process } from './scheduler.ts'
import { trafficPorts } from './target.ts'
import type { World } from './world.ts'

/** One job of a workflow. `workflow` is the id of the workflow run: a re-run is the same job with the same id. */
export type Job =
  | {
      readonly kind: 'register'
      readonly workflow: string
      readonly run: string
      readonly bytes: string
      readonly verdict: 'pass' | 'fail'
    }
  | { readonly kind: 'log'; readonly workflow: string; readonly keys: readonly string[] }
  | { readonly kind: 'canary'; readonly workflow: string; readonly version: number }
  | { readonly kind: 'superseding'; readonly workflow: string; readonly version: number }
  | { readonly kind: 'watchdog'; readonly workflow: string }
  | { readonly kind: 'rollback'; readonly workflow: string; readonly to: number | undefined; readonly quarantine: boolean }
  | { readonly kind: 'comment'; readonly workflow: string; readonly body: string }

export const marker = '<!-- refline:report:churn -->'
const remote = 'https://github.test/acme/churn'
const repository = { owner: 'acme', name: 'churn' }
const log = { info: () => {}, warning: () => {}, group: <T>(_: string, work: () => Promise<T>) => work() }

const contextOf = (workflow: string): RunnerContext => ({
  repository,
  commit: 'c'.repeat(40),
  ref: 'refs/heads/main',
  event: 'push',
  payload: {},
  runId: workflow,
  job: 'release',
  workflow: 'model-release.yml',
  workflowRef: null,
  actor: 'ada',
  apiUrl: remote,
  serverUrl: 'https://github.test',
  workspace: '/simulated',
  temp: '/simulated',
  pullRequest: null,
  defaultBranch: 'main',
  mergeGroupBase: null,
  again: false,
})

const yaml = (environments: boolean): string => `
models:
  churn: { task: binary, primary: roc_auc, gates: { roc_auc: { min: 0.6 } } }
${
  environments
    ? `environments:
  production:
    target: { kind: command, deploy: ./deploy, read: ./read, set: ./set }
    steps: [50]
    judge: { tick: 10, settle: 2, max_duration: 10m }
    signals: { errors: { kind: http, url: "http://127.0.0.1:1/\${slot}" } }
`
    : ''
}`

export const configurations = (production: Production): Readonly<Record<'plain' | 'deployed', Configuration>> => ({
  plain: production.parseConfiguration(yaml(false), 'refline.yml'),
  deployed: production.parseConfiguration(yaml(true), 'refline.yml'),
})

/** The ledger of one process, as the production code has it, with every acknowledged append told to the world. */
const ledgerOf = (production: Production, world: World, process: Process, workflow: string, again: boolean): Ledger => {
  const ledger = production.gitLedger({
    remote,
    environment: {},
    release: '0.0.0',
    again,
    writer: { actor: 'ada', workflow_run: workflow, workflow: 'model-release.yml', commit: null },
    clock: process.clock,
    random: process.random,
    repository: () => memoryRepository(production, world.git, process, world.moved),
  })
  return {
    ...ledger,
    read: async name => {
      const before = world.acknowledgedSeq()
      const state = await ledger.read(name)
      world.sawState(process.name, before, state.seq)
      return state
    },
    append: async (name, request, decide) => {
      const before = world.acknowledgedSeq()
      const appended = await ledger.append(name, request, decide)
      world.acknowledged(process.name, request.id, before, appended)
      return appended
    },
    log: async (name, lines) => {
      const answer = await ledger.log(name, lines)
      if (answer !== null) for (const { key } of lines) world.logged(key)
      return answer
    },
  }
}

/** Does a job with the production code, as a process of the simulator; what it returns is its outcome in words. */
export const perform =
  (production: Production, world: World, job: Job, again: boolean) =>
  async (process: Process): Promise<string> => {
    const { clock } = process
    const uploads = new Map<string, string>()
    const client = memoryClient(production, world.github, process, uploads)
    const comments = production.githubComments(client, repository)
    const releases = production.githubReleases(client, repository, { clock })
    const ledger = ledgerOf(production, world, process, job.workflow, again)
    const traffic = () => ({
      ledger,
      ...trafficPorts(production, world.target, process),
      clock,
      log,
      boundary: () => {},
      store: releases,
      deployments: { begin: async () => null, status: async () => undefined, isOver: async () => true, supersede: async () => undefined },
      workflowRuns: null,
      judgeAgain: async () => ({ outcome: 'cannot' as const, reason: 'nothing is stored beside them' }),
      forge: { incident: async () => ({ denied: 'simulated' }) as const, pullRequestOf: async () => null },
      comments,
      summary: { write: async () => undefined, rewrite: async () => undefined },
      fetchModel: async () => '/simulated/model',
      kept: async () => null,
      keepResult: async () => '/simulated/result.json',
    })
    const trafficContext = () => ({
      model,
      environment: 'production',
      settings: selectEnvironment(world.configuration, model, undefined).environment,
      request: job.workflow,
      ownsChampion: true,
      workflowRun: job.workflow,
      commit: null,
    })
    switch (job.kind) {
      case 'register': {
        const run = simulatedRun(job.run, job.bytes)
        const judged = await judgedRun(run, ledger, job.verdict, world.configuration)
        const { outputs } = await production.registerJudged(
          judged,
          { when: 'promote', alias: undefined },
          {
            context: contextOf(job.workflow),
            ledger,
            store: {
              ...releases,
              publish: request => {
                for (const upload of request.uploads) uploads.set(upload.path, upload.from)
                return releases.publish(request)
              },
            },
            runs: { writeState: async () => '/simulated/state.json' },
            log,
            pack: async () => run.packed,
            evidence: async () => evidenceOf(judged),
            failpoint: () => {},
          },
        )
        return `${outputs.outcome} ${outputs.version}`
      }
      case 'log':
        await ledger.log(
          model,
          job.keys.map(key => ({ key, entry: { run: key } })),
        )
        return `${job.keys.length} lines`
      case 'canary': {
        const { outputs } = await production.canaryDeployHandler(traffic(), trafficContext())({ version: job.version, plan: false })
        return outputs.decision
      }
      case 'superseding': {
        const inputs = { version: job.version, plan: false, supersede: true }
        const { outputs } = await production.canaryDeployHandler(traffic(), trafficContext())(inputs)
        return outputs.decision
      }
      case 'watchdog': {
        const inputs = { version: undefined, plan: false, resume: true }
        const { outputs } = await production.canaryDeployHandler(traffic(), trafficContext())(inputs)
        return outputs.decision === '' ? 'nothing to do' : outputs.decision
      }
      case 'rollback': {
        const inputs = { reason: 'simulated', to: job.to, quarantine: job.quarantine, dryRun: false }
        const { outputs } = await production.rollbackHandler(traffic(), trafficContext())(inputs)
        return outputs.outcome
      }
      case 'comment': {
        const answer = await comments.upsert(pullRequest, job.body.split('\n', 1)[0] ?? marker, job.body)
        return 'url' in answer ? 'commented' : 'denied'
      }
    }
  }
