import { describe, expect, test } from 'vitest'
import type { Assessment } from '../../../../src/core/comparison/assessment.ts'
import { canonicalJson, digest } from '../../../../src/core/lineage/canonical.ts'
import type { LedgerEvent, LedgerRecord, LedgerState } from '../../../../src/core/lineage/events.ts'
import { emptyState } from '../../../../src/core/lineage/fold.ts'
import { completeRegistration, type PublishedFiles } from '../../../../src/core/lineage/repair/completion.ts'
import type { RunRecord } from '../../../../src/core/lineage/run.ts'
import { clearWin } from '../../../support/assessments.ts'
import { recordAfter, registerEvent } from '../events-for-tests.ts'

const file = { path: 'model.bin', bytes: 7, sha256: digest('model 1') }
const champion: LedgerState = { ...emptyState('churn'), seq: 4, versions: 11, aliases: { champion: 11 } }
const assetOf = (path: string, text: string) => ({ path, bytes: text.length, sha256: digest(text) })

/** A release as a stopped job left it, with some of it changed: everything that depends on it is made to fit. */
const published = (
  change: {
    readonly run?: Partial<RunRecord>
    readonly result?: Partial<Assessment>
    readonly files?: Partial<PublishedFiles>
    readonly without?: string
  } = {},
): PublishedFiles => {
  const run = canonicalJson({ ...registerEvent(1).record, model_files: [file], ...change.run })
  const opponent = { kind: 'champion', version: 11 }
  const name = (JSON.parse(run) as RunRecord).run
  const result = canonicalJson({
    ...clearWin,
    run: name,
    model: 'churn',
    run_digest: digest(run),
    opponent,
    override: null,
    ...change.result,
  })
  const manifest = canonicalJson({ schema: 1, files: [file], packing: { kind: 'file', bytes: 7, sha256: file.sha256, parts: [file] } })
  const texts = { 'manifest.json': manifest, 'run.json': run, 'result.json': result }
  const assets = [file, ...Object.entries(texts).map(([path, text]) => assetOf(path, text))]
  return {
    tag: `refline/churn/${digest(manifest).slice(0, 12)}`,
    tagged: 'a'.repeat(40),
    assets: assets.filter(({ path }) => path !== change.without),
    manifest,
    run,
    result,
    ...change.files,
  }
}

const problemOf = (files: PublishedFiles, state = champion, events: readonly LedgerEvent[] = []): string => {
  const records: readonly LedgerRecord[] = events.length === 0 ? [] : [recordAfter(emptyState('churn'), events)]
  const completion = completeRegistration('churn', files, state, records)
  return 'problem' in completion ? completion.problem : `v${completion.event.version.version}`
}

describe('a stopped registration', () => {
  test('is completed with the next number, its witness and its digests', () => {
    const files = published()
    const completion = completeRegistration('churn', files, champion, [])
    expect(completion).toMatchObject({
      event: {
        kind: 'register',
        champion: 11,
        decision: 'promote',
        result: digest(files.result),
        policy: clearWin.rules.digest,
        version: { version: 12, tag: files.tag, tagged: files.tagged, digest: digest(files.manifest), bytes: 7, assets: files.assets },
      },
    })
  })

  const kept: LedgerEvent = {
    kind: 'kept',
    run: 'churn-000000000001',
    holdout: null,
    verdict: 'pass',
    decision: 'keep',
    champion: 11,
    policy: digest('p'),
    reason: 'the champion stays',
  }
  test.each<[string, PublishedFiles, RegExp, LedgerState?, LedgerEvent[]?]>([
    ['the verdict failed', published({ result: { verdict: 'fail' } }), /^its verdict was fail$/],
    ['nobody could tell', published({ result: { verdict: 'inconclusive' } }), /^its verdict was inconclusive$/],
    ['the champion was to stay', published({ result: { decision: 'keep' } }), /^what was decided was keep/],
    ['a person overrode the gate', published({ result: { override: { reason: 'x', actor: 'bob' } } }), /overridden by hand/],
    ['another champion came', published(), /^it was judged against v11, and there is v12 now$/, { ...champion, aliases: { champion: 12 } }],
    [
      'it was a first version and is none now',
      published({ result: { opponent: { kind: 'first', proof: 'x' } } }),
      /^it was judged against no champion, and there is v11 now$/,
    ],
    [
      'nobody looked for a champion',
      published({ result: { opponent: { kind: 'first', proof: 'x', assumed: true } } }),
      /^nobody looked for a champion/,
    ],
    [
      'it was held against another version',
      published({ result: { opponent: { kind: 'champion', version: 11, asked: 'v11' } } }),
      /^it was not judged against the champion$/,
    ],
    [
      'the champion could not be compared',
      published({ result: { opponent: { kind: 'unreachable', version: 11, reason: 'x' } } }),
      /^it was not judged against the champion$/,
    ],
    ['its result is of another run', published({ result: { run: 'churn-ffffffffffff' } }), /^its result.json is not of its run.json$/],
    [
      'its run was changed after it was judged',
      published({ result: { run_digest: digest('x') } }),
      /^its result.json is not of its run.json$/,
    ],
    ['its run is of another model', published({ run: { model: 'fraud' } }), /^its run is of fraud$/],
    [
      'its files are not those of the run',
      published({ run: { model_files: [{ ...file, bytes: 8 }] } }),
      /^its model files are not those of its run$/,
    ],
    ['a file is missing', published({ without: 'model.bin' }), /^its model.bin is missing or not whole$/],
    ['its run.json is missing', published({ without: 'run.json' }), /^its run.json is missing or not whole$/],
    ['its manifest was changed', published({ files: { manifest: '{}' } }), /^its manifest.json is missing or not whole$/],
    ['its tag is of other bytes', published({ files: { tag: 'refline/churn/0123456789ab' } }), /^its tag is not that of its manifest$/],
    ['its run was kept out', published(), /^its run was decided not to be registered \(the champion stays\)$/, champion, [kept]],
    [
      'its bytes are a version',
      published(),
      /^v3 has the same files$/,
      champion,
      [registerEvent(3, 'churn', { digest: digest(published().manifest) })],
    ],
  ])('is not completed where %s', (_, files, problem, state, events) => {
    expect(problemOf(files, state, events)).toMatch(problem)
  })
})
