import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runStep, type StepRequest, type StepResult } from './bundle.ts'
import { git } from './git-fixture.ts'
import type { RepositoryControl } from './github/repository-control.ts'
import { type GitHubDouble, type GitHubOptions, startGitHub } from './github/server.ts'
import { commandProduction, type Production, type StartProduction } from './production.ts'
import { configurationFile, dockerScript, params, quick, trainScript } from './scenario-files.ts'
import { temporaryFolder } from './temporary.ts'
import { startTraffic, type Traffic } from './traffic.ts'

/** One job on a fresh machine: its own checkout and RUNNER_TEMP. Steps share both. */
export interface Job {
  readonly workspace: string
  readonly temp: string
  step(action: string, inputs?: Readonly<Record<string, string>>, options?: Partial<StepRequest>): Promise<StepResult>
}

export interface JobRequest {
  /** Workflow run; jobs with the same one share artifacts. */
  readonly runId?: number
  readonly job?: string
  /** How often the workflow run was started; 1 by default. */
  readonly attempt?: number
  /** Number of a pull request: the event is then `pull_request` and its trial merge is checked out. Otherwise `main` after a push. */
  readonly pullRequest?: number
  readonly event?: string
  readonly token?: string
  readonly actor?: string
}

/** A repository `acme/churn` on the double, ready to be trained, judged, registered and rolled out in seconds. */
export interface Scenario extends AsyncDisposable {
  readonly github: GitHubDouble
  readonly repository: RepositoryControl
  readonly traffic: Traffic
  readonly production: Production
  /** Path of the bare repository, for reading the ledger. */
  readonly bare: string
  job(request?: JobRequest): Promise<Job>
  /** Remembers the whole world: the repository with all that belongs to it, the target, the machines. Answers with the way back there. */
  remember(): Promise<() => Promise<void>>
  /** Digests of the images that were pushed, by name and tag. */
  images(): Promise<Readonly<Record<string, string>>>
  /** Subjects of the ledger's commits, newest first. */
  ledgerSubjects(): Promise<readonly string[]>
}

