/**
 * `npm run demo`: Refline's bundled actions, run as a runner runs them, on a real model under real traffic, on this machine alone. Five scenes: a first
 * champion, a better model, a broken one, one that errs in production, and a manual rollback. The rules of `demo/project/refline.yml` stay as they are.
 */
import type { ChildProcess } from 'node:child_process'
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { endAllChildren, endChild, firstJson, runToEnd, startChild } from './demo/children.ts'
import { readEnding, writeComments } from './demo/ending.ts'
import { type GitHub, type OpenedPullRequest, startGitHub } from './demo/github.ts'
import { dispatchTrigger, type People, pullRequestTrigger, startPeople } from './demo/people.ts'
import { MissingTool, pythonEnvironment } from './demo/python.ts'
import { type StepResult, type Trigger, workflowRunner } from './demo/runner.ts'
import { intervalWords, transcript } from './demo/transcript.ts'
import { freePort } from './free-port.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const folder = join(root, 'demo-output')
const model = 'cancer'
const requestsPerSecond = 500
const say = transcript(
  () => performance.now(),
  line => console.log(line),
)

const withHaproxy = process.argv.includes('--haproxy')
/** Puts the target haproxy where the project has its own commands; the rules and the signal stay. */
const haproxyTarget = (text: string, socketPort: number): string =>
  text
    .replace(
      'kind: command',
      `kind: haproxy\n      sockets: ["127.0.0.1:${socketPort}"]\n      backend: cancer\n      slots: { blue: cancer_blue, green: cancer_green }`,
    )
    .replace(/^ +(read|set): \[python, production.*\n/gm, '')

/** A scene that ended otherwise than it should. */
class Unexpected extends Error {}
const expect = (condition: boolean, what: string): void => {
  if (!condition) throw new Unexpected(what)
}

const exitWords = (code: number | null): string => (code === 0 ? '' : ` (exit ${code})`)
const words: Readonly<Record<string, (step: StepResult) => string>> = {
  train: ({ outputs }) => `run ${outputs.run}, roc_auc ${intervalWords(outputs.metrics, 'roc_auc')} by the script's own word`,
  'compare-champion': ({ outputs }) => {
    const difference = intervalWords(outputs.differences, 'roc_auc', true)
    const comment = outputs['comment-url']
      ? `   -> ${relative(process.cwd(), join(folder, 'comments', `pr-${pullOf(outputs['comment-url'])}.md`))}`
      : ''
    return `${outputs.decision}: ${outputs.champion ? `${difference} against v${outputs.champion}` : 'first version, absolute gates decide'}${comment}`
  },
  'evaluate-gate': ({ outputs, code }) => (code === 0 ? `${outputs.verdict}` : `FAIL${exitWords(code)}: ${outputs.reason}`),
  'canary-deploy': ({ outputs, code }) => `${outputs.decision}, live is v${outputs.version}${exitWords(code)}`,
  rollback: ({ outputs }) => `v${outputs.from} -> v${outputs.to} after ${Number(outputs.seconds).toFixed(2)} s`,
}
const pullOf = (url: string): string => /\/(?:pull|issues)\/(\d+)/.exec(url)?.[1] ?? '?'

/** Lines of a rollout that are for people: all but commands to the runner. */
const isForPeople = (line: string): boolean => line.trim() !== '' && !line.startsWith('::')
const live = new Set(['canary-deploy', 'rollback'])

const printStep = (step: StepResult): void => {
  const hasOutputs = Object.keys(step.outputs).length > 0
  const text =
    (hasOutputs ? words[step.action]?.(step) : undefined) ??
    `${step.outputs.reason || 'no outputs'}${step.code === 0 ? '' : ` (exit ${step.code})`}`
  say.line(`${step.action.padEnd(18)} ${text}`)
}

const last = (steps: readonly StepResult[], action: string): StepResult => {
  const found = steps.findLast(step => step.action === action)
  if (found === undefined)
    throw new Unexpected(`${action} did not run; the last step was ${steps.at(-1)?.action}, see ${steps.at(-1)?.log}`)
  return found
}
const mustPass = (steps: readonly StepResult[]): void => {
  for (const step of steps)
    expect(step.code === 0, `${step.action} in job ${step.job} ended with ${step.code}, see ${relative(root, step.log)}:\n${tail(step)}`)
}
const tail = (step: StepResult): string => readFileSync(step.log, 'utf8').split('\n').slice(-25).join('\n')

const dockerProblem = async (): Promise<string | null> => {
  const asked = await runToEnd('docker', ['version', '--format', '{{.Server.Version}}'], { seconds: 15 })
  return asked.code === 0 ? null : 'no Docker Engine here'
}

interface Load {
  readonly child: ChildProcess
  counts: { sent: number; ok: number; failed: number; lost: number }
}
const startLoad = (port: number, rows: string): Load => {
  const child = startChild(process.execPath, [
    join(root, 'scripts', 'demo', 'load.ts'),
    String(port),
    rows,
    String(requestsPerSecond),
    '230',
  ])
  const load: Load = { child, counts: { sent: 0, ok: 0, failed: 0, lost: 0 } }
  if (child.stdout !== null)
    createInterface({ input: child.stdout }).on('line', line => {
      load.counts = JSON.parse(line) as Load['counts']
    })
  child.stderr?.resume()
  return load
}

interface Stage {
  readonly github: GitHub
  readonly people: People
  readonly run: (template: string, trigger: Trigger) => Promise<readonly StepResult[]>
  readonly admin: string
  readonly startTraffic: () => void
}

const pullRequest = async ({ github, people, run }: Stage, branch: string, title: string) => {
  const pull = await people.propose(branch, title)
  const steps = await run('model-pr.yml', pullRequestTrigger(github, pull, branch))
  return { pull, steps }
}
const release = async (stage: Stage, pull: OpenedPullRequest) => {
  const trigger = await stage.people.merge(pull)
  say.line(`pull request ${pull.number} is merged: the release workflow trains and judges again on main`)
  return stage.run('model-release.yml', trigger)
}

const firstScene = async (stage: Stage): Promise<void> => {
  say.title('1. First model: the 10 mean features')
  const { pull, steps } = await pullRequest(stage, 'first-model', 'Train a first model')
  mustPass(steps)
  const released = await release(stage, pull)
  mustPass(released)
  expect(last(released, 'register').outputs.version === '1', 'the first model should become version 1')
  expect(last(released, 'canary-deploy').outputs.decision === 'promoted', 'version 1 should be live')
}

const betterScene = async (stage: Stage): Promise<void> => {
  say.title('2. Better model: all 30 features')
  stage.people.edit('params.yaml', text => text.replace('features: mean ', 'features: all '))
  const { pull, steps } = await pullRequest(stage, 'all-features', 'Use all 30 features')
  mustPass(steps)
  expect(last(steps, 'compare-champion').outputs.decision === 'promote', 'the better model should be better')
  stage.startTraffic()
  const released = await release(stage, pull)
  mustPass(released)
  expect(last(released, 'canary-deploy').outputs.decision === 'promoted', 'version 2 should be promoted under traffic')
}

const brokenScene = async (stage: Stage): Promise<void> => {
  say.title('3. Subtly broken model: 40 % of the malignant training labels lost')
  stage.people.overlay(join(root, 'demo', 'changes', 'labels-from-export'))
  await stage.people.python('export.py')
  const { steps } = await pullRequest(stage, 'labels-from-export', 'Take the labels from the nightly export')
  expect(last(steps, 'compare-champion').code === 0, 'compare-champion never fails')
  const gate = last(steps, 'evaluate-gate')
  expect(gate.code === 1 && gate.outputs.verdict === 'fail', 'the gate should stop the broken model with exit 1')
  say.detail('not merged, as it should be')
  await stage.people.backToMain()
}

const erringScene = async (stage: Stage): Promise<void> => {
  say.title('4. Same code, newer data, and a server that fails on 8 % of its requests')
  await fetch(`${stage.admin}/fault`, { method: 'POST', body: JSON.stringify({ version: 3, rate: 0.08 }) })
  await stage.people.python('prepare.py', '284')
  const steps = await stage.run('model-release.yml', await stage.people.pushToMain('Nightly data: 57 more rows'))
  expect(last(steps, 'register').outputs.version === '3', 'the retrained model should become version 3')
  const canary = last(steps, 'canary-deploy')
  expect(canary.code === 1 && canary.outputs.decision === 'rolled-back', 'the erring canary should be rolled back with exit 1')
  say.detail('rolled back by itself and quarantined, as it should be')
}

const rollbackScene = async (stage: Stage): Promise<void> => {
  say.title('5. Somebody presses the button: rollback')
  const { refs } = await stage.github.dump()
  const inputs = { reason: 'demo: on call says so', to: '', quarantine: 'true', 'dry-run': 'false' }
  const steps = await stage.run('model-rollback.yml', dispatchTrigger(stage.github, refs['refs/heads/main'] ?? '', inputs))
  mustPass(steps)
  const { from, to } = last(steps, 'rollback').outputs
  expect(from === '2' && to === '1', `the rollback should go from v2 to v1, not from v${from} to v${to}`)
}

const demo = async (): Promise<void> => {
  const began = performance.now()
  if (!existsSync(join(root, 'dist', 'train.js'))) throw new MissingTool('dist/ is not built: run `npm run build`.')
  say.plain(
    `Refline demo: real models, real traffic, nothing leaves this machine             (work folder ${relative(process.cwd(), folder)})`,
  )
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  const project = join(root, 'demo', 'project')
  const python = await pythonEnvironment(join(root, 'node_modules', '.cache', 'refline-demo'), join(project, 'requirements.txt'))
  const github = await startGitHub(root, join(folder, 'github'), 'acme', model)
  const socketPort = withHaproxy ? await freePort() : null
  const production = startChild(process.execPath, [
    join(root, 'scripts', 'demo', 'production.ts'),
    join(python.bin, 'python'),
    join(project, 'serve.py'),
    join(folder, 'production'),
    ...(socketPort === null ? [] : [String(socketPort)]),
  ])
  const { traffic, admin: adminPort } = await firstJson<{ traffic: number; admin: number }>(production, 'Production')
  const admin = `http://127.0.0.1:${adminPort}`
  say.line(
    `${python.version} · git repository and GitHub double on ${github.url.replace('http://', '')} · actions run from dist/ as a runner runs them${withHaproxy ? ' · HAProxy splits the traffic' : ''}`,
  )

  const docker = await dockerProblem()
  const skip = { 'build-model-image': docker ?? 'the demo serves from the files' }
  say.line(`image step skipped: ${skip['build-model-image']} (serving from the files)`)
  const people = await startPeople(github, join(folder, 'clone'), python.bin)
  cpSync(project, people.clone, { recursive: true, filter: path => !path.includes('__pycache__') })
  people.edit('refline.yml', text => text.replace('127.0.0.1:18080', `127.0.0.1:${adminPort}`))
  if (socketPort !== null) people.edit('refline.yml', text => haproxyTarget(text, socketPort))
  await people.python('prepare.py')

  const run = workflowRunner({
    root,
    folder,
    github,
    bin: python.bin,
    environment: {
      PRODUCTION_ADMIN: admin,
      // A job without a checkout must not take this checkout's origin for its own.
      GIT_CEILING_DIRECTORIES: join(folder, 'runs'),
      PYTHONDONTWRITEBYTECODE: '1',
    },
    skip,
    onStart: action => {
      if (live.has(action)) say.line(`${action} ...`)
    },
    onLine: (action, line) => {
      if (live.has(action) && isForPeople(line)) say.detail(line)
    },
    onEnd: printStep,
  })
  let load: Load | null = null
  const rows = join(folder, 'holdout.csv')
  cpSync(join(people.clone, 'data', 'holdout.csv'), rows)
  const stage: Stage = {
    github,
    people,
    run,
    admin,
    startTraffic: () => {
      load = startLoad(traffic, rows)
      say.detail(`from now on ${requestsPerSecond} requests/s of real feature rows`)
    },
  }

  await firstScene(stage)
  await betterScene(stage)
  await brokenScene(stage)
  await erringScene(stage)
  await rollbackScene(stage)

  const users = load as Load | null
  if (users !== null) {
    await endChild(users.child)
    const { sent, ok, failed, lost } = users.counts
    say.title(`Users: ${sent} requests sent, ${ok} answered well, ${failed} with an error, ${lost} lost`)
    expect(lost === 0, `${lost} requests were lost while traffic moved`)
  }
  const dump = await github.dump()
  const ending = await readEnding(dump.bare, model, 'production', folder)
  const comments = await writeComments(dump, join(folder, 'comments'))
  writeFileSync(join(folder, 'ledger.txt'), `${ending.subjects.join('\n')}\n`)
  say.plain(`\n$ git -C ${relative(process.cwd(), dump.bare)} log --format=%s refs/refline/models/${model}/decisions`)
  for (const subject of ending.subjects) say.plain(`  ${subject}`)
  const seconds = Math.round((performance.now() - began) / 1000)
  await endAllChildren()
  say.plain(
    `Live: ${model} v${ending.live} (production).   Quarantined: ${ending.quarantined.map(version => `v${version}`).join(', ') || 'none'}.   Ledger: ${ending.events} events, chain verified.   ${Math.floor(seconds / 60)} min ${seconds % 60} s, nothing left running.`,
  )
  say.plain(`Comments: ${comments.map(path => relative(process.cwd(), path)).join(', ')}`)
  expect(ending.live === 1 && ending.champion === 1, 'version 1 should be live at the end')
  expect(ending.quarantined.join() === '2,3', 'versions 2 and 3 should be quarantined at the end')
}

const leave = async (code: number): Promise<never> => {
  await endAllChildren()
  process.exit(code)
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void leave(130))
try {
  await demo()
  await leave(0)
} catch (error) {
  console.error(error instanceof MissingTool || error instanceof Unexpected ? `\n${error.message}` : error)
  await leave(error instanceof MissingTool ? 2 : 1)
}
