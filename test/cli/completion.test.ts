import { spawnSync } from 'node:child_process'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CommandSpec } from '../../src/cli/command.ts'
import { commands } from '../../src/cli/commands.ts'
import { bashScript } from '../../src/cli/completion/bash.ts'
import { fishScript } from '../../src/cli/completion/fish.ts'
import { zshScript } from '../../src/cli/completion/zsh.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/temporary.ts'
import { reflineArgv, typed } from './terminal.ts'

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

let folder: TemporaryFolder
beforeAll(async () => {
  folder = await temporaryFolder()
  await mkdir(folder.join('bin'))
  await writeFile(folder.join('bin', 'refline'), `#!/bin/sh\nexec ${reflineArgv.map(quoted).join(' ')} "$@"\n`)
  await chmod(folder.join('bin', 'refline'), 0o755)
  const model = 'task: binary, primary: roc_auc, gates: { roc_auc: { min: 0.7 } }'
  await writeFile(folder.join('refline.yml'), `models:\n  churn: { ${model} }\n  fraud: { ${model} }\n`)
  await writeFile(folder.join('a file.csv'), '')
  await writeFile(folder.join('completion.bash'), bashScript(commands))
})
afterAll(() => folder[Symbol.asyncDispose]())

const shell = (program: string, ...args: readonly string[]) =>
  spawnSync(program, args, {
    cwd: folder.path,
    encoding: 'utf8',
    timeout: 60_000,
    env: { PATH: `${folder.join('bin')}:${process.env.PATH ?? ''}`, HOME: folder.path, LANG: 'C.UTF-8' },
  })

/** What bash would offer, asked as its Tab key asks: the function with the words of the line, apart at the equals sign, and the place of the last one. */
const offered = (line: string): readonly string[] => {
  const words = line
    .split(' ')
    .flatMap(word => (word.includes('=') ? word.split(/(=)/).filter((part, index) => part !== '' || index === 0) : [word]))
  const script = `. ./completion.bash; COMP_WORDS=(${words.map(quoted).join(' ')}); COMP_CWORD=${words.length - 1}; _refline; printf '%s\\n' "\${COMPREPLY[@]}"`
  const { status, stdout, stderr } = shell('bash', '--norc', '--noprofile', '-c', script)
  expect([status, stderr]).toEqual([0, ''])
  return stdout.split('\n').filter(word => word !== '')
}

describe('the Tab key in bash', () => {
  test.each([
    ['refline ', [...commands.map(({ id }) => id), '--help', '--version']],
    ['refline l', ['log', 'lineage']],
    ['refline log --', ['--last', '--since', '--environment', '--kind', '--all', '--model', '--config', '--ledger', '--json', '--help']],
    ['refline log --kind ro', ['rollout', 'rollback']],
    ['refline log --kind=roll', ['rollout', 'rollback']],
    ['refline log --kind=', ['register', 'kept', 'alias', 'package', 'rollout', 'rollback', 'quarantine', 'storage']],
    ['refline lineage v2 --format m', ['mermaid']],
    ['refline help run', ['runs']],
    ['refline completion z', ['zsh']],
    ['refline evaluate --predictions a', ['a file.csv']],
    ['refline log --last ', []],
    ['refline nothing ', []],
    ['refline show ', []],
  ])('%j', (line, words) => expect(offered(line)).toEqual(words))

  test.each(['refline log ', 'refline status --model ', 'refline show v2 --model '])('%j offers the models of refline.yml', line => {
    expect(offered(line)).toEqual(['churn', 'fraud'])
    expect(offered(`${line}f`)).toEqual(['fraud'])
  })

  test('is set up by sourcing the script', () => {
    const { stdout } = shell('bash', '--norc', '-c', '. ./completion.bash; complete -p refline')
    expect(stdout.trim()).toBe('complete -F _refline refline')
  })
})

describe('the names of models', () => {
  test('are nothing where there is no refline.yml, or none that can be read', async () => {
    await using empty = await temporaryFolder()
    expect(await typed(empty.path, 'completion', 'models')).toEqual({ code: 0, stdout: '', stderr: '' })
    await writeFile(empty.join('refline.yml'), 'models: [')
    expect(await typed(empty.path, 'completion', 'models')).toEqual({ code: 0, stdout: '', stderr: '' })
  })

  test('an unknown shell is an error that names the known ones', async () => {
    expect(await typed(folder.path, 'completion', 'powershell')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('<shell> is one of bash, zsh, fish, models'),
    })
  })
})

/** A command whose words hold everything that a shell could take for its own. */
const hostile: CommandSpec = {
  id: 'odd',
  group: 'look',
  summary: `It's "$(touch pwned)" \`touch pwned\` [x]: \\ and $HOME; rm.`,
  details: 'Odd.',
  operands: [{ name: 'what', required: true, description: 'x', completes: 'file' }],
  options: { o: { value: "v'[]:", description: `'; touch pwned; ' "$(touch pwned)" [a]:b` }, flag: { description: "it's" } },
  examples: [],
}

describe.each([
  ['bash', bashScript],
  ['zsh', zshScript],
  ['fish', fishScript],
])('the script for %s', (name, script) => {
  const there = spawnSync(name, ['--version']).status === 0

  test('names every command and every option', () => {
    const text = script(commands)
    for (const { id, options } of commands) for (const word of [id, ...Object.keys(options)]) expect(text).toContain(word)
  })

  test('is of that shell, and runs nothing of what stands in descriptions', async ({ skip }) => {
    // bash is on every machine that tests run on.
    skip(!there && name !== 'bash', `${name} is not installed here`)
    await writeFile(folder.join(`all.${name}`), script([...commands, hostile]))
    const checked = shell(name, '-n', `all.${name}`)
    expect([checked.status, checked.stderr]).toEqual([0, ''])
    const load = name === 'zsh' ? 'autoload -U compinit; compinit -u -D; ' : ''
    const loaded = shell(name, '-c', `${load}. ./all.${name}; echo loaded; ls`)
    expect([loaded.stderr, loaded.stdout]).toEqual(['', expect.stringMatching(/^loaded\n/)])
    expect(loaded.stdout).not.toContain('pwned')
  })
})

test('fish offers commands, choices and models', async ({ skip }) => {
  skip(spawnSync('fish', ['--version']).status !== 0, 'fish is not installed here')
  await writeFile(folder.join('completion.fish'), fishScript(commands))
  const asked = (line: string): readonly string[] => {
    const { stdout } = shell('fish', '--no-config', '-c', `source completion.fish; complete -C ${quoted(line)}`)
    return stdout
      .split('\n')
      .map(entry => entry.split('\t')[0] ?? '')
      .filter(word => word !== '')
  }
  expect(asked('refline lin')).toEqual(['lineage'])
  expect(asked('refline log --kind roll').toSorted()).toEqual(['rollback', 'rollout'])
  expect(asked('refline status f')).toContain('fraud')
  expect(asked('refline log --js')).toEqual(['--json'])
})
