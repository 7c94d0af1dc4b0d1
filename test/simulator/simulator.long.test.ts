import { expect, it } from 'vitest'
import { simulateInTwo } from './start.ts'

it('finds nothing in 200,000 schedules more', async () => {
  const told = await simulateInTwo('--schedules', '200000', '--seed', '1000000')
  for (const { lines } of told) console.log(lines.join('\n'))
  expect(told.map(({ code }) => code)).toEqual([0, 0])
}, 3_600_000)
