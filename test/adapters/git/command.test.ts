import { expect, test } from 'vitest'
import { classify, type GitResult } from '../../../src/adapters/git/command.ts'

const ended = (stderr: string): GitResult => ({ code: 128, stdout: Buffer.alloc(0), stderr })

// What Git 2.34, 2.39 and 2.55 say of the same thing, since a machine has only one of them.
test.each([
  ["fatal: could not read Username for 'http://127.0.0.1:1': terminal prompts disabled", 'refused'],
  ['fatal: unable to get password from user', 'refused'],
  ["fatal: unable to access 'http://127.0.0.1:1/x.git/': The requested URL returned error: 403", 'refused'],
  ["fatal: repository 'http://127.0.0.1:1/x.git/' not found", 'refused'],
  [' ! [rejected]        abc -> refs/refline/models/churn/decisions (fetch first)', 'contended'],
  [' ! [remote rejected] abc -> refs/refline/models/churn/decisions (atomic transaction failed)', 'contended'],
  ["error: cannot lock ref 'refs/refline/models/churn/decisions': is at a but expected b", 'contended'],
  ["fatal: unable to access 'http://127.0.0.1:1/x.git/': The requested URL returned error: 429", 'unreachable'],
  ['error: RPC failed; curl 52 Empty reply from server', 'unreachable'],
] as const)('%s: %s', (words, problem) => {
  expect(classify(ended(words))).toBe(problem)
})

test('no answer in time is worth another try', () => {
  expect(classify({ ...ended(''), code: null })).toBe('unreachable')
})
