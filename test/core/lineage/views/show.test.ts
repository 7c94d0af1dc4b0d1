import { beforeAll, describe, expect, test } from 'vitest'
import { type Chronicle, chronicleOf } from '../../../../src/core/lineage/views/chronicle.ts'
import { runsOf } from '../../../../src/core/lineage/views/runs.ts'
import { showDocument, showOf, versionNamed } from '../../../../src/core/lineage/views/show.ts'
import { churnRecords, runOf } from '../../../support/churn-ledger.ts'

let chronicle: Chronicle
beforeAll(async () => {
  chronicle = chronicleOf('churn', await churnRecords())
})

describe('show', () => {
  const noRuns = async () => runsOf(chronicle, [])
  const show = async (what: string) => showDocument.parse(await showOf(chronicle, what, noRuns))

  test.each(['v2', '2', 'champion', runOf(2), 'churn-aaaaaaaaaaaa'])('%s is version 2 with all that is known of it', async what => {
    const { version, run, rollout } = await show(what)
    expect([run, rollout]).toEqual([null, null])
    expect(version).toMatchObject({
      version: 2,
      judged_against: 1,
      pull_request: 42,
      image: expect.stringMatching(/^ghcr\.io\/acme\/churn@sha256:/),
      aliases: ['champion'],
      rollouts: ['000000000002'],
      quarantine: null,
      seen_again: [{ run: 'churn-aaaaaaaaaaaa', at: { seq: 18 } }],
      lineage: { params: { max_depth: 8, optimizer: { rate: 0.1 } } },
    })
  })

  test('a rollout by its id, which may look like a number', async () => {
    expect(await show('000000000004')).toMatchObject({
      version: null,
      rollout: {
        version: 4,
        from: 2,
        looks: 1,
        end: null,
        weights: [{ percent: 10 }],
        judgement: 'errors: canary 0/331 errors, stable 2/6287',
      },
    })
  })

  test('a run that was kept out, also where the log of runs does not know it', async () => {
    expect(await show('churn-18d9be40f6c1')).toMatchObject({
      run: { outcome: 'kept', verdict: 'fail', reason: 'recall 0.519 [0.425, 0.612] is below 0.8', record: null },
    })
  })

  test.each([
    ['v9', 'churn has no version 9: there is v1 to v4'],
    ['chalenger', 'did you mean challenger?'],
    ['nothing-like-it', 'and the aliases challenger, champion'],
    ['churn-000000000abc', 'no run churn-000000000abc is known'],
    ['abcdefabcdef', 'churn has no rollout abcdefabcdef'],
    ['v0', 'churn has no version or alias "v0"'],
  ])('%s: %s', async (what, words) => {
    await expect(show(what)).rejects.toThrow(words)
  })

  test('a run that became no version has no number', () => {
    expect(() => versionNamed(chronicle, 'churn-18d9be40f6c1')).toThrow('it was judged and kept out')
  })
})
