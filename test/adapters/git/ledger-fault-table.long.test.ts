import { describe, test } from 'vitest'
import { expectWrittenOnce, expectWrittenOrError, servedCopies, wholeTable } from './fault-table.ts'

const served = servedCopies()

describe('one answer goes wrong: written exactly once', () => {
  test.each(wholeTable)('$what, $at, $name', row => expectWrittenOnce(served, row))
})

describe('every answer goes wrong until somebody mends it: written exactly once, or an error and nothing written', () => {
  test.each(wholeTable)('$what, $at, $name', row => expectWrittenOrError(served, row))
})
