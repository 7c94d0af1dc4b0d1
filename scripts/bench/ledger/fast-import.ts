import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { identity } from '../../../src/adapters/git/repository.ts'
import { gitEnvironment } from '../../../test/support/git-fixture.ts'

/** One commit for `git fast-import`: the identity and the time are those of the ledger's commits. */
export interface ImportedCommit {
  readonly files: Readonly<Record<string, string>>
  readonly message: string
  /** Seconds since 1970. */
  readonly seconds: number
}

const data = (text: string): string => `data ${Buffer.byteLength(text)}\n${text}\n`
/** Contents of one name go out together, so that each is stored as a difference to the one before it. */
const batch = 250

/** Feeds a stream to `git fast-import` in a bare repository; what it makes is one pack. Throws where git does not take it. */
export const runImport = async (bare: string, stream: Iterable<string>): Promise<void> => {
  const child = spawn('git', ['-c', 'fastimport.unpackLimit=0', 'fast-import', '--quiet', '--force', '--depth=50'], {
    cwd: bare,
    env: gitEnvironment(),
  })
  let errors = ''
  child.stderr.on('data', (part: Buffer) => {
    errors = (errors + part.toString()).slice(-4000)
  })
  const closed = once(child, 'close') as Promise<[number | null]>
  child.stdin.on('error', () => {})
  for (const text of stream) {
    if (child.stdin.write(text)) continue
    await Promise.race([once(child.stdin, 'drain'), closed])
    if (child.exitCode !== null) break
  }
  child.stdin.end('done\n')
  const [code] = await closed
  if (code !== 0) throw new Error(`git fast-import ended with ${code}: ${errors}`)
}

function* importLines(ref: string, commits: Iterable<ImportedCommit>): Generator<string> {
  let mark = 0
  let last: number | null = null
  function* flush(waiting: readonly ImportedCommit[]): Generator<string> {
    const marks = waiting.map(() => new Map<string, number>())
    const names = [...new Set(waiting.flatMap(({ files }) => Object.keys(files)))]
    for (const name of names)
      for (const [index, { files }] of waiting.entries()) {
        const content = files[name]
        if (content === undefined) continue
        mark += 1
        marks[index]?.set(name, mark)
        yield `blob\nmark :${mark}\n${data(content)}`
      }
    for (const [index, { message, seconds }] of waiting.entries()) {
      mark += 1
      const from = last === null ? '' : `from :${last}\n`
      const entries = [...(marks[index] as Map<string, number>)].map(([name, of]) => `M 100644 :${of} ${name}\n`).join('')
      yield `commit ${ref}\nmark :${mark}\ncommitter ${identity} ${seconds} +0000\n${data(message)}${from}deleteall\n${entries}\n`
      last = mark
    }
  }
  let waiting: ImportedCommit[] = []
  for (const commit of commits) {
    waiting.push(commit)
    if (waiting.length < batch) continue
    yield* flush(waiting)
    waiting = []
  }
  yield* flush(waiting)
}

/** Puts a line of commits, the first without a parent, into a bare repository as `ref`. Throws where git does not take it. */
export const importCommits = (bare: string, ref: string, commits: Iterable<ImportedCommit>): Promise<void> =>
  runImport(bare, importLines(ref, commits))
