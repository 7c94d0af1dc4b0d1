import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { compareChampion } from '../../../src/actions/compare-champion/handler.ts'
import { evaluateGate } from '../../../src/actions/evaluate-gate/handler.ts'
import { register } from '../../../src/actions/register/handler.ts'
import { GitHubError } from '../../../src/adapters/github/errors.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { keepRun } from '../fixtures.ts'
import { base, benchIn, forgeOf, predictionsOf } from '../judging.ts'
import { configuration, registering, request, withRun } from './cases.ts'

describe('whose rules count', () => {
  const pull = { event: 'pull_request', ref: 'refs/pull/7/merge', pullRequest: 7, workflow: 'model-pr.yml' }
  const loose = configuration.replace('min: 0.70', 'min: 0.10')
  const strict = configuration.replace('min: 0.70', 'min: 0.99')
  it("are the base branch's on a pull request, and what the change loosens is called out in its one comment", async () => {
    await using folder = await temporaryFolder()
    const bench = await benchIn(folder.path, loose, pull, forgeOf({ [base]: { 'refline.yml': strict } }))
    await withRun(bench, predictionsOf(1200, 0.4), '1')
    const { outputs } = await evaluateGate(request, bench.ports)
    expect(outputs.verdict).toBe('fail')
    await compareChampion(request, bench.ports)
    expect([...bench.comments.keys()]).toEqual(['7 <!-- refline churn model-pr.yml -->'])
    expect([...bench.comments.values()][0]).toMatch(/0\.99.*0\.1|loosen/is)
  })
  it("are the commit's on the default branch, whatever a training script made of the file in the checkout", async () => {
    await using folder = await temporaryFolder()
    const bench = await benchIn(folder.path, loose, {}, forgeOf({ ['c'.repeat(40)]: { 'refline.yml': strict } }))
    await withRun(bench, predictionsOf(1200, 0.4), '1')
    expect((await evaluateGate(request, bench.ports)).outputs.verdict).toBe('fail')
    expect((await register(registering, bench.ports)).outputs.outcome).toBe('kept')
    expect(bench.log.join('\n')).toContain('rules: refline.yml of main at ccccccc (this checkout has another one, which does not count)')
  })
  it('are those of the checkout where GitHub does not know the commit', async () => {
    await using folder = await temporaryFolder()
    const forge = forgeOf({})
    const fileAt = () => Promise.reject(new GitHubError('GitHub knows nothing of it', 404, [], null))
    const bench = await benchIn(folder.path, configuration, {}, { ...forge, fileAt })
    await withRun(bench, predictionsOf(1200, 0.4), '1')
    expect((await evaluateGate(request, bench.ports)).outputs.verdict).toBe('pass')
    const broken = { ...forge, fileAt: () => Promise.reject(new GitHubError('GitHub answered with 502', 502, [], null)) }
    await expect(evaluateGate(request, { ...bench.ports, forge: broken })).rejects.toThrow(/502/)
  })
  it('are its own for a model that the base does not know, said so', async () => {
    await using folder = await temporaryFolder()
    const bench = await benchIn(folder.path, configuration, pull, forgeOf({ [base]: {} }))
    await withRun(bench, predictionsOf(1200, 0.4), '1')
    const { outputs } = await compareChampion(request, bench.ports)
    expect(outputs.commentUrl).toContain('/pull/7')
    expect([...bench.comments.values()][0]).toMatch(/review them too|new model/i)
  })
  it.each([
    ['a review of it, which is an event of its own', { ...pull, event: 'pull_request_review' }],
    ['a merge queue', { ...pull, event: 'merge_group', ref: 'refs/heads/gh-readonly-queue/main/pr-7', mergeGroupBase: base }],
  ])("are the base branch's on %s", async (_what, context) => {
    await using folder = await temporaryFolder()
    const bench = await benchIn(folder.path, loose, context, forgeOf({ [base]: { 'refline.yml': strict } }))
    await withRun(bench, predictionsOf(1200, 0.4), '1')
    expect((await evaluateGate(request, bench.ports)).outputs.verdict).toBe('fail')
    await expect(register(registering, bench.ports)).rejects.toThrow(/nothing is registered from/)
  })
  it('are not escaped from by another name for the model, unless the workflow names it', async () => {
    await using folder = await temporaryFolder()
    const renamed = loose.replace('  churn:', '  churn-two:')
    const bench = await benchIn(folder.path, renamed, pull, forgeOf({ [base]: { 'refline.yml': strict } }))
    await keepRun(
      bench.ports.runs,
      { 'model/model.bin': 'model', 'predictions.csv': predictionsOf(1200, 0.4) },
      { run: 'churn-two-111111111111', model: 'churn-two' },
    )
    await expect(evaluateGate(request, bench.ports)).rejects.toThrow(/takes churn out of refline.yml and leaves churn-two.*`model`/)
    await expect(evaluateGate({ ...request, model: 'churn' }, bench.ports)).rejects.toThrow(/no model `churn`/)
    expect((await evaluateGate({ ...request, model: 'churn-two' }, bench.ports)).outputs.verdict).toBe('pass')
    expect(bench.summaries[0]).toMatch(/new model/)
  })
  it("are the base branch's where the change deletes refline.yml", async () => {
    await using folder = await temporaryFolder()
    const forge = forgeOf({ [base]: { 'refline.yml': strict }, ['c'.repeat(40)]: {} })
    const bench = await benchIn(folder.path, configuration, pull, forge)
    await rm(join(bench.ports.context.workspace, 'refline.yml'))
    await withRun(bench, predictionsOf(1200, 0.4), '1')
    expect((await evaluateGate(request, bench.ports)).outputs.verdict).toBe('fail')
  })
  it('decide whether the saved model must reproduce its predictions, even where the change takes `score` away', async () => {
    await using folder = await temporaryFolder()
    const scored = configuration.replace('threshold: 0.5', 'threshold: 0.5, score: python score.py')
    const bench = await benchIn(folder.path, configuration, pull, forgeOf({ [base]: { 'refline.yml': scored } }))
    await withRun(bench, predictionsOf(1200, 0.4), '1', { reproduced: null })
    const { outputs, failure } = await evaluateGate(request, bench.ports)
    expect(outputs.verdict).toBe('fail')
    expect(failure).toMatch(/did not score its saved model/)
    expect(bench.summaries[0]).toMatch(/predictions\.score goes from python score\.py to nothing/)
  })
  it('decide whether checks of one’s own must have run, even where the change takes them away', async () => {
    await using folder = await temporaryFolder()
    const checked = configuration.replace('    primary:', '    checks: checks.ts\n    primary:')
    const bench = await benchIn(folder.path, configuration, pull, forgeOf({ [base]: { 'refline.yml': checked } }))
    await withRun(bench, predictionsOf(1200, 0.4), '1')
    const { outputs, failure } = await evaluateGate(request, bench.ports)
    expect(outputs.verdict).toBe('fail')
    expect(failure).toMatch(/the rules name `checks`, but this run did not run them/)
    expect(bench.summaries[0]).toMatch(/checks goes from checks\.ts to nothing/)
    await withRun(bench, predictionsOf(1200, 0.4), '1', { checks: { metrics: {}, findings: [], problem: null } })
    expect((await evaluateGate(request, bench.ports)).outputs.verdict).toBe('pass')
  })
  it('cannot be read without a token on a pull request, which is an error', async () => {
    await using folder = await temporaryFolder()
    const bench = await benchIn(folder.path, configuration, pull)
    await withRun(bench, predictionsOf(1200, 0.4), '1')
    await expect(evaluateGate(request, bench.ports)).rejects.toThrow(/base branch.*token/)
  })
})
