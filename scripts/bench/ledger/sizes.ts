import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { bareRepository, git } from '../../../test/support/git-fixture.ts'
import type { GitHttp } from '../../../test/support/git-http.ts'
import { inWords, median, progress, timed, whole } from './figures.ts'
import { makeLedger } from './generate.ts'
import { objectBytes, packedBytes } from './growth.ts'
import { type GtoTimes, gtoTimes, makeGtoRegistry } from './gto.ts'
import { type MlflowTimes, mlflowTimes } from './mlflow.ts'
import { type OwnCosts, ownCosts } from './ours.ts'
import { peerProcess } from './peer-process.ts'
import { freshLedger } from './registry.ts'

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
  /** The Python environment's programs, or null where peers are left out. */
  readonly bin: string | null
}

/** Everything measured of one number of versions. */
export interface Measured {
  readonly versions: number
  /** Events (and so commits) of our ledger before anything was measured. */
  readonly events: number
  readonly http: OwnCosts
  readonly folder: OwnCosts
  /** Milliseconds of a process of its own over HTTP. */
  readonly command: { readonly resolve: number; readonly register: number }
  /** Milliseconds until all records were fetched over HTTP and verified. */
  readonly verify: number
  /** Bytes that an append adds to the repository as it was pushed, and that an event takes after `git gc`. */
  readonly looseBytes: number
  readonly packedBytes: number
  readonly gto: GtoTimes | null
  readonly mlflow: MlflowTimes | null
}

const model = 'churn'

const ownCommand = async (place: BenchPlace, remote: string, verb: 'resolve' | 'register', repeats: number): Promise<number> => {
  const found: number[] = []
  for (let turn = 0; turn < repeats; turn += 1) {
    const argv = [join(place.scripts, 'own-command.ts'), verb, remote, model]
    found.push((await peerProcess(process.execPath, argv, { folder: place.temp, patience: 120 })).milliseconds)
  }
  return median(found)
}

/** Makes and measures our ledger, GTO and MLflow at one number of versions. `peers` false leaves these two out. */
export const measureSize = async (place: BenchPlace, versions: number, settings: BenchSettings, peers: boolean): Promise<Measured> => {
  const { server, temp, repositories } = place
  const bare = join(repositories, 'acme', `ledger-${versions}.git`)
  await bareRepository(bare)
  const made = await timed(() => makeLedger(bare, model, versions))
  const events = made.result.seq
  progress(`a ledger of ${whole(versions)} versions, ${whole(events)} events, made in ${inWords(made.milliseconds)}`)
  await git(bare, ['gc', '--quiet'])
  await git(bare, ['config', 'gc.auto', '0'])

  const remote = `${server.url}/acme/ledger-${versions}.git`
  const at = { bare, model, temp }
  const before = objectBytes(bare)
  const http = await ownCosts({ ...at, remote, server }, settings.repeats)
  const folder = await ownCosts({ ...at, remote: bare, server: null }, settings.repeats)
  const command = {
    resolve: await ownCommand(place, remote, 'resolve', settings.slowRepeats),
    register: await ownCommand(place, remote, 'register', settings.slowRepeats),
  }
  const verify = (await timed(() => freshLedger(remote, temp).records(model))).milliseconds
  progress(`Refline at ${whole(versions)}: append ${inWords(http.append.milliseconds)}, resolve ${inWords(http.resolve.milliseconds)}`)

  // Every turn of bare git leaves a commit of an append's size behind as well.
  const appends = 2 * (http.appended + folder.appended) + settings.slowRepeats
  const all = events + appends
  const measured = {
    versions,
    events,
    http,
    folder,
    command,
    verify,
    looseBytes: (objectBytes(bare) - before) / appends,
    packedBytes: (await packedBytes(bare)) / all,
  }
  if (!peers || place.bin === null) return { ...measured, gto: null, mlflow: null }
  return { ...measured, ...(await measurePeers(place, place.bin, versions, settings)) }
}

const measurePeers = async (place: BenchPlace, bin: string, versions: number, settings: BenchSettings) => {
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
  progress(`GTO at ${whole(versions)}: register ${inWords(gto.inside.register)}, resolve ${inWords(gto.inside.resolve)}`)
  const mlflow = await mlflowTimes({ bin, script: join(place.scripts, 'mlflow_registry.py'), temp }, versions, {
    repeats: settings.repeats,
    commands: slowRepeats,
    patience: 600,
  })
  progress(`MLflow at ${whole(versions)}: register ${inWords(mlflow.inside.register)}, resolve ${inWords(mlflow.inside.resolve)}`)
  return { gto, mlflow }
}
