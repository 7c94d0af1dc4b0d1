import { describe, expect, it } from 'vitest'
import { judge } from '../../../src/core/rollout/judge.ts'
import { counts, errors, judged, settingsOf } from './judging.ts'

const optional = { ...errors, required: false }
const two = settingsOf({ signals: { errors, slow: errors } })
const clean = counts(600, 0, 11_400, 0)
const unanswered = { unanswered: 'prometheus answered 503' }

describe('failure group 1: analysis that never measured is no success', () => {
  it('needs positive proof: nothing is promoted before there was a batch, nor by batches without requests', () => {
    expect(judged(settingsOf(), []).judgement.verdict).toBe('hold')
    const idle = judged(
      settingsOf(),
      Array.from({ length: 200 }, () => counts(0, 0, 0, 0)),
    )
    expect(idle.judgement).toMatchObject({ verdict: 'hold', waiting: 'traffic' })
  })
  it('nor by errors of the provider, however many', () => {
    const { judgement } = judged(
      settingsOf(),
      Array.from({ length: 200 }, () => ({ errors: unanswered })),
    )
    expect(judgement).toMatchObject({ verdict: 'hold', waiting: 'answers', signals: [{ state: 'provider-error', harm: 0 }] })
    expect(judgement.signals[0]?.acceptance).toBeLessThanOrEqual(0)
  })
})

describe('failure group 2: no rows are not zero, and zero errors are not absent', () => {
  it('takes no errors among requests as what they are: proof', () => {
    expect(judged(settingsOf(), [clean]).judgement).toMatchObject({ verdict: 'promote', signals: [{ state: 'healthy' }] })
  })
  it('says which signal gave no answer and why, and goes on judging the others', () => {
    const { judgement } = judged(two, [
      { errors: clean, slow: clean },
      { errors: clean, slow: unanswered },
    ])
    expect(judgement).toMatchObject({ verdict: 'hold', waiting: 'answers', reason: 'signal slow gave no answer: prometheus answered 503' })
    expect(judgement.signals.map(({ name, state }) => [name, state])).toEqual([
      ['errors', 'healthy'],
      ['slow', 'provider-error'],
    ])
    const harmful = judged(two, [{ errors: counts(331, 27, 6287, 0), slow: unanswered }]).judgement
    expect(harmful).toMatchObject({ verdict: 'rollback', quarantine: true })
  })
  it('does not wait for an answer that nothing requires', () => {
    const settings = settingsOf({ signals: { errors, slow: optional } })
    expect(judged(settings, [{ errors: clean, slow: unanswered }]).judgement.verdict).toBe('promote')
  })
  it('adds nothing where a signal gave no answer, whatever came before', () => {
    const once = judged(two, [{ errors: clean, slow: counts(300, 3, 5700, 9) }]).state
    const then = judged(two, [{ errors: clean, slow: unanswered }], { from: once }).state
    const { last: _, unanswered: why, ...rest } = then.signals.slow ?? {}
    const { last: __, ...before } = once.signals.slow ?? {}
    expect(why).toBe('prometheus answered 503')
    expect(rest).toEqual(before)
  })
})

