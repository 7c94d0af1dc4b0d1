import { expect, test } from 'vitest'
import type { VersionRecord } from '../../../src/core/lineage/events.ts'
import { type RunRecord, runRecord } from '../../../src/core/lineage/run.ts'
import { renderCard } from '../../../src/core/report/card.ts'
import { clearWin, commentContext, fairness } from '../../support/assessments.ts'
import { elements, rendered, textOf } from '../../support/rendered.ts'

const digest = '0123456789abcdef'.repeat(4)
const files = [{ path: 'model.joblib', bytes: 4_200_000, sha256: digest }]

const run: RunRecord = runRecord.parse({
  schema: 1,
  run: 'churn-3f9a1c2b0d7e',
  model: 'churn',
  created: {
    at: '2026-11-20T20:00:00Z',
    workflow_run: '17',
    job: 'measure',
    job_index: null,
    actor: 'alice',
    event: 'push',
    pull_request: null,
  },
  lineage: {
    repository: 'acme/churn',
    commit: '7d21e0a9c3b14f5a6b7c8d9e0f1a2b3c4d5e6f70',
    code: digest,
    data: [{ path: 'data/train.csv', files: 1, bytes: 1000, sha256: digest }],
    params: { max_depth: 8, note: '@alice <b>' },
    train: digest,
    environment: { python: '3.13.1' },
    parent: null,
  },
  input: digest,
  seconds: 221,
  reported: {},
  model_files: files,
  predictions: null,
  metrics_file: null,
  champion: null,
})

const version: VersionRecord = {
  version: 12,
  run: run.run,
  digest,
  tag: 'refline/churn/0123456789ab',
  assets: files,
  bytes: 4_200_000,
  input: digest,
  code: digest,
  commit: run.lineage.commit,
  pull_request: 41,
  holdout: null,
  metrics: [],
  image: null,
}

const words = { intended_use: 'Ranks customers.\n\nNot for prices.', limits: 'Trained on EU data @bob', licence: 'Apache-2.0' }

test('the card says what the version is for, how good it is, how it was judged and what it was made from', () => {
  const card = renderCard(clearWin, version, run, words, commentContext)
  const headings = card.split('\n').filter(line => line.startsWith('#'))
  expect(headings).toEqual([
    '# churn v12',
    '## Intended use',
    '## Limits',
    '## Metrics',
    '## How it was judged',
    '## Made from',
    '## Files',
    '## Assets of this release',
    '## Provenance',
    '## Licence',
  ])
  const text = textOf(rendered(card)).replaceAll('\u200b', '')
  expect(text).toContain('0.9288 [0.9229, 0.9348]')
  expect(text).toContain('Against champion v11.')
  expect(text).toContain(run.lineage.commit as string)
  expect(text).toContain(digest)
  expect(text).toMatch(/max_depth\s+8/)
  expect(text).toContain('#41')
})

test('texts of people in it are text', () => {
  const html = rendered(renderCard(clearWin, version, run, words, commentContext))
  expect(textOf(html)).not.toMatch(/@alice|@bob/)
  expect(elements(html)).not.toContain('b')
})

test('thousands of files are cut with a count, and the card stays under its limit', () => {
  const many = Array.from({ length: 5000 }, (_, index) => ({ path: `shards/${'x'.repeat(100)}${index}`, bytes: 1, sha256: digest }))
  const card = renderCard(clearWin, version, { ...run, model_files: many }, words, commentContext)
  expect(card.length).toBeLessThanOrEqual(100_000)
  expect(card).toContain('## Provenance')
})

test('fairness, warnings and findings of a version stay with it', () => {
  const judged = {
    ...clearWin,
    fairness: [fairness()],
    warnings: ['ece: 0.0500 is above 0.03'],
    findings: [{ check: 'size', severity: 'info' as const, message: '12,480 rows' }],
    holdout: { ...(clearWin.holdout as NonNullable<typeof clearWin.holdout>), weighted: true, clusters: 40 },
  }
  const text = textOf(rendered(renderCard(judged, version, run, words, commentContext)))
  expect(text).toContain('Fairness: 0 pass, 1 fail')
  expect(text).toContain('0.7000 [0.6700, 0.7300] of 700')
  expect(text).toMatch(/Warnings:\s+ece: 0\.0500 is above 0\.03/)
  expect(text).toContain('size: 12,480 rows')
  expect(text).toContain('Rows are weighted. 40 clusters; whole clusters are resampled.')
})
