import { rulesOf } from '../core/evaluation/fixtures.ts'
import { type CorpusCase, metricsFile } from './corpus.ts'

const rules = rulesOf({ primary: 'auc', predictions: undefined, gates: { auc: { min: 0.5, direction: 'higher' } } })
const file = 'metrics.json'
const whole = '{"auc": 0.91, "by": {"eu": 0.9, "us": 0.88}, "note": "ok"}'
const bytes = (...parts: (string | number[])[]): Uint8Array =>
  Buffer.concat(parts.map(part => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))))
const utf16 = (text: string, big: boolean, mark: boolean): Uint8Array => {
  const little = Buffer.from(mark ? `\ufeff${text}` : text, 'utf16le')
  return big ? little.swap16() : little
}

const fails = (name: string, content: string, failed: RegExp): CorpusCase => ({ name, run: metricsFile(rules, content), failed })
const refuses = (name: string, content: string | Uint8Array | (() => string), refused: RegExp, line?: number): CorpusCase => ({
  name,
  run: metricsFile(rules, content),
  refused,
  file,
  ...(line === undefined ? {} : { line }),
})
const accepts = (name: string, content: string | Uint8Array, accepted: object): CorpusCase => ({
  name,
  run: metricsFile(rules, content),
  accepted,
})
const yaml = (name: string, content: string, refused: RegExp, line?: number): CorpusCase => ({
  name: `YAML: ${name}`,
  run: metricsFile(rules, content, 'metrics.yml'),
  refused,
  file: 'metrics.yml',
  ...(line === undefined ? {} : { line }),
})

const undefinedValues: readonly CorpusCase[] = [
  fails('NaN', '{"auc": NaN}', /auc: undefined never passes: .*reports auc as NaN/),
  fails('Infinity', '{"auc": Infinity}', /reports auc as Infinity/),
  fails('-Infinity', '{"auc": -Infinity}', /reports auc as -Infinity/),
  fails('1e999', '{"auc": 1e999}', /reports auc as Infinity/),
  fails('-1e999', '{"auc": -1e999}', /reports auc as -Infinity/),
  fails('null', '{"auc": null}', /reports auc as NaN/),
  fails('"NaN"', '{"auc": "NaN"}', /reports auc as NaN/),
  fails('"inf"', '{"auc": " +inf "}', /reports auc as Infinity/),
  fails('a number in quotes', '{"auc": "0.9"}', /auc: undefined never passes: missing/),
  fails('a percentage in quotes', '{"auc": "90%"}', /missing/),
  fails('true', '{"auc": true}', /missing/),
  fails('a list', '{"auc": [0.9]}', /missing/),
  fails('an object', '{"auc": {"mean": 0.9}}', /missing/),
  fails('another letter case', '{"AUC": 0.9}', /missing.*did you mean AUC/),
  fails('an empty object', '{}', /missing/),
  fails('a blank in the name', '{"auc ": 0.9}', /missing/),
  fails('a homoglyph in the name', '{"\u0430uc": 0.9}', /missing/),
  fails('only inherited names', '{"__proto__": {"auc": 0.9}}', /missing/),
  fails('constructor.prototype', '{"constructor": {"prototype": {"auc": 0.9}}}', /missing/),
  fails('-0 below the bound', '{"auc": -0}', /0.0000 is below 0.5/),
  fails('a subnormal below the bound', '{"auc": 5e-324}', /is below 0.5/),
  fails('a negative number', '{"auc": -0.9}', /is below 0.5/),
]

const keys: readonly CorpusCase[] = [
  refuses('a NaN hidden by a second key', '{"auc": NaN, "auc": 0.9}', /the key "auc" stands twice/, 1),
  refuses('a key twice, once escaped', '{"auc": NaN,\n "\\u0061uc": 0.9}', /the key "auc" stands twice.*line 2, column 2/, 2),
  refuses('a key twice in a nested object', '{"a": {"b": 1,\n"b": 2}}', /"b" stands twice/, 2),
  refuses('a key twice in an object in a list', '{"a": [{"b": 1, "b": 2}]}', /"b" stands twice/),
  refuses('__proto__ twice', '{"__proto__": 1, "__proto__": 2}', /"__proto__" stands twice/),
  refuses('a nested name and the same name whole', '{"a/b": NaN, "a": {"b": 0.9}}', /the metric "a\/b" twice/),
  refuses('the empty key twice', '{"": 1, "": 2}', /"" stands twice/),
  accepts('constructor, toString and hasOwnProperty', '{"constructor": 1, "toString": 2, "hasOwnProperty": 3}', {
    constructor: 1,
    toString: 2,
    hasOwnProperty: 3,
  }),
  accepts('names that differ only in their normal form', '{"\u00e9": 1, "e\u0301": 2}', { '\u00e9': 1, 'e\u0301': 2 }),
  refuses('a name of 10,000 characters', JSON.stringify({ ['x'.repeat(10_000)]: 1 }), /name of 10000 characters/),
]

