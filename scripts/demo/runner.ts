import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { appendFile, mkdir } from 'node:fs/promises'
import { arch } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { runToEnd } from './children.ts'
import type { GitHub } from './github.ts'

/** What starts a workflow. */
export interface Trigger {
  readonly event: 'pull_request' | 'push' | 'workflow_dispatch'
  readonly ref: string
  readonly sha: string
  readonly payload: Readonly<Record<string, unknown>>
  readonly inputs?: Readonly<Record<string, string>>
}

export interface StepResult {
  readonly action: string
  readonly job: string
  readonly code: number | null
  readonly outputs: Readonly<Record<string, string>>
  readonly log: string
}

interface Step {
  readonly uses?: string
  readonly id?: string
  readonly with?: Readonly<Record<string, string | boolean | number>>
}
interface Job {
  readonly permissions: Readonly<Record<string, string>>
  readonly if?: string
  readonly outputs?: Readonly<Record<string, string>>
  readonly steps: readonly Step[]
}

export interface RunnerSettings {
  /** Of Refline: where `actions/`, `dist/` and `action-templates/` are. */
  readonly root: string
  /** Work folder: a folder per workflow run, and the logs. */
  readonly folder: string
  readonly github: GitHub
  /** First on the PATH of every job. */
  readonly bin: string
  readonly environment: Readonly<Record<string, string>>
  /** Actions that are left out, with the reason. */
  readonly skip: Readonly<Record<string, string>>
  readonly onStart: (action: string) => void
  readonly onLine: (action: string, line: string) => void
  readonly onEnd: (step: StepResult) => void
}

type Context = Readonly<Record<string, string | undefined>>

/** Fills in `${{ name }}`; only plain names are known here, anything else is an error rather than an empty string. */
const fill = (text: string, context: Context): string =>
  text.replaceAll(/\$\{\{\s*(.*?)\s*\}\}/g, (_, expression: string) => {
    // An output that a step did not write is empty, as on GitHub.
    const value = context[expression] ?? (/^steps\.[\w-]+\.outputs\.[\w-]+$/.test(expression) ? '' : undefined)
    if (value === undefined) throw new Error(`The demo's runner does not know the expression ${expression}`)
    return value
  })

/** Reads the file that a step wrote its outputs to: `name=value` and `name<<delimiter` blocks. */
export const parseOutputs = (text: string): Record<string, string> => {
  const outputs: Record<string, string> = {}
  const lines = text.split('\n')
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? ''
    const block = /^([^=<]+)<<(.+)$/.exec(line)
    if (block !== null) {
      const end = lines.indexOf(block[2] ?? '', index + 1)
      outputs[block[1] ?? ''] = lines.slice(index + 1, end).join('\n')
      index = end
    } else if (line.includes('=')) outputs[line.slice(0, line.indexOf('='))] = line.slice(line.indexOf('=') + 1)
  }
  return outputs
}

