import { describe, expect, it } from 'vitest'
import { assertMayDecide } from '../../../src/actions/traffic/wiring.ts'

const on = (change: Partial<Parameters<typeof assertMayDecide>[0]> = {}) => ({
  ref: 'refs/heads/main',
  event: 'push',
  defaultBranch: 'main',
  runId: '1',
  ...change,
})

describe('who may move traffic', () => {
  it('is the default branch, and a ref that the workflow names', async () => {
    await assertMayDecide(on(), null, undefined)
    await assertMayDecide(on({ defaultBranch: null }), { defaultBranch: async () => 'main' }, undefined)
    await assertMayDecide(on({ ref: 'refs/heads/release' }), null, 'refs/heads/release')
    await assertMayDecide(on({ runId: null, ref: null, event: null }), null, undefined)
  })

  it.each([
    ['another branch', on({ ref: 'refs/heads/feature' }), undefined],
    ['a tag called like the branch', on({ ref: 'refs/tags/main' }), undefined],
    ['another ref than the allowed one', on({ ref: 'refs/heads/feature' }), 'refs/heads/release'],
    ['a branch whose default nobody knows', on({ defaultBranch: null }), undefined],
    ['a branch called null where nobody knows the default', on({ defaultBranch: null, ref: 'refs/heads/null' }), undefined],
    ['a review of a pull request', on({ event: 'pull_request_review', ref: 'refs/pull/7/merge' }), 'refs/pull/7/merge'],
    ['a workflow without a ref', on({ ref: null }), undefined],
    ['a pull request, whatever is allowed', on({ event: 'pull_request', ref: 'refs/pull/7/merge' }), 'refs/pull/7/merge'],
    ['a pull request into this branch', on({ event: 'pull_request_target' }), undefined],
    ['a merge queue', on({ event: 'merge_group' }), undefined],
  ])('is not %s', async (_, context, allowRef) => {
    await expect(assertMayDecide(context, null, allowRef)).rejects.toThrow(/traffic is (not )?moved/)
  })
})
