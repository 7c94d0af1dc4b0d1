import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../temporary.ts'

const start = async (root: string, portFile: string) => {
  const child = spawn(process.execPath, [
    join(import.meta.dirname, 'main.ts'),
    '--root',
    root,
    '--port-file',
    portFile,
    '--repository',
    'acme/churn',
  ])
  const lines = createInterface({ input: child.stdout })
  const [line] = (await once(lines, 'line')) as [string]
  return { child, addresses: JSON.parse(line) as { control: string; url: string }, ended: once(child, 'exit') }
}

test('runs as a program, is told by other processes, and ends when its parent does', async () => {
  await using folder = await temporaryFolder()
  const { child, addresses, ended } = await start(folder.join('root'), folder.join('port.json'))
  expect(JSON.parse(await readFile(folder.join('port.json'), 'utf8'))).toEqual(addresses)
  const tell = async (verb: string, order: object) => {
    const answer = await fetch(`${addresses.control}/${verb}`, {
      method: 'POST',
      body: JSON.stringify({ owner: 'acme', name: 'churn', ...order }),
    })
    return (await answer.json()) as Record<string, unknown>
  }
  await tell('commit', { files: { 'a.txt': 'a' }, message: 'first' })
  await tell('commit', { files: { 'a.txt': 'b' }, branch: 'better' })
  expect(await tell('pull-request', { head: 'better', title: 'Better' })).toMatchObject({ number: 1 })
  expect(await tell('merge', { number: 1 })).toMatchObject({ sha: expect.stringMatching(/^[0-9a-f]{40}$/) })
  expect(await tell('dump', {})).toMatchObject({ repository: 'acme/churn', issues: [{ number: 1, state: 'closed' }], releases: [] })
  expect(await tell('merge', { number: 5 })).toMatchObject({ error: 'There is no pull request 5' })
  expect(await tell('no-such-verb', {})).toMatchObject({ error: expect.stringContaining('verbs:') })
  child.stdin.end()
  expect((await ended)[0]).toBe(0)
})

test('ends on SIGTERM', async () => {
  await using folder = await temporaryFolder()
  const { child, ended } = await start(folder.join('root'), folder.join('port.json'))
  child.kill('SIGTERM')
  expect((await ended)[0]).toBe(0)
})
