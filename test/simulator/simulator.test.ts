import { describe, expect, it } from 'vitest'
import { ownMutants, protocolMutants } from './mutants.ts'
import { huntAll, huntLine, simulate, simulateInTwo } from './start.ts'

const minutes = 60_000

describe('the simulator over the production code', () => {
  it(
    'gives the same trace for the same seed',
    async () => {
      expect(await simulate('--schedules', '40', '--seed', '7000', '--twice')).toMatchObject({ code: 0 })
    },
    2 * minutes,
  )

  it(
    'finds nothing in 20,000 schedules, in any single fault and in any pair of faults',
    async () => {
      const told = await simulateInTwo('--schedules', '20000', '--seed', '1', '--singles', '--pairs')
      for (const { lines } of told) console.log(lines.join('\n'))
      expect(told.map(({ code }) => code)).toEqual([0, 0])
      expect(told.flatMap(({ lines }) => lines).filter(line => line.includes(' 0 violations'))).toHaveLength(2 * 13)
    },
    15 * minutes,
  )

  it(
    'finds each of the 12 mutants of the protocol, and what it had found in our own sources',
    async () => {
      const hunts = await huntAll([...protocolMutants, ...ownMutants])
      console.log(hunts.map(huntLine).join('\n'))
      expect(protocolMutants).toHaveLength(12)
      expect(hunts.filter(({ seed }) => seed === null).map(huntLine)).toEqual([])
    },
    15 * minutes,
  )
})
