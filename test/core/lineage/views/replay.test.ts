import { describe, expect, it } from 'vitest'
import { replayOf } from '../../../../src/core/lineage/views/replay.ts'
import { replayLines } from '../../../../src/core/report/terminal/replay-view.ts'
import { type JudgedRollout, writeJudgedRollout } from '../../../support/judged-rollout.ts'
import { memoryLedger } from '../../../support/memory-ledger.ts'
import { counts, errors, settingsOf } from '../../rollout/judging.ts'

const look = (canaryBad: number, weight = 0.05) => ({ weight, signals: { errors: counts(300, canaryBad, 5700, 30) } })
const replayed = async (rollout: Partial<JudgedRollout>, asked: string | null = null) => {
  const ledger = memoryLedger()
  await writeJudgedRollout(ledger, { settings: settingsOf(), looks: [look(0), look(0)], ...rollout })
  return replayOf('churn', await ledger.records('churn'), await ledger.evidenceOf('churn'), asked)
}

describe('a rollout judged anew', () => {
  it('agrees with what was recorded, the steps and the end included', async () => {
    const document = await replayed({ stepUp: true })
    expect(document).toMatchObject({ rollout: '0f0f0f0f0f0f', version: 2, from: 1, rule: 'evidence', difference: null })
    expect(document.looks.map(({ recomputed }) => recomputed)).toEqual(['hold', 'promote'])
    expect(document.decisions).toMatchObject([{ words: 'step up to 50 %', difference: null }])
    const lines = replayLines(document, null)
    expect(lines[0]).toBe('rollout 0f0f0f0f0f0f of churn: v2 in production against v1, judged by evidence, 2 looks')
    expect(lines[2]).toMatch(/5 % +errors +0 of 300 +30 of 5,700 +[\d.]+ +[\d.]+ +hold +hold$/)
    expect(lines.at(-1)).toBe('every verdict is recomputed as it was recorded')
  })

  it('agrees for silence, missing answers, late labels and the threshold rule', async () => {
    const signals = { errors: { ...errors, max: 0.02 }, labels: { ...errors, late: true, required: false } }
    const settings = settingsOf({ rule: 'threshold', failures: 2, looks: 2, signals })
    const other = { unanswered: 'these are late labels of another signal' }
    const document = await replayed({
      settings,
      looks: [
        { weight: 0.05, signals: { errors: counts(100, 1, 1900, 9), labels: { unanswered: 'timeout' } } },
        { weight: 0.05, signals: { errors: { unanswered: 'timeout' }, labels: counts(0, 0, 0, 0) } },
        {
          weight: 0.05,
          late: [{ errors: other, labels: counts(10, 0, 90, 1) }],
          signals: { errors: counts(100, 9, 1900, 9), labels: counts(3, 0, 9, 0) },
        },
        { weight: 0.05, signals: { errors: counts(100, 9, 1900, 9), labels: counts(3, 0, 9, 0) } },
      ],
      end: { decision: 'withdrawn', reason: 'its job ended' },
    })
    expect(document.difference).toBeNull()
    expect(document.looks.map(({ recomputed }) => recomputed)).toEqual(['hold', 'hold', 'hold', 'rollback'])
    expect(replayLines(document, null).join('\n')).toContain('no answer')
  })

  it('names the first verdict that comes out otherwise', async () => {
    const document = await replayed({ looks: [look(0), { ...look(25), claims: 'promote: trust me' }, look(25)] })
    expect(document.difference).toBe('seq 9: promote was recorded, rollback is recomputed')
    expect(replayLines(document, null).at(-1)).toBe('first difference at seq 9: promote was recorded, rollback is recomputed')
  })

  it('names a step up that no look stands for', async () => {
    const document = await replayed({ looks: [look(9)], stepUp: true })
    expect(document.difference).toBe('seq 9: step up to 50 %, and no look before it is recomputed to promote')
  })

  it('names a rollback whose look says something else, and leaves alone those that the judge had no part in', async () => {
    const claimed = await replayed({ looks: [{ ...look(0), claims: 'rollback: harm' }], end: { decision: 'rolled-back', reason: 'harm' } })
    expect(claimed.decisions[0]?.difference).toMatch(/^it was rolled back for the look at seq 8, which is recomputed to hold$/)
    const unready = await replayed({ end: { decision: 'rolled-back', reason: 'slot green was not ready at two looks in a row' } })
    expect(unready.difference).toBeNull()
  })

  it('finds a rollout by how it begins, else says which there are', async () => {
    expect((await replayed({}, '0F0F')).rollout).toBe('0f0f0f0f0f0f')
    expect((await replayed({}, '000000000001')).looks).toEqual([])
    await expect(replayed({}, 'abc')).rejects.toThrow(
      'No rollout of churn begins with "abc"; the newest are 000000000001 (v1 in production), 0f0f0f0f0f0f (v2 in production).',
    )
    await expect(replayed({}, '0')).rejects.toThrow('More than one rollout of churn begins with "0"')
    expect(() => replayOf('churn', [], new Map(), null)).toThrow('The ledger of churn has no rollout to replay.')
  })

  it('says where evidence is not kept or cannot be read', async () => {
    const ledger = memoryLedger()
    await writeJudgedRollout(ledger, { settings: settingsOf(), looks: [look(0)] })
    const records = await ledger.records('churn')
    expect(() => replayOf('churn', records, new Map(), null)).toThrow('The look at seq 8 cannot be replayed: its evidence is not kept.')
    const other = new Map([...(await ledger.evidenceOf('churn'))].map(([id]) => [id, '{"schema":9']))
    expect(() => replayOf('churn', records, other, null)).toThrow('not of a form that this release reads')
  })
})
