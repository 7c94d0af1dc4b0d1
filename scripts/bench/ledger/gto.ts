import { rmSync } from 'node:fs'
import { mkdir, mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { bareRepository, git } from '../../../test/support/git-fixture.ts'
import { runImport } from './fast-import.ts'
import { median, timed } from './figures.ts'
import { peerProcess } from './peer-process.ts'

/** Milliseconds; infinite where it was ended for taking too long. */
export interface PeerTimes {
  readonly resolve: number
  readonly register: number
}

export interface GtoTimes {
  /** `git clone` over HTTP: GTO needs every tag. */
  readonly clone: number
  /** Inside a running Python, with the clone there. */
  readonly inside: PeerTimes
  /** `gto show` and `gto register --push`, started as programs, with the clone there. */
  readonly command: PeerTimes
}

const start = Date.UTC(2025, 0, 6, 8) / 1000
const person = 'Ann <ann@example.com>'
const data = (text: string): string => `data ${Buffer.byteLength(text)}\n${text}\n`

/** The same history as our made-up ledger: a commit and an annotated tag for every version, and the stage `prod` given to every tenth. The newest commit has no version yet. */
function* registryLines(versions: number): Generator<string> {
  for (let version = 1; version <= versions + 1; version += 1) {
    const at = start + version * 420
    const tag = (name: string, message: string, seconds: number) =>
      `tag ${name}\nfrom :${version}\ntagger ${person} ${seconds} +0000\n${data(message)}`
    yield `commit refs/heads/main\nmark :${version}\ncommitter ${person} ${at} +0000\n${data(`train ${version}`)}M 100644 inline train.txt\n${data(String(version))}\n`
    if (version > versions) return
    yield tag(`model@v0.0.${version}`, `Registering artifact model version v0.0.${version}`, at + 1)
    if (version % 10 === 0)
      yield tag(`model#prod#${version / 10}`, `Assigning stage prod to artifact model version v0.0.${version}`, at + 2)
  }
}

/** Makes a bare repository that is a GTO registry of one artifact. */
export const makeGtoRegistry = async (bare: string, versions: number): Promise<void> => {
  await bareRepository(bare)
  await runImport(bare, registryLines(versions))
  await git(bare, ['pack-refs', '--all'])
}

/** Measures GTO on a registry. Every turn has a clone of its own and takes its new tag away again. */
export const gtoTimes = async (
  at: { readonly remote: string; readonly bare: string; readonly bin: string; readonly script: string; readonly temp: string },
  versions: number,
  settings: { readonly repeats: number; readonly patience: number },
): Promise<GtoTimes> => {
  const { patience } = settings
  const folder = await mkdtemp(join(at.temp, 'gto-'))
  const clones: number[] = []
  const found = {
    inside: { resolve: [] as number[], register: [] as number[] },
    command: { resolve: [] as number[], register: [] as number[] },
  }
  const fresh = async (name: string): Promise<string> => {
    const clone = join(folder, name)
    clones.push((await timed(() => git(folder, ['clone', '--quiet', at.remote, clone]))).milliseconds)
    await git(clone, ['config', 'user.name', 'Ann'])
    await git(clone, ['config', 'user.email', 'ann@example.com'])
    return clone
  }
  const forget = () => git(at.bare, ['update-ref', '-d', `refs/tags/model@v0.0.${versions + 1}`])
  const command = async (argv: readonly string[], clone: string): Promise<number> => {
    const { milliseconds, finished } = await peerProcess(join(at.bin, 'gto'), argv, { folder: clone, patience })
    return finished ? milliseconds : Number.POSITIVE_INFINITY
  }
  await mkdir(folder, { recursive: true })
  try {
    for (let turn = 0; turn < settings.repeats; turn += 1) {
      const clone = await fresh(`inside-${turn}`)
      // Two figures of one process, so twice the time. Registering reads all that resolving reads: where that was too slow, so is this.
      const { lines, finished } = await peerProcess(join(at.bin, 'python'), [at.script, clone], { folder, patience: 2 * patience })
      const seconds: Partial<PeerTimes> = Object.assign({}, ...lines.map(line => JSON.parse(line)))
      found.inside.resolve.push(seconds.resolve === undefined ? Number.POSITIVE_INFINITY : seconds.resolve * 1000)
      found.inside.register.push(seconds.register === undefined ? Number.POSITIVE_INFINITY : seconds.register * 1000)
      await forget()
      if (!finished) break
    }
    for (let turn = 0; turn < settings.repeats; turn += 1) {
      const clone = await fresh(`command-${turn}`)
      found.command.resolve.push(await command(['show', 'model#prod'], clone))
      const slow = found.command.resolve.at(-1) === Number.POSITIVE_INFINITY
      found.command.register.push(slow ? Number.POSITIVE_INFINITY : await command(['register', 'model', '--bump-patch', '--push'], clone))
      await forget()
      if (found.command.register.at(-1) === Number.POSITIVE_INFINITY) break
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  const middles = (times: { readonly resolve: readonly number[]; readonly register: readonly number[] }): PeerTimes => ({
    resolve: median(times.resolve),
    register: median(times.register),
  })
  return { clone: median(clones), inside: middles(found.inside), command: middles(found.command) }
}