const sizes: readonly CorpusCase[] = [
  refuses('10,000 objects deep', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`, /nested more than 64 deep/, 1),
  refuses('1,000,000 lists deep', () => `{"a": ${'['.repeat(1_000_000)}`, /nested more than 64 deep/, 1),
  refuses('20 deep', `${'{"a":'.repeat(20)}1${'}'.repeat(20)}`, /nested more than 16 deep/),
  refuses(
    '100,000 metrics',
    () => JSON.stringify(Object.fromEntries(Array.from({ length: 100_000 }, (_, n) => [`m${n}`, n]))),
    /100000 metrics, more than 1000/,
  ),
  refuses('20 MB in one text', () => `{"note": "${'x'.repeat(20_000_000)}", "auc": 0.9}`, /bytes, more than/),
  refuses('7 MB of backslashes', () => `{"note": "${'\\'.repeat(7_000_001)}`, /is not JSON/),
  accepts('7 MB in one text', `{"note": "${'x'.repeat(7_000_000)}", "auc": 0.9}`, { auc: 0.9 }),
  refuses('50 MB of blanks', () => ' '.repeat(50_000_000), /bytes, more than/),
]

const truncated: readonly CorpusCase[] = [1, 2, 5, 7, 8, 10, 14, 20, 22, 27, 40, whole.length - 1].map(length =>
  refuses(`cut after ${length} characters`, whole.slice(0, length), /is not JSON: (it ends|expected)/, 1),
)

const encodings: readonly CorpusCase[] = [
  accepts('one byte order mark', '\ufeff{"auc": 0.9}', { auc: 0.9 }),
  accepts('CRLF and blanks around', ' \r\n{\r\n"auc"\t:\r\n0.9}\r\n', { auc: 0.9 }),
  refuses('two byte order marks', '\ufeff\ufeff\ufeff{"auc": 0.9}', /is not JSON/),
  refuses('UTF-16 with a mark', utf16('{"auc": 0.9}', false, true), /UTF-16/),
  refuses('UTF-16, other order', utf16('{"auc": 0.9}', true, true), /UTF-16/),
  refuses('UTF-16 without a mark', utf16('{"auc": 0.9}', false, false), /UTF-16/),
  refuses('latin-1', bytes('{"auc": 0.9,\n"pr', [0xe9], 'cision": 1}'), /not UTF-8/, 2),
  refuses('overlong UTF-8', bytes('{"', [0xc1, 0xa1], 'uc": 0.9}'), /not UTF-8/, 1),
  refuses('a surrogate as UTF-8', bytes('{"', [0xed, 0xa0, 0x80], '": 0.9}'), /not UTF-8/, 1),
  refuses('a character cut in half', bytes('{"a": 1}\n', [0xe2, 0x82]), /not UTF-8/, 2),
  refuses('NUL in a name', '{"a\u0000": 0.9, "auc": 0.9}', /binary|control character/),
  refuses('NUL after the end', '{"auc": 0.9}\u0000', /something stands after/),
  refuses(
    'binary junk',
    Uint8Array.from({ length: 4096 }, (_, n) => (n * 7919 + 13) % 256),
    /not UTF-8|binary/,
  ),
  refuses('gzip', bytes([0x1f, 0x8b, 8, 0, 0, 0, 0, 0]), /binary|not UTF-8/),
  accepts('a lone surrogate, escaped', '{"\\ud800": 1, "auc": 0.9}', { '\ud800': 1, auc: 0.9 }),
  accepts('NUL, escaped', '{"a\\u0000": 1}', { 'a\u0000': 1 }),
]

const otherFormats: readonly CorpusCase[] = [
  refuses('a trailing comma', '{"auc": 0.9,}', /expected a key in double quotes.*column 13/, 1),
  refuses('a comma too many', '{"auc": 0.9,, "b": 1}', /expected a key/, 1),
  refuses('a comment', '{"auc": 0.9 // good\n}', /expected a comma or a closing brace/, 1),
  refuses('a block comment', '/* x */ {"auc": 0.9}', /expected a value/, 1),
  refuses('JSON5 without quotes', '{auc: 0.9}', /expected a key in double quotes/, 1),
  refuses('single quotes', "{'auc': 0.9}", /expected a key in double quotes/, 1),
  refuses('hexadecimal', '{"auc": 0x1F}', /expected a value/, 1),
  refuses('octal', '{"auc": 010}', /expected a value/, 1),
  refuses('a plus sign', '{"auc": +0.9}', /expected a value/, 1),
  refuses('no digit before the point', '{"auc": .9}', /expected a value/, 1),
  refuses('no digit after the point', '{"auc": 9.}', /expected a value/, 1),
  refuses('a decimal comma', '{"auc": 0,9}', /expected a key/, 1),
  refuses('a thousands separator', '{"auc": 1_000}', /expected a value/, 1),
  refuses('nan as numpy prints it', '{"auc": nan}', /expected a value/, 1),
  refuses('None', '{"auc": None}', /expected a value/, 1),
  refuses('undefined', '{"auc": undefined}', /expected a value/, 1),
  refuses('JSON Lines', '{"auc": 0.9}\n{"auc": 0.8}\n', /something stands after its end.*line 2/, 2),
  refuses('CSV', 'metric,value\nauc,0.9\n', /expected a value/, 1),
  refuses('XML', '<metrics><auc>0.9</auc></metrics>', /expected a value/, 1),
  refuses('HTML', '<!DOCTYPE html>\n<title>404</title>', /expected a value/, 1),
  refuses('an empty file', '', /it ends where a value is expected/, 1),
  refuses('only blanks', ' \n\n ', /it ends where/, 3),
  refuses('a list of objects', '[{"auc": 0.9}]', /must hold an object/),
  refuses('an empty list', '[]', /must hold an object/),
  refuses('a number', '0.9', /must hold an object/),
  refuses('a text', '"auc"', /must hold an object/),
  refuses('null alone', 'null', /must hold an object/),
  refuses('a bare NaN', 'NaN', /must hold an object/),
  refuses('an unknown escape', '{"\\x61uc": 0.9}', /unknown escape/, 1),
  refuses('a raw line break in a text', '{"a\nb": 0.9}', /control character/, 1),
  refuses('a merge conflict', '<<<<<<< HEAD\n{"auc": 0.9}\n=======\n', /expected a value/, 1),
  refuses('a Git LFS pointer', 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n', /expected a value/, 1),
]

const numbers: readonly CorpusCase[] = [
  accepts('-0', '{"n": -0}', { n: -0 }),
  accepts('2^53 + 1 as the nearest double', '{"n": 9007199254740993}', { n: 9007199254740992 }),
  accepts('the largest double', '{"n": 1.7976931348623157e308}', { n: Number.MAX_VALUE }),
  accepts('a subnormal', '{"n": 5e-324}', { n: 5e-324 }),
  accepts('less than the least double', '{"n": 1e-400}', { n: 0 }),
  accepts('a thousand digits', `{"n": 0.${'3'.repeat(1000)}}`, { n: 1 / 3 }),
  accepts('capital E', '{"n": 1E+2}', { n: 100 }),
]

const bomb = [
  'a: &a [x, x, x, x, x, x, x, x, x, x]',
  ...'bcdefgh'.split('').map((name, n) => `${name}: &${name} [${Array(10).fill(`*${'abcdefg'[n]}`).join(', ')}]`),
]

const inYaml: readonly CorpusCase[] = [
  yaml('aliases that unfold to 10^8', bomb.join('\n'), /alias/i),
  yaml('an alias of itself', 'a: &a { b: *a }\nauc: 0.9', /contains itself/, 1),
  yaml('a tag that runs code', 'auc: !!js/function "function () {}"', /tag/i, 1),
  yaml('a tag of Python', 'auc: !!python/object/apply:os.system ["id"]', /tag/i, 1),
  yaml('a key twice', 'auc: .nan\nauc: 0.9', /must be unique/, 2),
  yaml('a list as a key', '? [auc]\n: 0.9', /no plain text/, 1),
  yaml('__proto__', '__proto__: { auc: 0.9 }', /no plain text/, 1),
  yaml('two documents', 'auc: 0.1\n---\nauc: 0.9', /multiple documents/, 2),
  yaml('a tab for indentation', 'a:\n\tauc: 0.9', /not readable as YAML/),
  yaml('an unknown alias', 'auc: *best', /not readable as YAML|alias/i),
  yaml('100,000 deep', '['.repeat(100_000), /nested too deeply/),
  yaml('a list', '- 0.9', /must hold an object/),
  yaml('empty', '# nothing', /must hold an object/),
  yaml('140,000 keys', Array.from({ length: 140_000 }, (_, n) => `${n.toString(36)}: 1`).join('\n'), /more than 1000|characters/),
  { name: 'YAML: a NaN', run: metricsFile(rules, 'auc: .NaN', 'metrics.yml'), failed: /reports auc as NaN/ },
  { name: 'YAML: nan without a point', run: metricsFile(rules, 'auc: nan', 'metrics.yml'), failed: /reports auc as NaN/ },
  { name: 'YAML: null', run: metricsFile(rules, 'auc: ~', 'metrics.yml'), failed: /reports auc as NaN/ },
  { name: 'YAML: nothing', run: metricsFile(rules, 'auc:', 'metrics.yml'), failed: /reports auc as NaN/ },
  { name: 'YAML: yes is no number', run: metricsFile(rules, 'auc: yes', 'metrics.yml'), failed: /missing/ },
  {
    name: 'YAML: a merge key merges nothing',
    run: metricsFile(rules, 'base: &b { auc: 0.9 }\nx:\n  <<: *b', 'metrics.yml'),
    failed: /missing/,
  },
  {
    name: 'YAML: 1e3, octal and hexadecimal are as in YAML 1.2',
    run: metricsFile(rules, 'a: 1e3\nb: 0o17\nc: 0x1F\nd: 010', 'metrics.yml'),
    accepted: { a: 1000, b: 15, c: 31, d: 10 },
  },
  { name: 'YAML: sexagesimal is text', run: metricsFile(rules, 'a: 1:30\nb: 2', 'metrics.yml'), accepted: { b: 2 } },
]

export const metricsCases = [...undefinedValues, ...keys, ...sizes, ...truncated, ...encodings, ...otherFormats, ...numbers, ...inYaml]
