import { expect, test } from 'vitest'
import { startScenario } from '../support/scenario.ts'
import { params } from '../support/scenario-files.ts'
import { foldOf } from './fold.ts'

// The whole of production, by the bundles: two versions go live, a third does harm and is taken back, then somebody presses the button.
test('a canary that harms is rolled back and a button goes to the previous champion', { timeout: 240_000 }, async () => {
  await using scenario = await startScenario({ environment: true })
  const weights = () => scenario.production.blue()
  const release = async (runId: number) => {
    const job = await scenario.job({ runId, job: 'release' })
    for (const action of ['train', 'compare-champion', 'register'] as const) {
      const step = await job.step(action)
      expect(step.exitCode, `${action}: ${step.stdout}${step.stderr}`).toBe(0)
    }
    return job.step('canary-deploy')
  }
  expect((await release(1)).exitCode).toBe(0)
  await scenario.repository.commit({ 'params.yaml': params(2.2) }, { message: 'Separate better' })
  const second = await release(2)
  expect(second.exitCode, `${second.stdout}${second.stderr}`).toBe(0)
  expect(second.outputs).toMatchObject({ decision: 'promoted', version: '2', previous: '1' })
  expect(await weights()).toBe(0)

  scenario.traffic.errors.blue = 0.08
  await scenario.repository.commit({ 'params.yaml': params(3) }, { message: 'Separate better still' })
  const third = await release(3)
  expect(third.exitCode, `${third.stdout}${third.stderr}`).toBe(1)
  expect(third.outputs).toMatchObject({ decision: 'rolled-back', version: '2' })
  expect(third.stdout).toMatch(/v3 was rolled back and quarantined: canary \d+\/\d+ errors, stable 0\/\d+/)
  expect(await weights()).toBe(0)

  const inputs = { reason: 'demo: on call says so' }
  const button = async (runId: number, more: Readonly<Record<string, string>> = {}) =>
    (await scenario.job({ runId, job: 'rollback', event: 'workflow_dispatch' })).step('rollback', { ...inputs, ...more })
  const planned = await button(4, { 'dry-run': 'true' })
  expect(planned.outputs, `${planned.stdout}${planned.stderr}`).toMatchObject({ from: '2', to: '1', outcome: 'planned' })
  expect(await weights()).toBe(0)
  const pressed = await button(5)
  expect(pressed.exitCode, `${pressed.stdout}${pressed.stderr}`).toBe(0)
  expect(pressed.outputs).toMatchObject({ from: '2', to: '1', outcome: 'rolled-back', 'issue-url': expect.stringContaining('/issues/') })
  expect(await weights()).toBe(100)
  expect((await button(5)).outputs).toMatchObject({ from: '2', to: '1', outcome: 'already' })
  const refused = await button(6, { to: '3' })
  expect(refused.exitCode).toBe(2)
  expect(refused.stdout).toContain('v3 is quarantined')

  // What people saw of it on GitHub: a deployment for each rollout and rollback, of which one is live; one incident that everything was added to.
  const { deployments, issues } = await scenario.repository.dump()
  const changes = (states: readonly string[]) => states.filter((state, index) => state !== states[index - 1])
  const told = deployments.map(({ description, statuses }) => [description, ...changes(statuses.map(({ state }) => state))])
  expect(told).toEqual([
    ['churn v1', 'queued', 'success', 'inactive'],
    ['churn v2', 'queued', 'in_progress', 'success', 'inactive'],
    ['churn v3', 'queued', 'in_progress', 'failure'],
    ['churn v1 (rollback from v2)', 'success'],
  ])
  const [, , harmed, back] = deployments.map(deployment => deployment.statuses)
  expect(harmed?.map(({ description }) => description).join('; ')).toMatch(
    /^v3 is being deployed; 50 % of the traffic; .*50 % of the traffic, harm [\d.e,]+ of 100: it is rolled back; canary \d+\/\d+ errors/,
  )
  expect(harmed?.[0]).toMatchObject({
    environmentUrl: 'https://churn.example/v3',
    logUrl: expect.stringMatching(/\/acme\/churn\/actions\/runs\/3$/),
  })
  expect(back?.[0]).toMatchObject({ environmentUrl: 'https://churn.example/v1', logUrl: expect.stringMatching(/\/actions\/runs\/5$/) })
  const incidents = issues.filter(issue => issue.pull === null)
  expect(incidents.map(({ title, comments }) => [title, comments.length])).toEqual([['churn v3 was rolled back in production', 1]])
  expect(incidents[0]?.body).toMatch(/\| errors \| [\d,]+ of [\d,]+ \| 0 of [\d,]+ \| [\d.e,]+ \| [^|]+ \| ❌ unhealthy \|/)
  expect(incidents[0]?.comments[0]?.body).toContain('A person decided this. When v2 was rolled out, it was judged so:')
  expect(third.summary).toMatch(/^### ❌ churn v3 was rolled back in production and is quarantined: all traffic is on v2\n/)
  expect(planned.summary).toMatch(/^### Plan, nothing was changed\n/)

  const fold = await foldOf(scenario)
  expect(fold.aliases.champion).toBe(1)
  expect(Object.keys(fold.quarantine)).toEqual(['2', '3'])
  expect((await scenario.ledgerSubjects())[0]).toBe('rollback churn in production v2 -> v1: demo: on call says so')
})
