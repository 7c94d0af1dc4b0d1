import { expect, test } from 'vitest'
import { startScenario } from '../support/scenario.ts'
import { configurationFile, params, trainScript } from '../support/scenario-files.ts'

test('a gated metric that the script reports as NaN fails the gate, which names it and still writes its report', async () => {
  const script = `${trainScript}\nwriteFileSync('metrics.json', '{"accuracy": 0.9, "recall": NaN}')\n`
  await using scenario = await startScenario({ files: { 'train.mjs': script } })
  const job = await scenario.job({ runId: 1 })
  expect((await job.step('train')).exitCode).toBe(0)
  const gate = await job.step('evaluate-gate')
  expect(gate, gate.stdout + gate.stderr).toMatchObject({ exitCode: 1, outputs: { verdict: 'fail', failed: '["recall"]' } })
  expect(gate.errors.join('\n')).toMatch(/recall.*NaN/)
  expect(gate.summary).toContain('recall')
}, 60_000)

test("a pull request that loosens a gate is judged by the base's rule, and the comment says what it loosens", async () => {
  await using scenario = await startScenario()
  const { repository } = scenario
  const release = await scenario.job({ runId: 1 })
  for (const action of ['train', 'register']) expect((await release.step(action)).exitCode).toBe(0)

  const loosened = configurationFile(null)
    .replace('min: 0.6, max_drop: 0.02', 'min: 0.1, max_drop: 0.9')
    .replace('recall: { min: 0.5 }', '')
  await repository.commit({ 'refline.yml': loosened, 'params.yaml': params(0.2) }, { branch: 'worse' })
  const { number } = await repository.openPullRequest({ head: 'worse', title: 'A worse model and looser gates' })
  const measure = await scenario.job({ runId: 2, job: 'measure', pullRequest: number })
  expect((await measure.step('train')).exitCode).toBe(0)
  const judge = await scenario.job({ runId: 2, job: 'gate', pullRequest: number })
  const compared = await judge.step('compare-champion')
  expect(compared, compared.stdout + compared.stderr).toMatchObject({ exitCode: 0, outputs: { decision: 'keep', champion: '1' } })
  const gate = await judge.step('evaluate-gate')
  expect(gate, gate.stdout + gate.stderr).toMatchObject({ exitCode: 1, outputs: { verdict: 'fail' } })

  const [comment, ...others] = repository.comments(number)
  expect(others).toEqual([])
  expect(comment?.body).toMatch(/must not merge/)
  expect(comment?.body).toMatch(/roc\\?_auc.*0\.6.*0\.1/)
}, 60_000)
