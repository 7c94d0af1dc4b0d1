import { expect, test } from 'vitest'
import { githubWorkflowRuns } from '../../../src/adapters/github/workflow-runs.ts'
import { clientOf, place, start } from './support.ts'

test('a workflow run is told as the service knows it, one that is at work has no end, and one that is not there is null', async () => {
  const { double, repository } = await start()
  await using _ = double
  const run = {
    id: 77,
    actor: 'ann',
    headSha: 'c'.repeat(40),
    path: '.github/workflows/train.yml',
    event: 'push',
    createdAt: '2026-11-20T10:00:00Z',
    updatedAt: '2026-11-20T11:00:00Z',
  }
  repository.state.workflowRuns.set(77, run)
  repository.state.workflowRuns.set(78, { ...run, id: 78, updatedAt: null })
  const runs = githubWorkflowRuns(clientOf(double), place)
  const created = Date.parse(run.createdAt)
  expect(await runs.find('77')).toEqual({
    actor: 'ann',
    commit: run.headSha,
    path: run.path,
    event: 'push',
    created,
    ended: created + 3_600_000,
  })
  expect(await runs.find('78')).toMatchObject({ ended: null })
  expect(await runs.find('79')).toBeNull()
  double.fault({ kind: 'status', status: 403, method: 'GET', path: '/actions/runs/', times: 1 })
  await expect(runs.find('77')).rejects.toThrow()
})
