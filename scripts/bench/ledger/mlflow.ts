import { join } from 'node:path'
import { median } from './figures.ts'
import type { PeerTimes } from './gto.ts'
import { peerProcess } from './peer-process.ts'

export interface MlflowTimes {
  /** Inside a running Python, with the database opened. */
  readonly inside: PeerTimes
  /** In a Python of its own, as a step of a job runs it. */
  readonly command: PeerTimes
}

/** Makes an MLflow registry of so many versions of one model in a SQLite file and measures it. */
export const mlflowTimes = async (
  at: { readonly bin: string; readonly script: string; readonly temp: string },
  versions: number,
  settings: { readonly repeats: number; readonly commands: number; readonly patience: number },
): Promise<MlflowTimes> => {
  const python = join(at.bin, 'python')
  const database = join(at.temp, `mlflow-${versions}.db`)
  const run = (...argv: readonly string[]) => peerProcess(python, [at.script, ...argv], { folder: at.temp, patience: settings.patience })
  await run('prepare', database, String(versions))
  const { lines } = await run('measure', database, String(settings.repeats))
  const inside = lines.map(line => JSON.parse(line) as PeerTimes)
  const command = { resolve: [] as number[], register: [] as number[] }
  for (let turn = 0; turn < settings.commands; turn += 1) {
    command.resolve.push((await run('resolve', database)).milliseconds)
    command.register.push((await run('register', database)).milliseconds)
  }
  return {
    inside: { resolve: 1000 * median(inside.map(one => one.resolve)), register: 1000 * median(inside.map(one => one.register)) },
    command: { resolve: median(command.resolve), register: median(command.register) },
  }
}
