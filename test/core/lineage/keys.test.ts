import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalJson, digest } from '../../../src/core/lineage/canonical.ts'
import {
  composeCodeDigest,
  inputDigest,
  type RunIdentity,
  requestId,
  requestPrefix,
  runKey,
  runName,
} from '../../../src/core/lineage/keys.ts'

test('canonical JSON has one text per value: sorted keys, shortest numbers, no space', () => {
  expect(canonicalJson({ b: [1, -0, 1e21, 0.1], a: { '\u20ac': 'é"\n', $: null } })).toBe(
    '{"a":{"$":null,"€":"é\\"\\n"},"b":[1,0,1e+21,0.1]}',
  )
  expect(canonicalJson({ a: undefined, b: 1 })).toBe('{"b":1}')
})

test.each([
  [Number.NaN],
  [Number.POSITIVE_INFINITY],
  [[undefined]],
  [new Date(0)],
  [() => 1],
  [1n],
  [new Map()],
])('canonical JSON refuses %s', value => {
  expect(() => canonicalJson({ value })).toThrow(/canonical JSON: \$\.value/)
})

test('canonical JSON names the place of what it refuses, and ends where a value holds itself', () => {
  expect(() => canonicalJson({ a: [1, { b: { c: Number.NaN } }] })).toThrow('canonical JSON: $.a[1].b.c is NaN, which JSON cannot hold')
  const itself: unknown[] = []
  itself.push(itself)
  expect(() => canonicalJson(itself)).toThrow(/nested more than 64 deep/)
})

test('canonical JSON reads back as the same value, and does not depend on the order of keys', () => {
  fc.assert(
    fc.property(fc.jsonValue(), value => {
      const text = canonicalJson(value)
      expect(canonicalJson(JSON.parse(text))).toBe(text)
      expect(JSON.stringify(JSON.parse(text)).length).toBe(JSON.stringify(value).length)
    }),
    { seed: 1, numRuns: 300 },
  )
})

test('digest is SHA-256 of the UTF-8 bytes', () => {
  expect(digest('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  expect(digest('é')).toBe(digest(new Uint8Array([0xc3, 0xa9])))
})

const file = (path: string, seed: string) => ({ path, bytes: 1, sha256: seed.repeat(64) })
const identity: RunIdentity = { model: 'churn', workflowRun: '77', job: 'train', jobIndex: '0', outputs: [file('a', 'a'), file('b', 'b')] }

test('a run is its place and its outputs, in any order', () => {
  const key = runKey(identity)
  expect(runKey({ ...identity, outputs: [...identity.outputs].reverse() })).toBe(key)
  expect(runName('churn', key)).toMatch(/^churn-[0-9a-f]{12}$/)
  const others = [
    { ...identity, model: 'fraud' },
    { ...identity, workflowRun: '78' },
    { ...identity, job: 'other' },
    { ...identity, jobIndex: '1' },
    { ...identity, outputs: [file('a', 'a'), file('b', 'c')] },
  ]
  for (const other of others) expect(runKey(other)).not.toBe(key)
})

test('the input digest changes with code, data, params and the train section only', () => {
  const lineage = {
    code: 'a'.repeat(64),
    data: [{ path: 'd', files: 1, bytes: 1, sha256: 'b'.repeat(64) }],
    params: { depth: 3 },
    train: 'c'.repeat(64),
  }
  expect(inputDigest({ ...lineage, params: { depth: 4 } })).not.toBe(inputDigest(lineage))
  expect(inputDigest({ ...lineage, code: null })).not.toBe(inputDigest(lineage))
  expect(inputDigest({ ...lineage, data: [] })).not.toBe(inputDigest(lineage))
  expect(inputDigest({ ...lineage })).toBe(inputDigest(lineage))
})

test('the code digest sees names, modes and content', () => {
  const files = [
    { path: 'b', mode: '100644', id: '1' },
    { path: 'a', mode: '100644', id: '2' },
  ]
  expect(composeCodeDigest([...files].reverse())).toBe(composeCodeDigest(files))
  expect(composeCodeDigest([{ path: 'b', mode: '100755', id: '1' }, ...files.slice(1)])).not.toBe(composeCodeDigest(files))
})

test('request ids say what is asked for and are remembered by 64 bits', () => {
  expect(requestId('promote', 'production', 12, '77')).toBe('promote:production:12:77')
  expect(requestId('register', null, 'churn-1', '77')).toBe('register:-:churn-1:77')
  expect(requestPrefix('promote:production:12:77')).toMatch(/^[0-9a-f]{16}$/)
})
