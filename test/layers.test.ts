import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const posix = (path: string): string => path.split(sep).join('/')
const sources = globSync('src/**/*.ts', { cwd: root }).map(posix)

interface Import {
  readonly from: string
  readonly to: string
}

/** Import and export lines, dynamic imports included; relative ones as paths from the root. */
const importsOf = (file: string, text: string): readonly Import[] =>
  [...text.matchAll(/(?:\bfrom\s+|\bimport\s*\(\s*|^\s*import\s+)(['"])([^'"]+)\1/gm)].map(([, , name = '']) => ({
    from: file,
    to: name.startsWith('.') ? posix(relative(root, join(root, dirname(file), name))) : name,
  }))

/** A file's code without the lines that are comments. */
const codeOf = (file: string): string => readFileSync(join(root, file), 'utf8').replace(/^\s*(\/\/|\/?\*).*$/gm, '')

const imports = sources.flatMap(file => importsOf(file, codeOf(file)))
const within = (layer: string) => imports.filter(({ from }) => from.startsWith(`src/${layer}/`))
const broken = (list: readonly Import[], allowed: (to: string, from: string) => boolean): readonly string[] =>
  list.filter(({ from, to }) => !allowed(to, from)).map(({ from, to }) => `${from} imports ${to}`)
const isOurs = (to: string): boolean => to.startsWith('src/')
const system = (path: string): string | undefined => /^src\/adapters\/([^/]+)\//.exec(path)?.[1]

describe('layers', () => {
  test('there is something to look at, and every relative import is a file', () => {
    expect(imports.length).toBeGreaterThan(50)
    expect(broken(imports, to => !isOurs(to) || existsSync(join(root, to)))).toEqual([])
  })

  test('core imports core, zod, yaml, SHA-256 and @stdlib, and nothing else', () => {
    const allowed = (to: string): boolean =>
      to.startsWith('src/core/') || /^(zod|yaml|@noble\/hashes\/(sha2|utils)\.js|@stdlib\/.+)$/.test(to)
    expect(broken(within('core'), allowed)).toEqual([])
  })

  test('core has no clock, no randomness, no process and no network', () => {
    const forbidden =
      /\b(Date\.now|new Date\(\)|performance\.now|Math\.random|process\.(env|cwd|argv|stdout)|fetch\(|setTimeout|setInterval|randomUUID)/
    const found = sources.filter(file => file.startsWith('src/core/')).filter(file => forbidden.test(codeOf(file)))
    expect(found).toEqual([])
  })

  test('ports import only core and ports', () => {
    expect(broken(within('ports'), to => /^src\/(core|ports)\//.test(to))).toEqual([])
  })

  test('adapters import core, ports, their own folder and packages', () => {
    const allowed = (to: string, from: string): boolean => !isOurs(to) || /^src\/(core|ports)\//.test(to) || system(to) === system(from)
    expect(broken(within('adapters'), allowed)).toEqual([])
  })

  test('the kernel sees core and ports, and no adapter or action', () => {
    expect(broken(within('kernel'), to => !isOurs(to) || /^src\/(core|ports|kernel)\//.test(to))).toEqual([])
  })

  test('specs load nothing heavy: only zod, core, the kernel and other input declarations', () => {
    const specs = imports.filter(({ from }) => /^src\/actions\/[^/]+\/spec\.ts$/.test(from))
    const allowed = (to: string): boolean =>
      to === 'zod' || /^src\/(core|kernel)\//.test(to) || /^src\/actions\/[^/]+\/[a-z-]*inputs\.ts$/.test(to)
    expect(broken(specs, allowed)).toEqual([])
  })

  test('the terminal client is a second front door: core, ports, adapters and the kernel, no action; and of theirs only the action that runs its commands knows it', () => {
    const allowed = (to: string): boolean => !isOurs(to) || /^src\/(core|ports|adapters|kernel|cli)\//.test(to)
    expect(within('cli').length).toBeGreaterThan(10)
    expect(broken(within('cli'), allowed)).toEqual([])
    const outside = imports.filter(
      ({ from, to }) => !from.startsWith('src/cli/') && from !== 'src/dispatch.ts' && to.startsWith('src/cli/'),
    )
    expect([...new Set(outside.map(({ from }) => from))]).toEqual(['src/actions/cli/main.ts'])
  })

  test('the cache of files is used where users run code anyway, and danfojs-node in the process of their checks only', () => {
    const users = (name: string): readonly string[] =>
      imports
        .filter(({ to }) => to === name)
        .map(({ from }) => from)
        .sort()
    expect(users('src/adapters/runner/file-cache.ts')).toEqual(['src/actions/train/main.ts'])
    expect(users('@actions/cache')).toEqual(['src/adapters/runner/file-cache.ts'])
    expect(users('danfojs-node')).toEqual(['src/adapters/checks/data-frame.ts'])
    expect(users('src/adapters/checks/data-frame.ts')).toEqual(['src/actions/train/checks-child.ts'])
    expect(users('src/actions/train/checks-child.ts')).toEqual(['src/actions/train/checks.ts', 'src/dispatch.ts'])
  })

  test('no drawers: nothing is called utils or helpers', () => {
    expect(
      [...sources, ...globSync('{scripts,test}/**/*.ts', { cwd: root })].filter(file =>
        /(^|[/\\.-])(utils?|helpers?)([/\\.-]|$)/.test(file),
      ),
    ).toEqual([])
  })

  test('no test replaces a module', () => {
    const mocking = new RegExp(String.raw`\bvi\.(${['mock', 'doMock', 'hoisted'].join('|')})\(`)
    const tests = globSync('test/**/*.ts', { cwd: root })
    expect(tests.filter(file => mocking.test(readFileSync(join(root, file), 'utf8')))).toEqual([])
  })

  test('no file of the sources is longer than 320 lines', () => {
    expect(sources.filter(file => readFileSync(join(root, file), 'utf8').split('\n').length > 320)).toEqual([])
  })
})
