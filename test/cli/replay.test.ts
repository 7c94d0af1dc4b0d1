import { afterAll, beforeAll, expect, test } from 'vitest'
import { ledgerOn } from '../adapters/git/ledgers.ts'
import { counts, settingsOf } from '../core/rollout/judging.ts'
import { churnCheckout } from '../support/churn-ledger.ts'
import { type GitFixture, gitFixture } from '../support/git-fixture.ts'
import { writeJudgedRollout } from '../support/judged-rollout.ts'
import { typed } from './terminal.ts'

const yaml = 'models:\n  churn:\n    task: binary\n    primary: roc_auc\n    gates: { roc_auc: { min: 0.7 } }\n'
const look = (canaryBad: number) => ({ weight: 0.05, signals: { errors: counts(300, canaryBad, 5700, 30) } })

let honest: GitFixture
let claimed: GitFixture
beforeAll(async () => {
  ;[honest, claimed] = await Promise.all([gitFixture({ 'refline.yml': yaml }), gitFixture({ 'refline.yml': yaml })])
  await Promise.all([
    writeJudgedRollout(ledgerOn(honest.bare), { settings: settingsOf(), looks: [look(0), look(0)], stepUp: true }),
    writeJudgedRollout(ledgerOn(claimed.bare), { settings: settingsOf(), looks: [look(0), { ...look(2), claims: 'promote: fine' }] }),
  ])
})
afterAll(async () => {
  await honest[Symbol.asyncDispose]()
  await claimed[Symbol.asyncDispose]()
})

test('judge replay recomputes the verdicts of a ledger in git and exits with 0 where all agree', async () => {
  const { code, stdout, stderr } = await typed(honest.clone, 'judge', 'replay', '0f0f0f0f0f0f')
  expect([code, stderr]).toEqual([0, ''])
  expect(stdout).toMatch(/^rollout 0f0f0f0f0f0f of churn: v2 in production against v1, judged by evidence, 2 looks\n/)
  expect(stdout).toMatch(/promote +promote\nseq 10: step up to 50 %\nevery verdict is recomputed as it was recorded\n$/)
  const { stdout: json } = await typed(honest.clone, 'judge', 'replay', '--json')
  expect(JSON.parse(json)).toMatchObject({
    schema: 1,
    rollout: '0f0f0f0f0f0f',
    difference: null,
    looks: [{ recomputed: 'hold' }, { recomputed: 'promote' }],
  })
})

test('judge replay exits with 1 and the first difference where a recorded verdict does not follow from its counts', async () => {
  const { code, stdout, stderr } = await typed(claimed.clone, 'judge', 'replay')
  expect(code).toBe(1)
  expect(stderr).toBe('rollout 0f0f0f0f0f0f is not recomputed as it was recorded: seq 9: promote was recorded, hold is recomputed')
  expect(stdout).toMatch(/promote +hold +promote was recorded, hold is recomputed\n/)
})

test('judge replay exits with 2 where there is nothing to replay', async () => {
  expect(await typed(honest.clone, 'judge', 'replay', 'abc')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('No rollout of churn begins with "abc"'),
  })
  expect(await typed(honest.clone, 'judge', 'repeat')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('<what> is one of replay'),
  })
  await using story = await churnCheckout()
  const kept = await typed(story.clone, 'judge', 'replay', '000000000004')
  expect(kept).toMatchObject({ code: 2, stderr: expect.stringContaining('its evidence is not kept') })
})
