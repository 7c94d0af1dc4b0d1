import type { Behaviour, Slot } from './behaviour.ts'
import { startProgram } from './program.ts'

/** Two model servers, one in each slot of an environment. */
export interface ModelServers {
  readonly app: string
  readonly ports: Readonly<Record<Slot, number>>
  /** How a version behaves from now on, also while it runs. */
  behave(version: number, behaviour: Partial<Behaviour>): Promise<void>
  /** Versions that run now. */
  running(): Promise<Readonly<Record<Slot, number | null>>>
  /** Brings a version up in a slot; null takes it down. */
  deploy(slot: Slot, version: number | null): Promise<void>
  /** URL of a signal of kind `http`, with `${slot}` in it. */
  readonly counts: string
  /** URL of what was predicted and what turned out to be true, with `${since}` in it. */
  readonly log: string
  /** Arguments of `node` that bring a version up in a slot, as `target.deploy` is called. */
  readonly deployCommand: readonly string[]
}

export interface ModelServerHost extends AsyncDisposable {
  open(app: string): Promise<ModelServers>
}

/** `deploy.mjs` of a project: tells the model servers which version a slot is to run. */
export const deployScript = `const [url, app] = process.argv.slice(2)
const { REFLINE_SLOT: slot, REFLINE_VERSION: version } = process.env
const body = JSON.stringify({ app, slot, version: Number(version) })
const answer = await fetch(url + '/deploy', { method: 'POST', body })
if (!answer.ok) throw new Error(await answer.text())
console.log('v' + version + ' runs in ' + slot)
`

/** Starts the program that all model servers run in. */
export const startModelServers = async (seconds: number): Promise<ModelServerHost> => {
  const program = await startProgram('model-servers-main.ts', seconds)
  return {
    open: async app => {
      const ports = await program.tell<Record<Slot, number>>('open', { app })
      return {
        app,
        ports,
        behave: async (version, behaviour) => void (await program.tell('behave', { app, version, ...behaviour })),
        running: () => program.tell('running', { app }),
        deploy: async (slot, version) => void (await program.tell('deploy', { app, slot, version })),
        counts: `${program.control}/counts/${app}/\${slot}`,
        log: `${program.control}/log/${app}/predictions.jsonl?since=\${since}`,
        deployCommand: ['node', 'deploy.mjs', program.control, app],
      }
    },
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  }
}
