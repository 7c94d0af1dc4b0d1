import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mentions, parseSelector, requireArm, resolvedSelector } from '../../../src/core/rollout/selector.ts'

const parse = (text: string) => parseSelector(text, 'signal errors: total')

describe('parseSelector', () => {
  it('reads a metric name and matchers, with all that PromQL allows around them', () => {
    expect(parse('up')).toEqual({ metric: 'up', matchers: [] })
    expect(parse('up{}')).toEqual({ metric: 'up', matchers: [] })
    expect(parse(` http:requests_total { app="churn" , code!~'5..',x!="",y=~\`a\\d\`,}\n`)).toEqual({
      metric: 'http:requests_total',
      matchers: [
        { label: 'app', operator: '=', value: 'churn' },
        { label: 'code', operator: '!~', value: '5..' },
        { label: 'x', operator: '!=', value: '' },
        { label: 'y', operator: '=~', value: 'a\\d' },
      ],
    })
    expect(parse('up{a="\\"}{\\\\n"}').matchers[0]?.value).toBe('"}{\\n')
  })

  it.each([
    [
      'rate(http_requests_total{slot="${slot}"}[5m])',
      'rate() is an expression: Refline takes the differences of the raw counter itself, over windows that never overlap',
    ],
    ['rate(http_requests_total{slot="${slot}"}[5m])', 'write only the selector: http_requests_total{slot="${slot}"}'],
    [
      'sum by (slot) (increase(a_total{x="}"}[1m]))',
      'sum() is an expression: Refline takes differences series by series and then adds up all that match; write only the selector: a_total{x="}"}',
    ],
    ['sum(a_total)', 'write only the selector, a metric name and label matchers'],
    ['histogram_quantile(0.95, rate(x_bucket{slot="${slot}"}[5m]))', 'use `histogram` and `over` instead'],
    ['http_requests_total{slot="${slot}"}[5m]', '[5m] asks for a range: Refline reads the raw counter at one instant'],
    ['http_requests_total{slot="${slot}"} offset 5m', 'offset and @ move the instant'],
    ['http_requests_total @ 1700000000', 'offset and @ move the instant'],
    ['a_total{slot="${slot}"} - b_total', 'it calculates: signals are counts'],
    ['a_total > 5', 'it calculates'],
    ['a_total or b_total', 'it calculates'],
    ['(a_total)', 'this is an expression'],
    ['{slot="${slot}"}', 'the metric name is missing before the braces'],
    ['{__name__="a_total"}', 'the metric name is missing before the braces'],
    ['a_total{__name__="b"}', 'the metric name belongs before the braces'],
    ['a_${slot}_total', 'only label values can be filled in, not the metric name'],
    ['', 'it is empty'],
    ['5', 'it cannot be read from character 1 on'],
    ['a_total{slot=blue}', 'label slot: a label value must be in quotes'],
    ['a_total{slot="blue}', 'label slot: a quote is never closed'],
    ['a_total{slot=="blue"}', 'label slot: a label value must be in quotes'],
    ['a_total{slot}', 'one of = != =~ !~ is missing after label slot'],
    ['a_total{slot="blue" app="x"}', 'a comma or a closing brace is missing at character 21'],
    ['a_total{slot="blue"', 'a comma or a closing brace is missing'],
    ['a_total{"slot"="blue"}', 'a label name is missing at character 9'],
    ['a_total{code=~"5\\d\\d"}', 'the escape \\d is none of'],
    ['a_total{slot="${slot}"}; drop', 'it cannot be read from character 24 on'],
    ['a_total{slot="${slot}"} # all', 'it cannot be read from character 25 on'],
    ['a_total{slot="${arm}"}', '${arm} is nothing that is filled in; there is ${slot}, ${model}, ${version}, ${environment}'],
    [`a_total{slot="${'x'.repeat(2000)}"}`, 'it has more than 2000 characters'],
  ])('refuses %s and says why', (text, why) => {
    expect(() => parse(text)).toThrow('signal errors: total is ')
    expect(() => parse(text)).toThrow(why)
  })

  it('refuses what counts both arms as one', () => {
    expect(() => requireArm(parse('a_total{app="x"}'), 'signal errors: bad')).toThrow(
      'signal errors: bad lacks ${slot} (or ${version}), so both arms would be counted as one',
    )
    expect(mentions(requireArm(parse('a_total{v="${version}"}'), 'x'), 'version')).toBe(true)
  })
})

describe('resolvedSelector', () => {
  it('fills values in, quoted for what they stand in', () => {
    const selector = parse('a_total{app="${model}",pod=~"${model}-${slot}-.*",v="v${version}"}')
    expect(resolvedSelector(selector, { model: 'a.b', slot: 'blue', version: '12' }, '_bucket')).toBe(
      'a_total_bucket{app="a.b",pod=~"a\\\\.b-blue-.*",v="v12"}',
    )
  })

  it('cannot be broken out of: whatever is filled in, the same matchers are read back', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }).filter(text => !text.includes('${')),
        model => {
          const text = resolvedSelector(parse('a_total{app="x${model}y",slot="b"}'), { model })
          expect(parse(text)).toEqual({
            metric: 'a_total',
            matchers: [
              { label: 'app', operator: '=', value: `x${model}y` },
              { label: 'slot', operator: '=', value: 'b' },
            ],
          })
        },
      ),
    )
  })
})
