import { describe, expect, it } from 'vitest'
import { metricHistory, runOfMeta, valueOfRow } from '../../../src/core/reported/mlflow.ts'

const finalOf = (...lines: string[]) => {
  const history = metricHistory()
  for (const line of lines) history.add(line)
  return history.value()
}

describe('the final value of a history', () => {
  it.each([
    ['the greatest step, not the last line', ['1 0.9 2', '2 0.5 1'], 0.9],
    ['then the latest time', ['5 0.9 1', '4 0.5 1'], 0.9],
    ['then the greatest value', ['5 0.5 1', '5 0.9 1', '5 0.7 1'], 0.9],
    ['two fields are step 0', ['1 0.9', '2 0.5 -1'], 0.9],
    ['a data set behind the step', ['1 0.9 0 train abc'], 0.9],
    ['an exponent', ['1 1e-05 0'], 1e-5],
    ['nan', ['1 nan 0'], 'NaN'],
    ['inf', ['1 inf 0'], 'Infinity'],
    ['-inf', ['1 -inf 0'], '-Infinity'],
    ['a NaN of an earlier step', ['1 nan 0', '2 0.9 1'], 0.9],
    ['a NaN that nothing decides against', ['1 0.9 0', '1 nan 0'], 'NaN'],
    ['the same the other way round', ['1 nan 0', '1 0.9 0'], 'NaN'],
    ['a line that is none', ['1 0.9 0', 'oops'], 'NaN'],
    ['a value that is none', ['1 0x1F 0'], 'NaN'],
    ['a step that is none', ['1 0.9 first'], 'NaN'],
    ['an empty line', ['', '1 0.9 0', ''], 0.9],
    ['nothing', [''], undefined],
  ])('%s', (_what, lines, expected) => {
    expect(finalOf(...lines)).toBe(expected)
  })
})

describe('a stored value', () => {
  it.each([
    [0, true, 'NaN'],
    [null, false, 'NaN'],
    [Number.MAX_VALUE, false, 'Infinity'],
    [-Number.MAX_VALUE, false, '-Infinity'],
    [1.7976931348623155e308, false, 1.7976931348623155e308],
    [0.6000000238418579, false, 0.6000000238418579],
    [-0, false, -0],
  ])('%s with the flag %s is %s', (value, flag, expected) => {
    expect(valueOfRow(value, flag)).toBe(expected)
  })
})

describe('a meta.yaml', () => {
  it('is a run where it has a time', () => {
    const meta = { run_name: 'r', status: 4, start_time: 5, end_time: null, lifecycle_stage: 'active' }
    expect(runOfMeta(meta, 'id', false)).toEqual({ id: 'id', name: 'r', status: 'FAILED', start: 5, end: null, active: true, child: false })
    expect(runOfMeta({ name: 'an experiment' }, 'id', false)).toBeNull()
    expect(runOfMeta(null, 'id', false)).toBeNull()
    expect(runOfMeta({ start_time: '5', status: 'x' }, 'id', true)).toMatchObject({ start: null, status: 'x', active: false })
  })
})
