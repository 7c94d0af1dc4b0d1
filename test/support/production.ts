import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { targetScript } from './scenario-files.ts'

/** What a scenario's traffic runs on: a target in refline.yml and the thing behind it, which outlives the jobs. */
export interface Production extends AsyncDisposable {
  /** `target` of the environment. */
  readonly target: object
  /** Files that the project needs for it. */
  readonly files: Readonly<Record<string, string>>
  /** Share of the traffic that blue has now, in percent. */
  blue(): Promise<number>
  /** All that it shows, without what differs between two tellings of one story. */
  state(): Promise<unknown>
  /** Remembers how it is now. Answers with the way back there. */
  remember(): Promise<() => Promise<void>>
}

/** Begins a production; `folder` is one of its own that is kept and brought back with the scenario. */
export type StartProduction = (folder: string) => Promise<Production>

/** A JSON file `{ blue, seq, versions }` that three commands of the user's own read and write. The scenario brings the file back itself. */
export const commandProduction: StartProduction = async folder => {
  const file = join(folder, 'weights.json')
  const state = async (): Promise<{ blue: number; versions: unknown } | null> => {
    const text = await readFile(file, 'utf8').catch(() => null)
    return text === null ? null : (JSON.parse(text) as { blue: number; versions: unknown })
  }
  const command = (verb: string) => ['node', 'target.mjs', verb, file]
  return {
    target: { kind: 'command', deploy: command('deploy'), read: command('read'), set: command('set') },
    files: { 'target.mjs': targetScript },
    // A look into a file that is being written fails; then it counts as what it was before anything was set.
    blue: async () => (await state().catch(() => null))?.blue ?? 100,
    state: async () => {
      const found = await state()
      return found === null ? null : { blue: found.blue, versions: found.versions }
    },
    remember: async () => async () => {},
    [Symbol.asyncDispose]: async () => {},
  }
}
