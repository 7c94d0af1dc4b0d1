import { describe, expect, it } from 'vitest'
import { compareChampion } from '../../../src/actions/compare-champion/handler.ts'
import { spec as compareSpec } from '../../../src/actions/compare-champion/spec.ts'
import { evaluateGate } from '../../../src/actions/evaluate-gate/handler.ts'
import { register } from '../../../src/actions/register/handler.ts'
import { readInputs } from '../../../src/kernel/inputs.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { base, benchIn, forgeOf, predictionsOf } from '../judging.ts'
import { configuration, registering, request, withChampion, withRun } from './cases.ts'

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
