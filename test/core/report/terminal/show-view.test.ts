import { beforeAll, describe, expect, test } from 'vitest'
import { type Chronicle, chronicleOf } from '../../../../src/core/lineage/views/chronicle.ts'
import { runsOf } from '../../../../src/core/lineage/views/runs.ts'
import { showOf } from '../../../../src/core/lineage/views/show.ts'
import { showLines } from '../../../../src/core/report/terminal/show-view.ts'
import { churnRecords } from '../../../support/churn-ledger.ts'

let chronicle: Chronicle
beforeAll(async () => {
  chronicle = chronicleOf('churn', await churnRecords())
})

describe('all of one thing', () => {
  const show = async (what: string) => showLines(await showOf(chronicle, what, async () => runsOf(chronicle, [])), null).join('\n')

  test('a version: how it was judged, its metrics, where it was live, what it was made from, its files', async () => {
    const text = await show('v3')
    expect(text).toMatch(/^churn v3\n {2}quarantined +errors doubled \(2026-11-20 12:00, seq 17, oncall, workflow run 100\)\n/)
    expect(text).toMatch(/ judged +verdict pass, decision promote, against champion v2\n/)
    expect(text).toMatch(/ roc_auc +0\.9300 {2}\[0\.9240, 0\.9360\]\n {2}recall +undefined\n/)
    expect(text).toContain('production, slot blue, by rollout, from 2026-11-20 12:00 to 2026-11-20 12:00 (seq 15 to 17)')
    expect(text).toMatch(/param optimizer +\{"rate":0\.07\}/)
    expect(text).toMatch(/ data\/train\.csv {2}118 kB {2}[0-9a-f]{64}/)
    expect(text).toMatch(/ model\.joblib +4\.2 MB {2}[0-9a-f]{64}/)
  })

  test('a rollout and a run that was kept out', async () => {
    expect(await show('000000000004')).toMatch(/ end +under way\n\nWeights, as confirmed\n {2}2026-11-20 12:00 {2}10 % {2}\(seq 21\)$/)
    expect(await show('churn-18d9be40f6c1')).toContain('kept out, verdict fail: recall 0.519 [0.425, 0.612] is below 0.8')
  })
})
