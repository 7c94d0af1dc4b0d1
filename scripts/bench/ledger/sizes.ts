import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { refsOf } from '../../../src/adapters/git/ledger.ts'
import { bareRepository, git } from '../../../test/support/git-fixture.ts'
import type { GitHttp } from '../../../test/support/git-http.ts'
import { bareFetch } from './bare-git.ts'
import { endOf } from './events.ts'
import { inWords, median, progress, timed, whole } from './figures.ts'
import { makeLedger } from './generate.ts'
import { objectBytes } from './growth.ts'
import { type GtoTimes, gtoTimes, makeGtoRegistry } from './gto.ts'
import { type MlflowTimes, mlflowTimes } from './mlflow.ts'
import { type MadeLedger, type OwnCosts, ownCosts, type Way } from './ours.ts'
import { peerProcess } from './peer-process.ts'
import { freshLedger } from './registry.ts'
import type { Listing } from './runs.ts'

export interface BenchSettings {
  /** Turns of what is fast, at least 9 in a real run. */
  readonly repeats: number
  /** Turns of what starts a program or takes seconds. */
  readonly slowRepeats: number
  /** Seconds after which a peer's one command is ended. */
  readonly patience: number
}

export interface BenchPlace {
  readonly server: GitHttp
  /** The folder of repositories that `server` serves. */
  readonly repositories: string
  readonly temp: string
  /** The folder of this file's Python scripts. */
  readonly scripts: string
}

/** Everything measured of our ledger of one number of versions. */
export interface Measured extends Record<Way, OwnCosts> {
  readonly versions: number
  /** Events (and so commits) before anything was measured. */
  readonly events: number
  /** Milliseconds of a process of its own over HTTP. */
  readonly command: { readonly resolve: number; readonly register: number }
  /** Until all records were fetched over HTTP and verified. */
  readonly verify: Listing
  /** Bytes that an append adds to the repository as it was pushed, and that an event takes after `git gc`. */
  readonly looseBytes: number
  readonly packedBytes: number
}

export interface Peers {
  readonly gto: GtoTimes
  readonly mlflow: MlflowTimes
}

const model = 'churn'

const made = async ({ repositories, server }: BenchPlace, versions: number): Promise<MadeLedger> => {
  const bare = join(repositories, 'acme', `ledger-${versions}.git`)
  await bareRepository(bare)
  const { result: state, milliseconds } = await timed(() => makeLedger(bare, model, versions))
  await git(bare, ['gc', '--quiet'])
  await git(bare, ['config', 'gc.auto', '0'])
  progress(`a ledger of ${whole(versions)} versions, ${whole(state.seq)} events, made in ${inWords(milliseconds)}`)
  return { versions, model, bare, url: `${server.url}/acme/ledger-${versions}.git`, state, behind: Date.now() - endOf(state) }
}

const ownCommand = async (place: BenchPlace, ledger: MadeLedger, verb: 'resolve' | 'register', repeats: number): Promise<number> => {
  const found: number[] = []
  const argv = [join(place.scripts, 'own-command.ts'), verb, ledger.url, model, String(ledger.behind)]
  for (let turn = 0; turn < repeats; turn += 1)
    found.push((await peerProcess(process.execPath, argv, { folder: place.temp, patience: 120 })).milliseconds)
  return median(found)
}

/** Makes and measures our ledger at every number of versions. */
export const measureOurs = async (place: BenchPlace, sizes: readonly number[], settings: BenchSettings): Promise<readonly Measured[]> => {
  const { temp } = place
  const { repeats, slowRepeats } = settings
  const ledgers: MadeLedger[] = []
  for (const size of sizes) ledgers.push(await made(place, size))
  const packed = ledgers.map(({ bare, state }) => objectBytes(bare) / state.seq)
  progress(`${repeats} turns of every ledger and bare git`)
  const costs = await ownCosts(ledgers, place, repeats)
  const found: Measured[] = []
  for (const [index, ledger] of ledgers.entries()) {
    const { versions, bare, url, behind, state } = ledger
    progress(`growth, processes and verifying at ${whole(versions)} versions`)
    const resolve = await ownCommand(place, ledger, 'resolve', slowRepeats)
    const before = objectBytes(bare)
    const command = { resolve, register: await ownCommand(place, ledger, 'register', slowRepeats) }
    const looseBytes = (objectBytes(bare) - before) / slowRepeats
    const verify: Listing = { ours: [], bare: [] }
    for (let turn = 0; turn < (versions > 10_000 ? 1 : slowRepeats); turn += 1) {
      verify.ours.push((await timed(() => freshLedger(url, temp, behind).records(model))).milliseconds)
      verify.bare.push(await bareFetch({ remote: url, temp }, [refsOf(model).decisions]))
    }
    const own = costs[index] as Record<Way, OwnCosts>
    found.push({
      ...own,
      versions,
      events: state.seq,
      command,
      verify,
      looseBytes,
      packedBytes: packed[index] as number,
    })
  }
  return found
}

/** Makes and measures GTO and MLflow at one number of versions. `bin` has the programs of their Python environment. */
export const measurePeers = async (place: BenchPlace, bin: string, versions: number, settings: BenchSettings): Promise<Peers> => {
  const { patience, slowRepeats } = settings
  const bare = join(place.repositories, 'acme', `gto-${versions}.git`)
  const temp = join(place.temp, `peers-${versions}`)
  mkdirSync(temp, { recursive: true })
  await makeGtoRegistry(bare, versions)
  const gto = await gtoTimes(
    { remote: `${place.server.url}/acme/gto-${versions}.git`, bare, bin, script: join(place.scripts, 'gto_registry.py'), temp },
    versions,
    { repeats: slowRepeats, patience },
  )
  progress(`GTO at ${whole(versions)} versions is measured`)
  const mlflow = await mlflowTimes({ bin, script: join(place.scripts, 'mlflow_registry.py'), temp }, versions, {
    repeats: settings.repeats,
    commands: slowRepeats,
    patience: 600,
  })
  progress(`MLflow at ${whole(versions)} versions is measured`)
  return { gto, mlflow }
}
