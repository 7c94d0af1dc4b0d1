import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'refline-kernel-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Runs the probe as the runner runs an action. */
const probe = (inputs: Readonly<Record<string, string>>, env: Readonly<Record<string, string>> = {}) => {
  const output = join(folder, 'output')
  writeFileSync(output, '')
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, 'probe.ts')], {
    encoding: 'utf8',
    timeout: 20_000,
    env: {
      PATH: process.env.PATH,
      GITHUB_ACTIONS: 'true',
      GITHUB_OUTPUT: output,
      ...Object.fromEntries(Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value])),
      ...env,
    },
  })
  return {
    status,
    stdout,
    stderr,
    lines: stdout.split('\n').filter(line => line !== ''),
    outputs: parseOutputs(readFileSync(output, 'utf8')),
  }
}

/** Reads the file of outputs as the runner does: `name<<delimiter`, lines, delimiter. */
const parseOutputs = (text: string): Readonly<Record<string, string>> => {
  const outputs: Record<string, string> = {}
  const lines = text.split('\n')
  for (let at = 0; at < lines.length; at++) {
    const [, name, delimiter] = /^(.+?)<<(.+)$/.exec(lines[at] ?? '') ?? []
    if (name === undefined || delimiter === undefined) continue
    const end = lines.indexOf(delimiter, at + 1)
    outputs[name] = lines.slice(at + 1, end).join('\n')
    at = end
  }
  return outputs
}

/** What the runner would take for a command: it ignores white space at a line's start, and finds `##[` anywhere. */
const commands = (stdout: string): readonly string[] =>
  stdout
    .split(/\r\n|[\r\n]/)
    .map(line => line.trimStart())
    .filter(line => line.startsWith('::') || line.includes('##['))

describe('runAction', () => {
  test('success: exit 0, every declared output, defaults from the spec', () => {
    const { status, outputs } = probe({ behaviour: 'pass', note: 'a note' })
    expect(status).toBe(0)
    expect(outputs).toEqual({ 'dry-run': 'false', note: 'a note', psi: '0.2', sizes: '{"a":1}' })
  })

  test('a verdict that says no: exit 1 after the outputs are written', () => {
    const { status, outputs, stdout } = probe({ behaviour: 'fail', note: 'recall', 'max-psi': '3' })
    expect(status).toBe(1)
    expect(outputs.psi).toBe('3')
    expect(stdout).toContain('::error::gate failed: recall\n')
  })

  test('a user error: exit 2, an annotation at its place, no stack', () => {
    const { status, lines, stderr } = probe({ behaviour: 'refuse', note: 'auc' })
    expect(status).toBe(2)
    expect(lines).toEqual(['::error file=refline.yml,line=14,col=3::refline.yml:14: no such metric: auc'])
    expect(stderr).toBe('')
  })

  test.each([
    ['throw'],
    ['reject-later'],
    ['throw-later'],
    ['stray-output'],
    ['missing-output'],
    ['wrong-output'],
  ])('a bug of ours (%s): exit 70, a stack and the request to report it, no outputs', behaviour => {
    const { status, stdout, outputs } = probe({ behaviour })
    expect(status).toBe(70)
    expect(stdout).toMatch(/^\s+at .*:\d+/m)
    expect(stdout).toContain('please report it')
    expect(outputs).toEqual({})
  })

  test('a cause is shown with its stack', () => {
    expect(probe({ behaviour: 'throw' }).stdout).toContain('caused by Error: the root of it')
  })

  test('an open handle does not keep the step alive', () => {
    expect(probe({ behaviour: 'hang' }).status).toBe(0)
  })

  test('all input problems come in one error', () => {
    const { status, lines } = probe({ 'max-psi': '-1', 'dry-run': 'yes', 'max-pis': '2' })
    expect(status).toBe(2)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain('4 problems')
    for (const part of [
      'input `behaviour` is required',
      'input `max-psi`: expected a number of at least 0, found "-1"',
      'input `dry-run`: expected true or false, found "yes"',
      'unknown input `max-pis`; did you mean `max-psi`?',
    ])
      expect(lines[0]).toContain(part)
  })

  test('rules across inputs are checked once the inputs are readable', () => {
    const { status, stdout } = probe({ behaviour: 'pass', 'dry-run': 'true', 'max-psi': '2' })
    expect(status).toBe(2)
    expect(stdout).toContain('makes no sense in a dry run')
  })

  test.each(['max_psi', 'dryrun', 'behavior', 'tokne'])('the near miss `%s` is an error', name => {
    expect(probe({ behaviour: 'pass', [name]: '1' }).status).toBe(2)
  })

  test('an unknown input that resembles nothing is a warning, a deprecated one too', () => {
    const { status, lines } = probe({ behaviour: 'pass', 'something-else': '1', old: 'x' })
    expect(status).toBe(0)
    expect(lines.filter(line => line.startsWith('::warning::'))).toHaveLength(2)
  })

  test('an empty input counts as not given', () => {
    expect(probe({ behaviour: 'pass', 'max-psi': '', 'dry-run': '  ' }).outputs.psi).toBe('0.2')
  })

  test('secrets are masked before anything else and shown nowhere', () => {
    const { lines, stdout } = probe({ behaviour: 'throw', token: 'ghs_secret' })
    expect(lines[0]).toBe('::add-mask::ghs_secret')
    expect(stdout.split('ghs_secret')).toHaveLength(2)
  })

  test('outside of a runner no command shows the secret', () => {
    expect(probe({ behaviour: 'throw', token: 'ghs_secret' }, { GITHUB_ACTIONS: '' }).stdout).not.toContain('ghs_secret')
  })

  test('refuses to work where lines of a log can change the environment', () => {
    const { status, stdout } = probe({ behaviour: 'pass' }, { ACTIONS_ALLOW_UNSECURE_COMMANDS: 'true' })
    expect(status).toBe(2)
    expect(stdout).toContain('ACTIONS_ALLOW_UNSECURE_COMMANDS')
  })

  test.each(['pass', 'fail', 'refuse', 'throw'])('hostile text cannot make a command or an output (%s)', behaviour => {
    const note = 'x\n::add-mask::a\r::set-output name=b::c\r\n \u2028::error::d\n##[add-mask]e\nnote<<EOF\nz\u001b[31m'
    const { stdout, outputs } = probe({ behaviour, note }, { GITHUB_ACTIONS: '' })
    expect(commands(stdout).filter(line => !line.startsWith('::error'))).toEqual([])
    expect(commands(stdout).length).toBe(behaviour === 'pass' ? 0 : 1)
    expect(stdout).not.toContain('\u001b')
    expect(Object.keys(outputs)).toEqual(['pass', 'fail'].includes(behaviour) ? ['dry-run', 'note', 'psi', 'sizes'] : [])
    if (behaviour === 'pass') expect(outputs.note).toBe(note)
  })

  test('without GITHUB_OUTPUT the outputs are printed for people, harmlessly', () => {
    const { stdout } = probe({ behaviour: 'pass', note: 'a\n::error::b' }, { GITHUB_OUTPUT: '' })
    expect(stdout).toContain('psi=0.2')
    expect(commands(stdout)).toEqual([])
  })
})
