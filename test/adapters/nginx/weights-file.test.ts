import { describe, expect, it } from 'vitest'
import {
  assertSplit,
  hundredthsOfBlue,
  parseTold,
  parseWeights,
  renderWeights,
  type Split,
} from '../../../src/adapters/nginx/weights-file.ts'

const split: Split = { variable: 'refline_churn', slots: { blue: 'churn_blue', green: '127.0.0.1:8002' }, by: '$request_id' }
const parse = (text: string) => parseWeights(text, split.slots, 'churn.conf')

describe('shares', () => {
  it.each([
    ['green', 5, 9500],
    ['blue', 33.33, 3333],
    ['green', 0, 10_000],
    ['green', 100, 0],
    ['blue', 0.01, 1],
  ] as const)('%s with %s per cent: blue has %s hundredths', (slot, percent, hundredths) => {
    expect(hundredthsOfBlue(slot, percent)).toBe(hundredths)
  })
  it('that nginx could not give are refused', () => {
    expect(() => hundredthsOfBlue('green', 0.004)).toThrow('cannot give 0.004 %')
    expect(() => hundredthsOfBlue('green', 99.997)).toThrow('cannot give 99.997 %')
  })
})

describe('the file', () => {
  it.each([0, 1, 500, 9500, 9999, 10_000])('of %s hundredths is read as it was written', blueHundredths => {
    const told = { seq: 42, blueHundredths }
    expect(parse(renderWeights(split, told))).toEqual({ told, blueHundredths })
  })

  it('leaves out a slot without a share, since nginx knows no 0 %', () => {
    expect(renderWeights(split, { seq: 1, blueHundredths: 10_000 })).toContain('{\n    * "churn_blue";\n}')
    expect(renderWeights(split, { seq: 1, blueHundredths: 0 })).not.toContain('churn_blue')
  })

  it('that was edited shows both what was told and what it says now', () => {
    const text = renderWeights(split, { seq: 42, blueHundredths: 9500 })
    expect(parse(text.replace('95.00% "churn_blue"', '60.5%  churn_blue'))).toEqual({
      told: { seq: 42, blueHundredths: 9500 },
      blueHundredths: 6050,
    })
    expect(parse(text.replace('95.00% "churn_blue";\n    *', '60% "churn_blue";\n 40%')).blueHundredths).toBe(6000)
    expect(parse(text.replace('95.00% "churn_blue";\n    * "127.0.0.1:8002"', '3% 127.0.0.1:8002;\n * churn_blue')).blueHundredths).toBe(
      9700,
    )
  })

  it('that was written on one line is read all the same', () => {
    const text = renderWeights(split, { seq: 42, blueHundredths: 0 })
    expect(parse(text.replace(/\{\n {4}\*[^}]*\}/, '{ 95% "127.0.0.1:8002"; * churn_blue; # by hand: 5% x;\n }'))).toEqual({
      told: { seq: 42, blueHundredths: 0 },
      blueHundredths: 500,
    })
  })

  it.each([
    ['', 'is not as Refline writes it'],
    [
      renderWeights(split, { seq: 1, blueHundredths: 50 }).replace(
        'split_clients',
        'map $cookie_beta $beta { default 0; 1 1; }\nsplit_clients',
      ),
      'holds more than Refline writes, which would be lost: "map $cookie_beta $beta { default 0; 1 1; }"',
    ],
    [
      renderWeights(split, { seq: 1, blueHundredths: 50 }).replace('0.50% "churn_blue"', 'about half "churn_blue"'),
      'is not as Refline writes it',
    ],
    ['upstream churn { server 127.0.0.1:8001 weight=95; }', 'is not as Refline writes it'],
    [
      `# refline seq=1 blue=50.00 green=50.00\nsplit_clients "$request_id" $refline_churn {\n * churn_blue;\n}\nmap "" $x { default ""; }`,
      'is not as',
    ],
    [
      renderWeights({ ...split, slots: { blue: 'other', green: 'churn_blue' } }, { seq: 1, blueHundredths: 50 }),
      'gives traffic to "other", which is neither slot blue (churn_blue) nor slot green (127.0.0.1:8002)',
    ],
  ])('is refused with words: %j', (text, words) => {
    expect(() => parse(text)).toThrow(words)
  })

  it('is divided by braces in a variable too', () => {
    const text = renderWeights({ ...split, by: '${remote_addr}${http_user_agent}' }, { seq: 3, blueHundredths: 2500 })
    expect(parse(text).blueHundredths).toBe(2500)
  })
})

it('what was told is everything together or nothing', () => {
  expect(parseTold('refline seq=7 blue=95.00 green=5.00 pid=12')).toEqual({ seq: 7, blueHundredths: 9500 })
  expect(parseTold('refline seq=7 blue=95.00 green=6.00 pid=12')).toBeNull()
  expect(parseTold('<html>404')).toBeNull()
})

it.each([
  [{ variable: 'x; return 200' }, 'cannot be the name of a variable'],
  [{ by: '$request_id"; }' }, 'is no variable of nginx'],
  [{ by: 'constant' }, 'is no variable of nginx'],
  [{ slots: { blue: 'a;b', green: 'c' } }, 'cannot be an upstream'],
  [{ slots: { blue: 'a', green: 'a' } }, 'are the same upstream'],
])('names cannot be anything else than names: %j', (part, words) => {
  expect(() => assertSplit({ ...split, ...part })).toThrow(words)
})
