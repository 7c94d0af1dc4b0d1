import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { compareChampion } from '../../../src/actions/compare-champion/handler.ts'
import { evaluateGate } from '../../../src/actions/evaluate-gate/handler.ts'
import { register } from '../../../src/actions/register/handler.ts'
import { UserError } from '../../../src/core/errors.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { keepRun, recordOf, sha256 } from '../fixtures.ts'
import { base, benchIn, forgeOf, predictionsOf } from '../judging.ts'
import { configuration, name, registering, request, withChampion, withRun } from './cases.ts'

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
