import { expect, test } from 'vitest'
import { rocSection } from '../../../src/core/report/roc-section.ts'
import { clearWin } from '../../support/assessments.ts'

test('each percent has its own point, so that every version of Mermaid puts it where it belongs', () => {
  const text = rocSection({ ...clearWin, roc: { x: [0, 0.05, 1], challenger: [0, 0.5, 1], champion: null } }) ?? ''
  const points = JSON.parse(/line (\[.*\])/.exec(text)?.[1] ?? '[]') as number[]
  expect(text).toContain('x-axis "false positive rate in %" 0 --> 100')
  expect(points).toHaveLength(101)
  expect([points[0], points[5], points[100]]).toEqual([0, 50, 100])
})

test('the table has only rates at which the curve was measured', () => {
  const text = rocSection({ ...clearWin, roc: { x: [0, 0.05, 1], challenger: [0, 0.5, 1], champion: null } }) ?? ''
  expect(text).toContain('| true positive rate at | 0.05 |')
  expect(text).toContain('| this run | 0.500 |')
})
