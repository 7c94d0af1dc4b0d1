import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'

interface Step {
  readonly uses?: string
  readonly run?: string
  readonly with?: Readonly<Record<string, unknown>>
}
interface Job {
  readonly permissions?: Readonly<Record<string, string>>
  readonly 'timeout-minutes'?: number
  readonly 'runs-on'?: unknown
  readonly environment?: { readonly name?: string; readonly deployment?: boolean }
  readonly concurrency?: { readonly group?: string; readonly queue?: string; readonly 'cancel-in-progress'?: boolean }
  readonly steps: readonly Step[]
}
interface Workflow {
  readonly on: unknown
  readonly permissions?: unknown
  readonly jobs: Readonly<Record<string, Job>>
}

const folder = join(import.meta.dirname, '..', 'action-templates')
const files = readdirSync(folder).filter(name => name.endsWith('.yml'))
const workflows = files.map(file => {
  const text = readFileSync(join(folder, file), 'utf8')
  return { file, text, workflow: parse(text) as Workflow }
})
const jobs = workflows.flatMap(({ file, workflow }) => Object.entries(workflow.jobs).map(([id, job]) => ({ name: `${file} ${id}`, job })))
const isOurs = (uses: string): boolean => uses.startsWith('refline/refline/actions/')

/** Jobs in which the repository's own code runs: training, or any shell step. `canary-deploy` and `rollback` run the deploy commands of the default branch. */
const runsUserCode = (job: Job): boolean =>
  job.steps.some(step => step.run !== undefined || step.uses?.startsWith('refline/refline/actions/train@'))

describe('the shipped templates', () => {
  it('are the six that the README promises', () => {
    expect(files.sort()).toEqual([
      'model-approve.yml',
      'model-maintenance.yml',
      'model-pr.yml',
      'model-release.yml',
      'model-rollback.yml',
      'model-watchdog.yml',
    ])
    const readme = readFileSync(join(folder, 'README.md'), 'utf8')
    for (const file of files) expect(readme).toContain(`| \`${file}\` |`)
  })

  it('let jobs that move traffic or decide wait for each other, cancel none, and keep rollbacks, watchdog and approvals out of the way of canaries', () => {
    const moving = jobs.filter(({ job }) => job.steps.some(({ uses = '' }) => /\/(canary-deploy|rollback)@/.test(uses)))
    const deciding = jobs.filter(({ name }) => name.startsWith('model-approve.yml'))
    for (const { name, job } of [...moving, ...deciding])
      expect(job.concurrency, name).toMatchObject({ queue: 'max', 'cancel-in-progress': false })
    const groups = [...moving, ...deciding].map(({ name, job }) => [name, job.concurrency?.group])
    expect(Object.fromEntries(groups)).toEqual({
      'model-release.yml canary': 'refline-production',
      'model-rollback.yml rollback': 'refline-rollback',
      'model-watchdog.yml resume': 'refline-watchdog',
      'model-approve.yml approve': 'refline-approve',
    })
  })

  it('leave the record of deployments to Refline, and ask nobody before a rollback or the watchdog', () => {
    const environments = jobs.flatMap(({ name, job }) => (job.environment === undefined ? [] : [[name, job.environment]]))
    expect(Object.fromEntries(environments)).toEqual({
      'model-release.yml canary': { name: 'production', deployment: false },
      'model-rollback.yml rollback': { name: 'production-rollback', deployment: false },
      'model-watchdog.yml resume': { name: 'production-rollback', deployment: false },
    })
  })

  it('give what a person typed to inputs that take any text', () => {
    for (const { job } of jobs)
      for (const step of job.steps) {
        const command = String(step.with?.command ?? '')
        expect(command).not.toContain('inputs.reason')
        if (/^(approve|release)\b/.test(command)) expect(step.with?.reason).toBe('${{ inputs.reason }}')
      }
  })

  it('have a watchdog that begins nothing', () => {
    const { workflow } = workflows.find(({ file }) => file === 'model-watchdog.yml') ?? {}
    expect(workflow?.on).toMatchObject({ schedule: [{ cron: '*/15 * * * *' }] })
    const steps = Object.values(workflow?.jobs ?? {}).flatMap(job => job.steps.filter(({ uses = '' }) => isOurs(uses)))
    expect(steps.map(step => step.with)).toEqual([{ resume: true }])
  })

  it('start from no permission at all', () => {
    for (const { workflow } of workflows) expect(workflow.permissions).toEqual({})
  })

  it('never run on pull_request_target', () => {
    for (const { text } of workflows) expect(text).not.toContain('pull_request_target')
  })

  it('put no expression into a shell', () => {
    for (const { job } of jobs) for (const step of job.steps) expect(step.run ?? '').not.toContain('${{')
  })

  it.each(jobs)('$name has a timeout and says its permissions', ({ job }) => {
    expect(job['timeout-minutes']).toBeGreaterThan(0)
    expect(Object.keys(job.permissions ?? {})).not.toEqual([])
  })

  it.each(jobs)('$name can write nothing if it runs user code', ({ job }) => {
    if (!runsUserCode(job)) return
    expect(Object.values(job.permissions ?? {}).filter(level => level !== 'read')).toEqual([])
  })

  it('has jobs that run user code, so that the rule above is about something', () => {
    expect(jobs.filter(({ job }) => runsUserCode(job)).map(({ name }) => name)).toEqual([
      'model-pr.yml measure',
      'model-release.yml measure',
    ])
  })

  it.each(jobs)('$name leaves no credentials in the checkout', ({ job }) => {
    const checkouts = job.steps.filter(step => step.uses?.startsWith('actions/checkout@'))
    for (const step of checkouts) expect(step.with?.['persist-credentials']).toBe(false)
  })

  it.each(jobs)('$name checks nothing of a pull request out where it can write', ({ name, job }) => {
    const writes = Object.values(job.permissions ?? {}).includes('write')
    if (!name.startsWith('model-pr.yml') || !writes) return
    expect(job.steps.map(step => step.uses ?? '').filter(uses => !isOurs(uses))).toEqual([])
  })

  it('say why for every permission beyond reading the code', () => {
    for (const { file, text } of workflows) {
      const granted = text.split('\n').filter(line => /^ {6}[a-z-]+: (read|write)\b/.test(line))
      expect(granted.length, file).toBeGreaterThan(0)
      for (const line of granted) expect(line, file).toMatch(/# why/)
    }
  })

  it('name only actions that exist, each ending with the gate where a report must come first', () => {
    const names = new Set(
      jobs.flatMap(({ job }) =>
        job.steps.flatMap(step => (isOurs(step.uses ?? '') ? [(step.uses ?? '').replace(/^.*\/(.*)@.*$/, '$1')] : [])),
      ),
    )
    expect([...names].sort()).toEqual([
      'build-model-image',
      'canary-deploy',
      'cli',
      'compare-champion',
      'evaluate-gate',
      'register',
      'rollback',
      'train',
    ])
    const gate = workflows.find(({ file }) => file === 'model-pr.yml')?.workflow.jobs.gate?.steps.map(step => step.uses ?? '') ?? []
    expect(gate.findIndex(uses => uses.includes('/compare-champion@'))).toBeLessThan(
      gate.findIndex(uses => uses.includes('/evaluate-gate@')),
    )
    expect(gate.at(-1)).toContain('/evaluate-gate@')
  })
})

it('the README shows the pull-request workflow as it is', () => {
  const read = (file: string): string => readFileSync(join(import.meta.dirname, '..', file), 'utf8')
  expect(read('README.md')).toContain(read('action-templates/model-pr.yml'))
})
