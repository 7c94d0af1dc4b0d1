import { describe, expect, it } from 'vitest'
import { edgeOf, edgesOfAll, histogramCounters, histogramSeries, requireEdge } from '../../../src/core/rollout/histogram.ts'
import { duration, responseTime } from '../../../src/core/rollout/response-time.ts'

const infinity = Number.POSITIVE_INFINITY
const series = (...pairs: readonly (readonly [number, number])[]) =>
  histogramSeries(
    pairs.map(([edge, count]) => ({ edge, count })),
    'x_seconds{}',
  )

describe('histograms', () => {
  it('count the requests slower than each edge', () => {
    const one = series([1, 9], [0.1, 4], [infinity, 10])
    expect(one).toEqual({ edges: [0.1, 1], total: 10, slower: [6, 1] })
    const other = series([0.1, 1], [0.5, 2], [1, 3], [infinity, 3])
    expect(edgesOfAll([one, other])).toEqual([0.1, 1])
    expect(histogramCounters(other, [0.1, 1], 0.1)).toEqual({ total: 3, bad: 2, slower: [2, 0] })
    expect(edgesOfAll([])).toEqual([])
  })
  it('are refused where they contradict themselves', () => {
    expect(() => series([0.1, 4], [1, 3], [infinity, 10])).toThrow('its bucket le="0.1" holds 4 requests, the wider le="1" only 3')
    expect(() => series([0.1, 4], [1, 9])).toThrow('x_seconds{} has no bucket le="+Inf"')
    expect(() => series()).toThrow('no bucket le="+Inf"')
    expect(() => series([1, 4], [1, 4], [infinity, 4])).toThrow('has the bucket le="1" twice')
  })
  it('take `over` at an edge only, and name the nearest', () => {
    expect(() => requireEdge([0.1, 0.25, 1], 0.25, 'signal slow')).not.toThrow()
    expect(() => requireEdge([0.1, 0.25, 1], 0.2, 'signal slow')).toThrow(
      'signal slow: over: 200ms is no bucket edge of this histogram; the nearest are 100ms and 250ms, all are 100ms, 250ms, 1s',
    )
    expect(() => requireEdge([0.1], 5, 'signal slow')).toThrow('the nearest is 100ms')
    expect(() => requireEdge([], 5, 'signal slow')).toThrow('have no edge in common')
  })
  it('read edges as Prometheus and its clients write them', () => {
    expect(['+Inf', '0.25', '1.0', '1e-05', '', 'x'].map(edgeOf)).toEqual([infinity, 0.25, 1, 0.00001, null, null])
  })
})

it('reads and writes response times', () => {
  expect(['250ms', '1s', '2.5s', '0.1s', '7ms'].map(responseTime)).toEqual([0.25, 1, 2.5, 0.1, 0.007])
  expect([0.25, 1, 2.5, 0.007].map(duration)).toEqual(['250ms', '1s', '2.5s', '7ms'])
  for (const wrong of ['250', '0s', '1m', '-1s', '']) expect(() => responseTime(wrong)).toThrow('is no response time; write 250ms or 1.5s')
})
