import { expect, test } from 'vitest'
import { registrationWords } from '../../../src/core/report/registration.ts'
import { clearLoss, clearWin, firstRun } from '../../support/assessments.ts'

test('a version is registered for what it is, not for what a merge would do', () => {
  expect(registrationWords(clearWin)).toBe('better than champion v11 (roc_auc 0.918 → 0.929)')
  expect(registrationWords(firstRun)).toBe('the first version, all absolute gates pass')
  const open = 'its gates are not proven, which the rules let pass'
  expect(registrationWords({ ...firstRun, verdict: 'inconclusive' })).toBe(`the first version, ${open}`)
  expect(registrationWords({ ...clearWin, verdict: 'inconclusive', decision: 'keep' })).toMatch(`${open}, champion v11 stays live`)
  expect(registrationWords({ ...clearWin, decision: 'keep' })).toBe('passes its gates, champion v11 stays live (roc_auc 0.918 → 0.929)')
})

test('a version that was let through says by whom', () => {
  const override = { actor: 'ann', reason: 'the labels are wrong' }
  expect(registrationWords({ ...clearLoss, override })).toBe('verdict fail, overridden by ann: the labels are wrong')
})
