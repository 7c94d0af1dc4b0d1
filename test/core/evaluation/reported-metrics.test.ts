import { describe, expect, it } from 'vitest'
import { readReportedMetrics } from '../../../src/core/evaluation/reported-metrics.ts'

describe('metrics that a script reports', () => {
  it.each<[string, string, object]>([
    ['flat JSON', '{"roc_auc": 0.9, "n": 3}', { roc_auc: 0.9, n: 3 }],
    [
      'what Python writes for undefined and infinite',
      '{"a": NaN, "b": Infinity, "c": -Infinity}',
      { a: 'NaN', b: 'Infinity', c: '-Infinity' },
    ],
    ['the same words inside texts', '{"a": "nan", "NaN \\" NaN": 1}', { a: 'NaN', 'NaN " NaN': 1 }],
    ['null, which some libraries write for NaN', '{"recall": null}', { recall: 'NaN' }],
    ['too large a number', '{"a": 1e999}', { a: 'Infinity' }],
    ['nested objects', '{"test": {"auc": 0.5, "by": {"eu": 1}}}', { 'test/auc': 0.5, 'test/by/eu': 1 }],
    ['what is no metric', '{"model": "forest", "ok": true, "curve": [1, 2], "f1": 0.5}', { f1: 0.5 }],
    ['a byte order mark', '\uFEFF{"a": 1}', { a: 1 }],
  ])('%s', (_what, text, expected) => {
    expect(readReportedMetrics(text, 'metrics.json')).toEqual(expected)
  })
  it('reads YAML by the ending of the file', () => {
    expect(readReportedMetrics('auc: .nan\ntest:\n  f1: 0.5\n', 'm.yml')).toEqual({ auc: 'NaN', 'test/f1': 0.5 })
  })
  it.each([
    ['{"a": 1', /metrics.json is not JSON/],
    ['[1]', /must hold an object/],
    ['3', /must hold an object/],
    [`${'{"a":'.repeat(30)}1${'}'.repeat(30)}`, /nested more than/],
    [JSON.stringify(Object.fromEntries(Array.from({ length: 1001 }, (_, index) => [`m${index}`, index]))), /more than 1000/],
  ])('refuses %s', (text, message) => {
    expect(() => readReportedMetrics(text, 'metrics.json')).toThrow(message)
  })
  it('keeps a metric named like a property of every object', () => {
    expect(Object.entries(readReportedMetrics('{"__proto__": 1, "constructor": 2}', 'm.json'))).toEqual([
      ['__proto__', 1],
      ['constructor', 2],
    ])
  })
})
