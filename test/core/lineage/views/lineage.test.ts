import { describe, expect, test } from 'vitest'
import { emptyState } from '../../../../src/core/lineage/fold.ts'
import { chronicleOf } from '../../../../src/core/lineage/views/chronicle.ts'
import { lineageDocument, lineageOf, paramChanges } from '../../../../src/core/lineage/views/lineage.ts'
import { churnRecords, runOf } from '../../../support/churn-ledger.ts'
import { recordAfter, registerEvent } from '../events-for-tests.ts'

const lineage = async (version: number, depth: number) =>
  lineageDocument.parse(lineageOf(chronicleOf('churn', await churnRecords()), version, depth))

describe('the lineage of a version', () => {
  test('is a graph: every edge joins two nodes, and no node is there twice', async () => {
    for (const depth of [0, 1, 5]) {
      const { nodes, edges } = await lineage(3, depth)
      const ids = nodes.map(({ id }) => id)
      expect(new Set(ids).size).toBe(ids.length)
      for (const { from, to } of edges) expect(ids).toEqual(expect.arrayContaining([from, to]))
    }
  })

  test('has what it was made from and what came of it', async () => {
    const { nodes, edges } = await lineage(2, 0)
    const out = edges.filter(({ from }) => from === 'v2').map(({ relation, to }) => [relation, to.replace(/sha256:.*/, '...')])
    expect(out).toEqual([
      ['made from', `run:${runOf(2)}`],
      ['came by', 'pull-request:42'],
      ['packaged as', 'image:ghcr.io/acme/churn@...'],
      ['live in', 'environment:production'],
      ['judged against', 'v1'],
    ])
    expect(edges.filter(({ to }) => to === 'v2').map(({ from }) => from)).toEqual(['v3', 'v4'])
    expect(nodes.find(({ kind }) => kind === 'data')).toMatchObject({ label: 'data/train.csv', used_by: [1, 2] })
    expect(nodes.find(({ kind }) => kind === 'params')?.changes).toEqual([{ name: 'max_depth', before: '6', after: '8' }])
    expect(edges.find(({ to }) => to.startsWith('code:'))?.note).toBe('the same as v1')
  })

  test('the depth says how many champions back are told in full', async () => {
    const told = async (depth: number) => (await lineage(3, depth)).nodes.filter(({ kind }) => kind === 'run').map(({ label }) => label)
    expect(await told(0)).toEqual([runOf(3)])
    expect(await told(1)).toEqual([runOf(3), runOf(2)])
    expect(await told(9)).toEqual([runOf(3), runOf(2), runOf(1)])
    expect((await lineage(3, 0)).nodes.filter(({ kind }) => kind === 'version').map(({ id }) => id)).toEqual(['v3', 'v2'])
  })
})

test('of a champion that hundreds were judged against the newest are nodes, and the others are counted', () => {
  const records = [1, ...Array.from({ length: 60 }, (_, index) => index + 2)].map(version => ({
    ...recordAfter(emptyState('churn'), [{ ...registerEvent(version), champion: version === 1 ? null : 1 }]),
    seq: version,
  }))
  const document = lineageDocument.parse(lineageOf(chronicleOf('churn', records), 1, 1))
  expect(document.more_judged_against_it).toBe(40)
  expect(document.nodes.filter(({ kind }) => kind === 'version').map(({ id }) => id)).toEqual([
    'v1',
    ...Array.from({ length: 20 }, (_, index) => `v${index + 42}`),
  ])
})

describe('changed params', () => {
  test('are told by their path, with those that came and went', () => {
    expect(paramChanges({ a: 1, b: { c: 2, d: [1] }, gone: true }, { a: 1, b: { c: 3, d: [1] }, came: 'x' })).toEqual([
      { name: 'b.c', before: '2', after: '3' },
      { name: 'came', before: null, after: '"x"' },
      { name: 'gone', before: 'true', after: null },
    ])
  })

  test('names of everything are only names', () => {
    expect(paramChanges({}, { constructor: 1, toString: {} })).toEqual([
      { name: 'constructor', before: null, after: '1' },
      { name: 'toString', before: null, after: '{}' },
    ])
  })
})