describe('failure group 3: silence neither fails a service nor lets it advance', () => {
  it('never rolls back an idle service', () => {
    const idle = judged(
      settingsOf(),
      Array.from({ length: 500 }, () => counts(0, 0, 3, 0)),
      { weight: 0.05 },
    )
    expect(idle.judgement.verdict).toBe('hold')
    expect(idle.judgement.signals[0]?.state).toBe('no-data')
  })
  it('waits where both arms are silent, and takes silence of the canary alone for a fault of the split', () => {
    expect(judged(settingsOf(), [counts(0, 0, 0, 0)]).judgement).toMatchObject({
      waiting: 'traffic',
      reason: expect.stringContaining('either arm'),
    })
    expect(judged(settingsOf(), [counts(0, 0, 30, 0)]).judgement).toMatchObject({
      waiting: 'traffic',
      reason: 'the canary has had no request at this weight',
    })
    expect(judged(settingsOf(), [counts(0, 0, 400, 0)]).judgement).toMatchObject({ waiting: 'sample-ratio' })
  })
  it('does not advance on what was proven before once traffic has stopped', () => {
    const proven = judged(settingsOf(), [clean])
    expect(proven.judgement.verdict).toBe('promote')
    const stopped = judged(settingsOf(), [counts(0, 0, 0, 0)], { from: proven.state }).judgement
    expect(stopped).toMatchObject({ verdict: 'hold', waiting: 'traffic', reason: expect.stringContaining('since the last look') })
    const canaryStopped = judged(settingsOf(), [counts(0, 0, 20, 0)], { from: proven.state }).judgement
    expect(canaryStopped).toMatchObject({ verdict: 'hold', reason: 'errors has counted no request of the canary since the last look' })
    const again = judged(settingsOf(), [counts(0, 0, 20, 0), counts(3, 0, 40, 0)], { from: proven.state }).judgement
    expect(again.verdict).toBe('promote')
  })
  it('needs new requests in every required signal that counts at once, not in those whose labels come late', () => {
    const settings = settingsOf({ signals: { errors, precision: { ...errors, late: true } } })
    const proven = judged(settings, [clean]).state
    const noLabels = { errors: counts(30, 0, 570, 0), precision: counts(0, 0, 0, 0) }
    expect(judged(settings, [noLabels], { from: proven }).judgement.verdict).toBe('promote')
    const onlyLabels = { errors: counts(0, 0, 0, 0), precision: counts(30, 0, 570, 0) }
    expect(judged(settings, [onlyLabels], { from: proven }).judgement).toMatchObject({ verdict: 'hold', waiting: 'traffic' })
  })
  it('judges by late labels alone where there is nothing else, without asking them how traffic is split', () => {
    const settings = settingsOf({ signals: { precision: { ...errors, late: true } } })
    const skewed = judged(settings, [counts(900, 0, 2000, 0)], { weight: 0.5 })
    expect(skewed.judgement.verdict).toBe('promote')
    expect(judged(settings, [counts(0, 0, 10, 0)], { from: skewed.state }).judgement).toMatchObject({ verdict: 'hold', waiting: 'traffic' })
  })
})

describe('failure group 9: all required signals must have reported', () => {
  it('is not satisfied by those that did', () => {
    const late = judged(two, [{ errors: clean, slow: counts(0, 0, 0, 0) }]).judgement
    expect(late).toMatchObject({ verdict: 'hold', reason: expect.stringContaining('slow') })
  })
  it('counts optional signals for harm: alpha is for all of them together', () => {
    const settings = settingsOf({ signals: { errors, slow: optional } })
    const { judgement } = judged(settings, [{ errors: clean, slow: counts(331, 27, 6287, 0) }])
    expect(judgement).toMatchObject({ verdict: 'rollback', quarantine: true, reason: expect.stringContaining('27/331 slow') })
    const slight = judged(settings, [{ errors: clean, slow: counts(300, 11, 5700, 57) }]).judgement
    const [ofErrors, ofSlow] = slight.signals.map(({ harm }) => Math.exp(harm))
    expect(Math.exp(slight.harm)).toBeCloseTo(((ofErrors ?? 0) + (ofSlow ?? 0)) / 2, 9)
  })
})

describe('how traffic is split', () => {
  const skewed = Array.from({ length: 3 }, () => counts(1000, 0, 4000, 0))
  it.each([
    ['hold', 'hold', 0],
    ['warn', 'promote', 1],
    ['off', 'promote', 0],
  ] as const)('%s: a canary with 20 %% of the traffic where 5 %% were set leads to %s', (action, verdict, warnings) => {
    const { judgement } = judged(settingsOf({ sampleRatio: { action } }), skewed)
    expect(judgement.verdict).toBe(verdict)
    expect(judgement.warnings).toHaveLength(warnings)
    if (warnings > 0) expect(judgement.warnings[0]).toMatch(/^the canary got 3,000 of 15,000 requests where 5 % were set/)
  })
  it('allows for balancing by connection where a dispersion is given', () => {
    const uneven = [counts(100, 0, 900, 0)]
    expect(judged(settingsOf(), uneven).judgement.waiting).toBe('sample-ratio')
    const byConnection = settingsOf({ sampleRatio: { action: 'hold', dispersion: 20 } })
    expect(judged(byConnection, uneven).judgement.waiting).not.toBe('sample-ratio')
    expect(judged(byConnection, [counts(9000, 0, 11_000, 0)]).judgement.waiting).toBe('sample-ratio')
  })
  it('begins anew with each weight', () => {
    const { state } = judged(settingsOf(), skewed)
    const next = judge(settingsOf(), state, { weight: 0.2, signals: { errors: counts(1000, 0, 4000, 0) } })
    expect(next.judgement.verdict).toBe('promote')
  })
})
