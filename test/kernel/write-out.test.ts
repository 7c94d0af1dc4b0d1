import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'

const entry = join(import.meta.dirname, '../../src/kernel/terminal.ts')
const source = `const { writeOut, runCommand } = await import(${JSON.stringify(entry)})
await runCommand(async () => { for (let i = 0; i < 400; i += 1) writeOut(String(i).padStart(9999, '0') + '\\n'); return {} })`

const start = () => spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['ignore', 'pipe', 'pipe'] })
const ended = (child: ReturnType<typeof start>) => new Promise<number | null>(resolve => child.on('close', resolve))

test('everything arrives in order, however slowly it is read', async () => {
  const child = start()
  const end = ended(child)
  let text = ''
  for await (const chunk of child.stdout) {
    text += String(chunk)
    if (text.length < 100_000) await sleep(5)
  }
  expect(await end).toBe(0)
  expect(text.split('\n').map(Number)).toEqual([...Array.from({ length: 400 }, (_, index) => index), 0])
})

test('a reader who has seen enough may go without an error', async () => {
  const child = start()
  let complaints = ''
  child.stderr.on('data', chunk => {
    complaints += String(chunk)
  })
  const end = ended(child)
  child.stdout.once('data', () => child.stdout.destroy())
  expect([await end, complaints]).toEqual([0, ''])
})