export const startScenario = async (
  options: GitHubOptions & {
    /** Whether there is an environment, and what its traffic runs on where that is not a target of commands. */
    readonly environment?: boolean | StartProduction
    /** `judge` of the environment, where it is more than quick. */
    readonly judge?: object
    readonly files?: Readonly<Record<string, string>>
  } = {},
): Promise<Scenario> => {
  const folder = await temporaryFolder('refline-scenario-')
  const github = await startGitHub(options)
  const world = folder.join('world')
  await mkdir(join(world, 'programs'), { recursive: true })
  await mkdir(join(world, 'registry'))
  await writeFile(join(world, 'programs', 'docker'), dockerScript, { mode: 0o755 })
  const { environment = false } = options
  const production = await (typeof environment === 'function' ? environment : commandProduction)(world)
  const traffic = await startTraffic(production.blue)
  const repository = github.repository('acme', 'churn')
  await repository.commit(
    {
      'refline.yml': configurationFile(
        environment === false ? null : { target: production.target, signal: traffic.url, judge: { ...quick, ...options.judge } },
      ),
      'train.mjs': trainScript,
      ...production.files,
      'params.yaml': params(1.5),
      'data.csv': 'a,b\n1,2\n',
      '.gitignore': 'model.json\npredictions.csv\nmetrics.json\n',
      ...options.files,
    },
    { message: 'The first model' },
  )
  let jobs = 0
  const job: Scenario['job'] = async (request = {}) => {
    jobs += 1
    const machine = join(world, `job-${jobs}`)
    const workspace = `${machine}/workspace`
    const temp = `${machine}/temp`
    await mkdir(temp, { recursive: true })
    const { pullRequest } = request
    const pull = pullRequest === undefined ? null : repository.state.issues.get(pullRequest)?.pull
    const ref = pullRequest === undefined ? 'refs/heads/main' : `refs/pull/${pullRequest}/merge`
    await git(machine, ['init', '--quiet', workspace])
    await git(workspace, ['fetch', '--quiet', '--depth=1', repository.bare, ref])
    await git(workspace, ['checkout', '--quiet', '--detach', 'FETCH_HEAD'])
    await git(workspace, ['remote', 'add', 'origin', `${github.serverUrl}/acme/churn`])
    const payload = {
      repository: { full_name: 'acme/churn', default_branch: 'main' },
      ...(pull === null || pull === undefined
        ? { ref }
        : {
            number: pullRequest,
            pull_request: { number: pullRequest, head: { sha: pull.headSha, ref: pull.head }, base: { sha: pull.baseSha, ref: pull.base } },
          }),
    }
    const event = `${machine}/event.json`
    await writeFile(event, JSON.stringify(payload))
    const runId = request.runId ?? 1000 + jobs
    const token = request.token ?? github.token
    const name = request.job ?? 'job'
    const workflow = pullRequest === undefined ? 'model-release.yml' : 'model-pr.yml'
    const env = {
      PATH: `${join(world, 'programs')}:${process.env.PATH}`,
      GITHUB_REPOSITORY: 'acme/churn',
      GITHUB_REPOSITORY_OWNER: 'acme',
      GITHUB_SHA: await git(workspace, ['rev-parse', 'HEAD']),
      GITHUB_REF: ref,
      GITHUB_EVENT_NAME: request.event ?? (pullRequest === undefined ? 'push' : 'pull_request'),
      GITHUB_EVENT_PATH: event,
      GITHUB_RUN_ID: String(runId),
      GITHUB_RUN_NUMBER: '1',
      GITHUB_RUN_ATTEMPT: String(request.attempt ?? 1),
      GITHUB_JOB: name,
      GITHUB_WORKFLOW: workflow,
      GITHUB_WORKFLOW_REF: `acme/churn/.github/workflows/${workflow}@${ref}`,
      GITHUB_ACTOR: request.actor ?? 'alice',
      GITHUB_SERVER_URL: github.serverUrl,
      GITHUB_API_URL: github.apiUrl,
      GITHUB_RETENTION_DAYS: '90',
      ACTIONS_RESULTS_URL: github.resultsUrl,
      ACTIONS_RUNTIME_TOKEN: github.runtimeToken({ repository: 'acme/churn', runId, job: name }),
    }
    return {
      workspace,
      temp,
      step: (action, inputs = {}, step = {}) =>
        runStep({
          action,
          inputs,
          workspace,
          temp,
          expressions: { 'github.token': token, 'strategy.job-index': '' },
          ...step,
          env: { ...env, ...step.env },
        }),
    }
  }
  let memories = 0
  const remember: Scenario['remember'] = async () => {
    memories += 1
    const memory = folder.join(`memory-${memories}`)
    const [errors, flow] = [{ ...traffic.errors }, { ...traffic.flow }]
    const backToTraffic = await production.remember()
    await mkdir(memory)
    await github.save(join(memory, 'github'))
    await cp(world, join(memory, 'world'), { recursive: true })
    return async () => {
      await github.load(join(memory, 'github'))
      await rm(world, { recursive: true, force: true })
      await cp(join(memory, 'world'), world, { recursive: true })
      Object.assign(traffic.errors, errors)
      Object.assign(traffic.flow, flow)
      await backToTraffic()
    }
  }
  const decisions = 'refs/refline/models/churn/decisions'
  return {
    github,
    repository,
    traffic,
    production,
    bare: repository.bare,
    job,
    remember,
    images: async () => {
      const registry = join(world, 'registry')
      const names = (await readdir(registry)).toSorted()
      const digests = await Promise.all(names.map(name => readFile(join(registry, name), 'utf8')))
      return Object.fromEntries(names.map((name, index) => [decodeURIComponent(name), digests[index] ?? '']))
    },
    ledgerSubjects: async () => (await git(repository.bare, ['log', '--format=%s', decisions])).split('\n'),
    [Symbol.asyncDispose]: async () => {
      await traffic[Symbol.asyncDispose]()
      await production[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
      await github.close()
    },
  }
}
