import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { compareChampion } from '../../../src/actions/compare-champion/handler.ts'
import { spec as compareSpec } from '../../../src/actions/compare-champion/spec.ts'
import { evaluateGate } from '../../../src/actions/evaluate-gate/handler.ts'
import { spec as gateSpec } from '../../../src/actions/evaluate-gate/spec.ts'
import { register } from '../../../src/actions/register/handler.ts'
import { GitHubError } from '../../../src/adapters/github/errors.ts'
import { UserError } from '../../../src/core/errors.ts'
import { readInputs } from '../../../src/kernel/inputs.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { keepRun, recordOf, sha256 } from '../fixtures.ts'
import { type Bench, base, benchIn, forgeOf, predictionsOf } from '../judging.ts'

const configuration = `models:
  churn:
    task: binary
    train: { command: "true", output: model.bin }
    predictions: { file: predictions.csv, threshold: 0.5 }
    primary: roc_auc
    gates:
      roc_auc: { min: 0.70, max_drop: 0.02 }
      recall: { min: 0.50 }
`
const request = { model: undefined, config: 'refline.yml', run: undefined, comment: 'auto' } as const
const registering = { ...request, when: 'promote', alias: undefined, allowRef: undefined } as const
const name = (digit: string) => `churn-${digit.repeat(12)}`

const withRun = (bench: Bench, predictions: string, digit: string, change = {}) =>
  keepRun(bench.ports.runs, { 'model/model.bin': `model ${digit}`, 'predictions.csv': predictions }, { run: name(digit), ...change })

/** A repository whose champion is v1 with these predictions. */
const withChampion = async (
  folder: string,
  predictions = predictionsOf(1200, 0.35),
  change = {},
  forge: Parameters<typeof benchIn>[3] = null,
) => {
  const first = await benchIn(folder, configuration, {}, forge)
  await withRun(first, predictions, '1')
  expect((await register(registering, first.ports)).outputs).toMatchObject({ version: 1, outcome: 'created' })
  return first.nextJob('200', change)
}