/** Runs the jobs of one of the shipped templates one after another, as far as they consist of Refline's actions, each with the token that its job gets. */
export const workflowRunner = (settings: RunnerSettings) => {
  const { root, folder, github } = settings
  const repository = `${github.owner}/${github.name}`
  let runs = 0
  let steps = 0

  const checkout = async (workspace: string, ref: string): Promise<void> => {
    const git = async (...argv: string[]) => {
      const done = await runToEnd('git', ['-C', workspace, ...argv])
      if (done.code !== 0) throw new Error(`git ${argv.join(' ')} failed:\n${done.output}`)
    }
    await git('init', '--quiet', '--initial-branch=main')
    await git('remote', 'add', 'origin', `${github.serverUrl}/${repository}`)
    await git('fetch', '--quiet', '--depth=1', '--no-tags', 'origin', ref)
    await git('checkout', '--quiet', '--detach', 'FETCH_HEAD')
  }

  const runStep = async (action: string, step: Step, job: string, base: NodeJS.ProcessEnv, context: Context): Promise<StepResult> => {
    steps += 1
    const files = join(base.RUNNER_TEMP ?? '', '_runner_file_commands')
    mkdirSync(files, { recursive: true })
    const environment: NodeJS.ProcessEnv = { ...base, GITHUB_ACTION: step.id ?? `__${action}` }
    for (const name of ['OUTPUT', 'ENV', 'PATH', 'STATE', 'STEP_SUMMARY']) {
      const file = join(files, `${name.toLowerCase()}_${steps}`)
      writeFileSync(file, '')
      environment[`GITHUB_${name}`] = file
    }
    const home = join(root, 'actions', action)
    const manifest = parse(readFileSync(join(home, 'action.yml'), 'utf8')) as {
      inputs?: Record<string, { default?: string }>
      runs: { main: string }
    }
    const given = Object.entries(step.with ?? {}).map(([name, value]) => [name, fill(String(value), context)])
    const defaults = Object.entries(manifest.inputs ?? {}).map(([name, input]) => [name, fill(String(input.default ?? ''), context)])
    for (const [name = '', value] of [...defaults, ...given]) environment[`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`] = value
    settings.onStart(action)
    const { code, output } = await runToEnd(process.execPath, [join(home, manifest.runs.main)], {
      cwd: base.GITHUB_WORKSPACE,
      env: environment,
      seconds: 240,
      onLine: line => settings.onLine(action, line),
    })
    const outputs = parseOutputs(readFileSync(environment.GITHUB_OUTPUT ?? '', 'utf8'))
    const log = join(folder, 'logs', `${String(steps).padStart(2, '0')}-${action}.log`)
    await mkdir(join(folder, 'logs'), { recursive: true })
    await appendFile(log, `${output}\n--- exit ${code}\n${JSON.stringify(outputs, null, 2)}\n`)
    const summary = readFileSync(environment.GITHUB_STEP_SUMMARY ?? '', 'utf8')
    if (summary !== '') await appendFile(log.replace(/\.log$/, '.summary.md'), summary)
    const result = { action, job, code, outputs, log }
    settings.onEnd(result)
    return result
  }

  /** Runs a template. Returns the steps that ran; the first one that fails ends its job and the jobs that need it. */
  return async (template: string, trigger: Trigger): Promise<readonly StepResult[]> => {
    runs += 1
    const runId = 1000 + runs
    const workflow = parse(readFileSync(join(root, 'action-templates', template), 'utf8')) as { name: string; jobs: Record<string, Job> }
    const inputs = Object.fromEntries(Object.entries(trigger.inputs ?? {}).map(([name, value]) => [`inputs.${name}`, value]))
    const results: StepResult[] = []
    let context: Context = { ...inputs, 'strategy.job-index': '0' }
    for (const [id, job] of Object.entries(workflow.jobs)) {
      const condition = /^(needs\.\S+) != ''$/.exec(job.if ?? '')
      if (job.if !== undefined && condition === null) throw new Error(`The demo's runner does not know the condition ${job.if}`)
      if (condition !== null && (context[condition[1] ?? ''] ?? '') === '') continue
      const temp = join(folder, 'runs', String(runId), id, 'temp')
      const workspace = join(folder, 'runs', String(runId), id, 'workspace')
      await mkdir(temp, { recursive: true })
      await mkdir(workspace, { recursive: true })
      const token = `job-${runId}-${id}`
      await github.order('token', { token, permissions: job.permissions, login: 'github-actions[bot]' })
      const { token: runtime } = await github.order<{ token: string }>('runtime-token', { repository, runId, job: id })
      const event = join(temp, 'event.json')
      writeFileSync(event, JSON.stringify({ ...trigger.payload, ...(trigger.inputs === undefined ? {} : { inputs: trigger.inputs }) }))
      const base: NodeJS.ProcessEnv = {
        HOME: process.env.HOME,
        PATH: `${settings.bin}:${process.env.PATH}`,
        CI: 'true',
        GITHUB_ACTIONS: 'true',
        GITHUB_ACTOR: 'alice',
        GITHUB_TRIGGERING_ACTOR: 'alice',
        GITHUB_API_URL: github.apiUrl,
        GITHUB_SERVER_URL: github.serverUrl,
        GITHUB_EVENT_NAME: trigger.event,
        GITHUB_EVENT_PATH: event,
        GITHUB_JOB: id,
        GITHUB_REF: trigger.ref,
        GITHUB_REF_NAME: trigger.ref.replace(/^refs\/(heads|pull)\//, ''),
        GITHUB_REF_TYPE: 'branch',
        GITHUB_REPOSITORY: repository,
        GITHUB_REPOSITORY_OWNER: github.owner,
        GITHUB_RUN_ID: String(runId),
        GITHUB_RUN_NUMBER: String(runs),
        GITHUB_RUN_ATTEMPT: '1',
        GITHUB_SHA: trigger.sha,
        GITHUB_WORKFLOW: workflow.name,
        GITHUB_WORKFLOW_REF: `${repository}/.github/workflows/${template}@${trigger.ref}`,
        GITHUB_WORKSPACE: workspace,
        RUNNER_TEMP: temp,
        RUNNER_OS: process.platform === 'darwin' ? 'macOS' : 'Linux',
        RUNNER_ARCH: arch() === 'arm64' ? 'ARM64' : 'X64',
        ACTIONS_RESULTS_URL: github.resultsUrl,
        ACTIONS_RUNTIME_TOKEN: runtime,
        ...settings.environment,
      }
      let known: Context = { ...context, 'github.token': token }
      for (const step of job.steps) {
        const uses = step.uses ?? ''
        if (uses.startsWith('actions/checkout@')) await checkout(workspace, trigger.ref)
        const action = /^refline\/refline\/actions\/([a-z-]+)@/.exec(uses)?.[1]
        if (action === undefined || settings.skip[action] !== undefined) continue
        const result = await runStep(action, step, id, base, known)
        results.push(result)
        if (result.code !== 0) return results
        if (step.id !== undefined)
          known = {
            ...known,
            ...Object.fromEntries(Object.entries(result.outputs).map(([name, value]) => [`steps.${step.id}.outputs.${name}`, value])),
          }
      }
      const outputs = Object.entries(job.outputs ?? {}).map(([name, value]) => [`needs.${id}.outputs.${name}`, fill(value, known)])
      context = { ...context, ...Object.fromEntries(outputs) }
    }
    return results
  }
}
