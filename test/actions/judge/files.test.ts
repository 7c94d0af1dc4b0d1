import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { evaluateGate } from '../../../src/actions/evaluate-gate/handler.ts'
import { spec as gateSpec } from '../../../src/actions/evaluate-gate/spec.ts'
import { register } from '../../../src/actions/register/handler.ts'
import { readInputs } from '../../../src/kernel/inputs.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { type Bench, benchIn, predictionsOf } from '../judging.ts'
import { configuration, name, registering, request, withChampion } from './cases.ts'

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