describe('a first version', () => {
  it('is judged by the absolute gates, and both actions say the same', async () => {
    await using folder = await temporaryFolder()
    const bench = await benchIn(folder.path, configuration)
    await withRun(bench, predictionsOf(1200, 0.4), '1')
    const compared = await compareChampion(request, bench.ports)
    const gated = await evaluateGate(request, bench.ports)
    expect(compared.outputs).toMatchObject({ decision: 'promote', champion: '', differences: {}, commentUrl: '' })
    expect(gated).toMatchObject({ outputs: { verdict: 'pass', failed: [] } })
    expect(gated.failure).toBeUndefined()
    expect(gated.outputs.reason).toBe(compared.outputs.reason)
    expect(bench.summaries[0]).toBe(bench.summaries[1])
  })
  it('is not believed where releases exist and the ledger is gone', async () => {
    await using folder = await temporaryFolder()
    const champion = await withChampion(folder.path)
    const emptied = await benchIn(folder.path, configuration, { runId: '300' })
    await withRun(emptied, predictionsOf(1200, 0.4), '2')
    expect((await champion.ports.ledger.read('churn')).seq).toBeGreaterThan(0)
    await expect(evaluateGate(request, emptied.ports)).rejects.toThrow(/ledger of churn is gone, its releases are not \(refline\/churn\//)
  })
})

describe('against a champion', () => {
  it('promotes what is better on the same rows', async () => {
    await using folder = await temporaryFolder()
    const bench = await withChampion(folder.path)
    await withRun(bench, predictionsOf(1200, 0.48), '2')
    const { outputs } = await compareChampion(request, bench.ports)
    expect(outputs).toMatchObject({ decision: 'promote', champion: 1 })
    expect(outputs.differences.roc_auc?.value).toBeGreaterThan(0)
  })
  it.each([
    ['retrained', 'newer data', { data: [{ path: 'train.csv', files: 1, bytes: 9, sha256: sha256('newer') }] }],
    ['changed', 'the same data', {}],
    ['changed', 'other params', { params: { depth: 8 }, data: [{ path: 'train.csv', files: 1, bytes: 9, sha256: sha256('newer') }] }],
    [
      'changed',
      'another train section',
      { train: sha256('other'), data: [{ path: 'train.csv', files: 1, bytes: 9, sha256: sha256('newer') }] },
    ],
    ['changed', 'other code', { code: sha256('other'), data: [{ path: 'train.csv', files: 1, bytes: 9, sha256: sha256('newer') }] }],
  ])('asks for the proof of "%s" where there are %s', async (change, _what, lineage) => {
    await using folder = await temporaryFolder()
    const bench = await withChampion(folder.path)
    await withRun(bench, predictionsOf(1200, 0.4), '2', { lineage: { ...recordOf().lineage, ...lineage } })
    const { outputs } = await compareChampion(request, bench.ports)
    expect(JSON.parse(await readFile(outputs.result, 'utf8'))).toMatchObject({ change })
  })
  it('fails what is worse, and still reports it', async () => {
    await using folder = await temporaryFolder()
    const bench = await withChampion(folder.path)
    await withRun(bench, predictionsOf(1200, 0.2), '2')
    const compared = await compareChampion(request, bench.ports)
    expect(compared.failure).toBeUndefined()
    const { outputs, failure } = await evaluateGate(request, bench.ports)
    expect(outputs).toMatchObject({ verdict: 'fail', failed: expect.arrayContaining(['roc_auc']) })
    expect(failure).toContain('roc_auc')
    expect(bench.summaries).toHaveLength(2)
  })
})

describe('a model that only reports figures', () => {
  const figures = configuration
    .replace(/ {4}predictions: .*\n/, '')
    .replace(/roc_auc: \{ min: 0.70, max_drop: 0.02 \}\n.*\n/, 'score: { min: 0.7, max_drop: 0.02 }\n')
    .replace('primary: roc_auc', 'primary: score')
  const files = (digit: string) => ({ 'model/model.bin': `model ${digit}` })
  it.each([
    [0.89, 'pass'],
    [0.85, 'fail'],
  ])('is held to the champion by its gates (%d: %s) and never promoted without proof', async (score, verdict) => {
    await using folder = await temporaryFolder()
    const first = await benchIn(folder.path, figures)
    await keepRun(first.ports.runs, files('1'), { run: name('1'), reported: { score: 0.9 } })
    expect((await register(registering, first.ports)).outputs.version).toBe(1)
    const bench = await first.nextJob('200')
    await keepRun(bench.ports.runs, files('2'), { run: name('2'), reported: { score } })
    expect((await evaluateGate(request, bench.ports)).outputs.verdict).toBe(verdict)
    expect((await compareChampion(request, bench.ports)).outputs.decision).not.toBe('promote')
  })
})

describe('never a pass, each with its own words', () => {
  const failing: [string, string, RegExp][] = [
    ['a NaN among the scores', predictionsOf(1200, 0.6, (row, score) => (row === 410 ? 'nan' : score.toFixed(6))), /NaN|undefined/i],
    ['an empty predictions file', 'id,label,score,region\n', /no rows|empty/i],
    ['a missing column', predictionsOf(1200, 0.6).replace('label', 'truth'), /label/],
    ['a file of nothing at all', '', /empty|header|no /i],
    ['an id that stands twice', `${predictionsOf(1200, 0.6)}r7,1,0.9,EU\n`, /id "r7" stands in lines 9 and 1202/],
    ['an infinite score', predictionsOf(1200, 0.6, (row, score) => (row === 7 ? '1e999' : score.toFixed(6))), /infinite.*line 9/],
    ['labels of one class only', predictionsOf(1200, 0.6).replaceAll(/^(r\d+),\d/gm, '$1,1'), /every row has the positive label/],
  ]
  it.each(failing)('%s', async (_what, predictions, words) => {
    await using folder = await temporaryFolder()
    const bench = await benchIn(folder.path, configuration)
    await withRun(bench, predictions, '1')
    const { outputs, failure } = await evaluateGate(request, bench.ports)
    expect(outputs.verdict).not.toBe('pass')
    expect(failure).toMatch(words)
    const compared = await compareChampion(request, bench.ports)
    expect(compared.outputs.decision).not.toBe('promote')
    expect((await register(registering, bench.ports)).outputs).toMatchObject({ version: '', outcome: 'kept' })
    const { versions, aliases } = await bench.ports.ledger.read('churn')
    expect({ versions, aliases }).toEqual({ versions: 0, aliases: {} })
    const events = (await bench.ports.ledger.records('churn')).flatMap(record => record.events)
    expect(events).toEqual([expect.objectContaining({ kind: 'kept', run: name('1'), decision: compared.outputs.decision })])
  })
  it('a metric that is gated and that nothing gives', async () => {
    await using folder = await temporaryFolder()
    const gated = configuration.replace('recall: { min: 0.50 }', 'latency_p95_ms: { max: 20 }')
    const bench = await benchIn(folder.path, gated)
    await withRun(bench, predictionsOf(1200, 0.6), '1')
    const { outputs, failure } = await evaluateGate(request, bench.ports)
    expect(outputs).toMatchObject({ verdict: 'fail', failed: ['latency_p95_ms'] })
    expect(failure).toContain('latency_p95_ms')
  })
  it('groups that are treated differently, read from the column that only fairness names', async () => {
    await using folder = await temporaryFolder()
    const fair = `${configuration}    fairness: { region: { equal_opportunity_difference: { max: 0.1 }, demographic_parity_ratio: { min: 0.8, severity: warn } } }\n`
    const bench = await benchIn(folder.path, fair)
    const unfair = predictionsOf(1200, 0.6, (row, score) => (row % 3 === 0 ? (score / 2).toFixed(6) : score.toFixed(6)))
    await withRun(bench, unfair, '1')
    const { outputs } = await evaluateGate(request, bench.ports)
    expect(outputs).toMatchObject({ verdict: 'fail', failed: ['equal_opportunity_difference [region]'] })
    expect(outputs.reason).toContain('equal_opportunity_difference between the groups of region')
    expect(bench.summaries[0]).toMatch(/Fairness: 0 pass, 1 fail, 1 warning/)
  })
  it('a reported metric that is NaN', async () => {
    await using folder = await temporaryFolder()
    const gated = configuration.replace('recall: { min: 0.50 }', 'latency_p95_ms: { max: 20 }')
    const bench = await benchIn(folder.path, gated)
    await withRun(bench, predictionsOf(1200, 0.6), '1', { reported: { latency_p95_ms: 'NaN' } })
    const { outputs, failure } = await evaluateGate(request, bench.ports)
    expect(outputs.verdict).toBe('fail')
    expect(failure).toMatch(/latency_p95_ms.*NaN|NaN.*latency_p95_ms/s)
  })
  it('a champion whose stored predictions are gone', async () => {
    await using folder = await temporaryFolder()
    const bench = await withChampion(folder.path)
    await withRun(bench, predictionsOf(1200, 0.6), '2')
    await rm(folder.join('store'), { recursive: true })
    const { outputs, failure } = await evaluateGate(request, bench.ports)
    expect(outputs.verdict).not.toBe('pass')
    expect(failure).toMatch(/v1/)
    expect((await compareChampion(request, bench.ports)).outputs.decision).toBe('inconclusive')
  })
  it('a champion that was judged on another holdout', async () => {
    await using folder = await temporaryFolder()
    const bench = await withChampion(folder.path)
    await withRun(bench, predictionsOf(1300, 0.6), '2')
    const { outputs, failure } = await evaluateGate(request, bench.ports)
    expect(outputs.verdict).not.toBe('pass')
    expect(failure).toMatch(/holdout/)
  })
  it('a saved model that does not reproduce its predictions', async () => {
    await using folder = await temporaryFolder()
    const bench = await benchIn(folder.path, configuration)
    const reproduction = 'the saved model does not reproduce its predictions: 3 of 1200 values differ'
    await withRun(bench, predictionsOf(1200, 0.6), '1', { reproduced: false, reproduction })
    const { outputs, failure } = await evaluateGate(request, bench.ports)
    expect(outputs.verdict).toBe('fail')
    expect(failure).toContain('3 of 1200 values differ')
  })
})

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

describe('a comment that GitHub does not take', () => {
  const pull = { event: 'pull_request', ref: 'refs/pull/7/merge', pullRequest: 7 }
  it.each([
    ['does not allow', async () => ({ denied: 'the token may not' })],
    ['does not answer', () => Promise.reject(new UserError('GitHub answered POST with 502'))],
  ])('since it %s it, changes no verdict', async (_what, upsert) => {
    await using folder = await temporaryFolder()
    const bench = await benchIn(folder.path, configuration, pull, forgeOf({ [base]: { 'refline.yml': configuration } }))
    await withRun(bench, predictionsOf(1200, 0.05), '1')
    const { outputs, failure } = await evaluateGate(request, { ...bench.ports, comments: { upsert } })
    expect(outputs.verdict).toBe('fail')
    expect(failure).toContain('roc_auc')
    expect(bench.log.join('\n')).toMatch(/warning: no comment on pull request 7: .*; the report is in the job summary/)
  })
})

describe('the champion on another holdout', () => {
  const apart = configuration.replace('threshold: 0.5', 'threshold: 0.5, paired: false')
  it('is compared as on unrelated rows where the rules ask for it, by what was published with it', async () => {
    await using folder = await temporaryFolder()
    const first = await benchIn(folder.path, apart)
    await withRun(first, predictionsOf(1200, 0.35), '1')
    expect((await register(registering, first.ports)).outputs).toMatchObject({ version: 1 })
    const bench = await first.nextJob('200')
    const others = predictionsOf(1300, 0.6).replaceAll(/^r/gm, 'other')
    await withRun(bench, others, '2')
    expect((await evaluateGate(request, bench.ports)).outputs.verdict).toBe('pass')
    const { outputs } = await compareChampion(request, bench.ports)
    expect(outputs).toMatchObject({ decision: 'promote', champion: 1 })
    expect(JSON.parse(await readFile(outputs.result, 'utf8'))).toMatchObject({ holdout: { rows: 1300, paired: null, lost: 0 } })
    expect(bench.summaries[0]).toMatch(/unpaired on request/)
  })
  it('without the clusters that the rules name by now cannot be compared with, and it is said that the stored rows lack them', async () => {
    await using folder = await temporaryFolder()
    const first = await benchIn(folder.path, apart)
    await withRun(first, predictionsOf(1200, 0.35), '1')
    await register(registering, first.ports)
    const bench = await first.nextJob('200')
    await writeFile(join(bench.ports.context.workspace, 'refline.yml'), apart.replace('paired: false', 'paired: false, cluster: region'))
    await withRun(bench, predictionsOf(1300, 0.6), '2')
    const { outputs, failure } = await evaluateGate(request, bench.ports)
    expect(outputs.verdict).toBe('inconclusive')
    expect(failure).toMatch(/stored with it do not have what these rules need \(there is no column "row_cluster".*is scored again/)
    expect(failure).not.toContain('Name it in refline.yml')
  })
})

describe('the champion on the same holdout', () => {
  it('is what was published with it, whatever the run says that it scored', async () => {
    await using folder = await temporaryFolder()
    const bench = await withChampion(folder.path)
    const flattering = predictionsOf(1200, 0.01)
    await withRun(bench, predictionsOf(1200, 0.2), '2')
    await keepRun(
      bench.ports.runs,
      { 'model/model.bin': 'model 2', 'predictions.csv': predictionsOf(1200, 0.2), 'champion-predictions.csv': flattering },
      {
        run: name('2'),
        champion: {
          version: 1,
          predictions: { path: 'champion-predictions.csv', bytes: Buffer.byteLength(flattering), sha256: sha256(flattering) },
        },
      },
    )
    const { outputs } = await evaluateGate(request, bench.ports)
    expect(outputs).toMatchObject({ verdict: 'fail', failed: expect.arrayContaining(['roc_auc']) })
    expect((await compareChampion(request, bench.ports)).outputs.decision).toBe('keep')
  })
})

describe('files without a run', () => {
  const place = async (bench: Bench, file: string, text: string): Promise<void> => {
    const path = join(bench.ports.context.workspace, file)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text)
  }
  it('are judged against the champion as a run is, and are no run for anything else', async () => {
    await using folder = await temporaryFolder()
    const bench = await withChampion(folder.path)
    await place(bench, 'out/holdout.csv', predictionsOf(1200, 0.2))
    const { outputs, failure } = await evaluateGate({ ...request, predictions: 'out/holdout.csv' }, bench.ports)
    expect(outputs).toMatchObject({ verdict: 'fail', failed: expect.arrayContaining(['roc_auc']) })
    expect(failure).toContain('champion v1')
    const result = JSON.parse(await readFile(outputs.result, 'utf8')) as Record<string, unknown>
    expect(result).toMatchObject({ opponent: { kind: 'champion', version: 1 }, change: 'changed', holdout: { paired: 1200 } })
    expect(bench.summaries[0]).not.toMatch(/trained in|model 0|is gone/)
    await expect(register(registering, bench.ports)).rejects.toThrow(/no run of churn was found/)
    await place(bench, 'out/holdout.csv', predictionsOf(1200, 0.48))
    expect((await evaluateGate({ ...request, predictions: './out/holdout.csv' }, bench.ports)).outputs.verdict).toBe('pass')
  })
  it('can be reported metrics, beside predictions or alone', async () => {
    await using folder = await temporaryFolder()
    const gated = configuration.replace('recall: { min: 0.50 }', 'latency_p95_ms: { max: 20 }')
    const bench = await benchIn(folder.path, gated)
    await place(bench, 'p.csv', predictionsOf(1200, 0.4))
    await place(bench, 'm.json', '{"latency_p95_ms": 12}')
    expect((await evaluateGate({ ...request, predictions: 'p.csv', metrics: 'm.json' }, bench.ports)).outputs.verdict).toBe('pass')
    await place(bench, 'm.json', '{"latency_p95_ms": NaN}')
    expect((await evaluateGate({ ...request, predictions: 'p.csv', metrics: 'm.json' }, bench.ports)).outputs.verdict).toBe('fail')
    const alone = await evaluateGate({ ...request, metrics: 'm.json' }, bench.ports)
    expect(alone.failure).toMatch(/no predictions file, although refline.yml names one/)
  })
  it.each([
    ['outside by its path', '../secret.csv', /is outside of the workspace/],
    ['outside by an absolute path', '/etc/passwd', /is outside of the workspace/],
    ['outside by a link', 'link.csv', /leads out of the workspace by a symbolic link/],
    ['behind a link of its folder', 'away/secret.csv', /leads out of the workspace by a symbolic link/],
    ['a folder', 'folder', /is not a regular file/],
    ['the workspace itself', '.', /is outside of the workspace/],
    ['not there', 'none.csv', /is not there/],
    ['no path', 'a\u0000b', /is no path/],
  ])('are refused where the file is %s', async (_what, predictions, words) => {
    await using folder = await temporaryFolder()
    const bench = await benchIn(folder.path, configuration)
    const { workspace } = bench.ports.context
    await writeFile(folder.join('secret.csv'), predictionsOf(1200, 0.6))
    await symlink(folder.join('secret.csv'), join(workspace, 'link.csv'))
    await symlink(folder.path, join(workspace, 'away'))
    await mkdir(join(workspace, 'folder'))
    await expect(evaluateGate({ ...request, predictions }, bench.ports)).rejects.toThrow(words)
  })
  it('cannot escape the proof that the saved model gives them', async () => {
    await using folder = await temporaryFolder()
    const bench = await benchIn(folder.path, configuration.replace('threshold: 0.5', 'threshold: 0.5, score: python score.py'))
    await place(bench, 'p.csv', predictionsOf(1200, 0.6))
    const { outputs, failure } = await evaluateGate({ ...request, predictions: 'p.csv' }, bench.ports)
    expect(outputs.verdict).toBe('fail')
    expect(failure).toMatch(/did not score its saved model/)
  })
  it('need a predictions section, and are refused beside a run', async () => {
    await using folder = await temporaryFolder()
    const bench = await benchIn(folder.path, configuration.replace(/ {4}predictions: .*\n/, ''))
    await place(bench, 'p.csv', predictionsOf(1200, 0.6))
    await expect(evaluateGate({ ...request, predictions: 'p.csv' }, bench.ports)).rejects.toThrow(/add `predictions: p.csv`/)
    const env = { INPUT_RUN: name('1'), INPUT_METRICS: 'm.json' }
    await expect(readInputs(gateSpec, env)).rejects.toThrow(/leave them or `run` out/)
  })
})

describe('a comparison with anything but the champion', () => {
  /** v1 is champion, v2 (shadow) is worse and registered without going live. */
  const withShadow = async (folder: string, change = {}, forge: Parameters<typeof benchIn>[3] = null) => {
    const second = await withChampion(folder, predictionsOf(1200, 0.35), {}, forge)
    await withRun(second, predictionsOf(1200, 0.345), '2')
    expect((await register({ ...registering, when: 'pass', alias: 'shadow' }, second.ports)).outputs.version).toBe(2)
    return second.nextJob('300', change)
  }
  it.each([
    ['2', 'v2'],
    ['shadow', 'v2 (shadow)'],
    ['1', 'v1'],
  ])('by %s is one with %s, said so in a comment of its own, and changes nothing of the gate', async (against, words) => {
    await using folder = await temporaryFolder()
    const pull = { event: 'pull_request', ref: 'refs/pull/7/merge', pullRequest: 7, workflow: 'model-pr.yml' }
    const files = { 'refline.yml': configuration }
    const bench = await withShadow(folder.path, pull, forgeOf({ [base]: files, ['c'.repeat(40)]: files }))
    await withRun(bench, predictionsOf(1200, 0.348), '3')
    const compared = await compareChampion({ ...request, against }, bench.ports)
    const version = Number(/\d/.exec(words)?.[0])
    expect(compared.outputs).toMatchObject({ champion: version })
    expect(compared.outputs.reason).toContain(`churn ${version === 1 ? 'is worse than' : 'is better than'} ${words}`)
    expect(compared.outputs.reason).not.toMatch(/champion|may merge/)
    await evaluateGate(request, bench.ports)
    expect([...bench.comments.keys()].toSorted()).toEqual([
      '7 <!-- refline churn model-pr.yml -->',
      `7 <!-- refline churn model-pr.yml~20${against === 'shadow' ? 'shadow' : words} -->`,
    ])
    const [own, deciding] = [...bench.comments.values()]
    expect(own).toMatch(/compares with v\d.* and not with the champion/)
    expect(deciding).toContain('champion v1')
    expect(deciding).not.toContain('shadow')
  })
  it('finds a version that the state no longer carries', async () => {
    await using folder = await temporaryFolder()
    const second = await withShadow(folder.path)
    await withRun(second, predictionsOf(1200, 0.35), '3')
    await register({ ...registering, when: 'pass', alias: 'shadow' }, second.ports)
    const bench = await second.nextJob('400')
    expect(Object.keys((await bench.ports.ledger.read('churn')).records)).not.toContain('2')
    await withRun(bench, predictionsOf(1200, 0.35), '4')
    const { outputs } = await compareChampion({ ...request, against: '2' }, bench.ports)
    expect(outputs).toMatchObject({ champion: 2 })
    expect(outputs.differences.roc_auc?.value).toBeGreaterThan(0)
  })
  it.each([
    ['9', /has no version 9: versions 1 to 2 are registered/],
    ['shadw', /no alias "shadw"; did you mean `shadow`/],
    ['canary', /no alias "canary"; there is challenger, champion, shadow/],
  ])('that is not there (%s) is an error', async (against, words) => {
    await using folder = await temporaryFolder()
    const bench = await withShadow(folder.path)
    await withRun(bench, predictionsOf(1200, 0.35), '3')
    await expect(compareChampion({ ...request, against }, bench.ports)).rejects.toThrow(words)
  })
  it.each(['', 'V2', '0', '../x', 'a b', 'v', '-1'])('is asked for by a number or a name, not by %j', async against => {
    const env = { INPUT_AGAINST: against }
    if (against === '') expect((await readInputs(compareSpec, env)).inputs.against).toBe('champion')
    else if (against === 'v') expect((await readInputs(compareSpec, env)).inputs.against).toBe('v')
    else await expect(readInputs(compareSpec, env)).rejects.toThrow(/expected champion, the number of a version/)
    expect((await readInputs(compareSpec, { INPUT_AGAINST: 'v12' })).inputs.against).toBe('12')
  })
})

describe('fail-on', () => {
  const cases: readonly (readonly [string, number, 'never' | 'worse' | 'inconclusive', boolean])[] = [
    ['better', 0.48, 'inconclusive', false],
    ['the same', 0.35, 'inconclusive', false],
    ['proven worse, inside the margin', 0.348, 'never', false],
    ['proven worse, inside the margin', 0.348, 'worse', true],
    ['far worse', 0.2, 'worse', true],
    ['far worse', 0.2, 'never', false],
  ]
  it.each(cases)('a model that is %s (%d) with %s: fails %s', async (_what, skill, failOn, fails) => {
    await using folder = await temporaryFolder()
    const bench = await withChampion(folder.path)
    await withRun(bench, predictionsOf(1200, skill), '2')
    const { failure, outputs } = await compareChampion({ ...request, failOn }, bench.ports)
    expect(failure !== undefined).toBe(fails)
    if (fails) expect(failure).toContain(outputs.reason)
  })
  it.each([
    ['worse', false],
    ['inconclusive', true],
  ] as const)('a champion that cannot be compared, with %s: fails %s', async (failOn, fails) => {
    await using folder = await temporaryFolder()
    const bench = await withChampion(folder.path)
    await withRun(bench, predictionsOf(1300, 0.6), '2')
    expect((await compareChampion({ ...request, failOn }, bench.ports)).failure !== undefined).toBe(fails)
  })
  it('an undefined primary metric is worse', async () => {
    await using folder = await temporaryFolder()
    const bench = await withChampion(folder.path)
    await withRun(
      bench,
      predictionsOf(1200, 0.6, (row, score) => (row === 410 ? 'nan' : score.toFixed(6))),
      '2',
    )
    expect((await compareChampion({ ...request, failOn: 'worse' }, bench.ports)).failure).toMatch(/NaN|undefined/)
  })
})

describe('an override', () => {
  const overriding = { ...request, overrideReason: 'the holdout is known to be wrong' }
  const failing = async (folder: string, permission: string, change = {}) => {
    const files = { 'refline.yml': configuration }
    const bench = await benchIn(folder, configuration, change, forgeOf({ [base]: files, ['c'.repeat(40)]: files }, permission))
    await withRun(bench, predictionsOf(1200, 0.05), '1')
    return bench
  }
  it('passes for somebody who may write, and is registered with the version', async () => {
    await using folder = await temporaryFolder()
    const bench = await failing(folder.path, 'write')
    expect((await evaluateGate(request, bench.ports)).failure).toBeDefined()
    expect((await evaluateGate(overriding, bench.ports)).failure).toBeUndefined()
    const { outputs } = await register({ ...registering, when: 'pass', overrideReason: overriding.overrideReason }, bench.ports)
    expect(outputs.version).toBe(1)
    const [event] = (await bench.ports.ledger.records('churn'))[0]?.events ?? []
    expect(event).toMatchObject({ kind: 'register', override: { reason: overriding.overrideReason, actor: 'ada' } })
  })
  it('is refused for somebody who may only read, and on a pull request for everybody', async () => {
    await using folder = await temporaryFolder()
    await expect(evaluateGate(overriding, (await failing(folder.join('a'), 'read')).ports)).rejects.toThrow(/ada may not override/)
    const pull = { event: 'pull_request', ref: 'refs/pull/7/merge', pullRequest: 7 }
    await expect(evaluateGate(overriding, (await failing(folder.join('b'), 'admin', pull)).ports)).rejects.toThrow(
      /never taken on a pull request/,
    )
    const onItsRef = { ...pull, event: 'issue_comment' }
    await expect(evaluateGate(overriding, (await failing(folder.join('c'), 'admin', onItsRef)).ports)).rejects.toThrow(
      /never taken on a pull request/,
    )
  })
})
