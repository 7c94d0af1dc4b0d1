import { canaryDeployHandler } from '../../src/actions/canary-deploy/handler.ts'
import { rollbackHandler } from '../../src/actions/rollback/handler.ts'
import type { EnvironmentConfiguration, SignalConfiguration } from '../../src/core/configuration/schema.ts'
import type { EventOf, LedgerEvent } from '../../src/core/lineage/events.ts'
import type { Signal } from '../../src/ports/signals.ts'
import { trafficWorld } from '../support/traffic-world.ts'

type Deploy = Parameters<ReturnType<typeof canaryDeployHandler>>[0]
type Rollback = Parameters<ReturnType<typeof rollbackHandler>>[0]

export interface Rules {
  readonly steps?: EnvironmentConfiguration['steps']
  readonly judge?: Partial<EnvironmentConfiguration['judge']>
  /** What the signal errors has besides its defaults. */
  readonly errors?: Partial<Pick<SignalConfiguration, 'required' | 'max' | 'acceptable' | 'breaker' | 'breaker_requests'>>
  readonly requestsPerSecond?: number
  /** Signals beside errors, judged by the same rules. */
  readonly more?: readonly Signal[]
}

/** v1 is live in slot blue; v2 is registered by workflow run 200 and waits for slot green. Nothing takes real time: whatever sleeps moves the clock. */
export const champion = async (rules: Rules = {}) => {
  const of = trafficWorld(rules.requestsPerSecond === undefined ? {} : { requestsPerSecond: rules.requestsPerSecond })
  const { ports } = of
  await of.register(1, null)
  await canaryDeployHandler(ports, of.context)({ version: undefined, plan: false })
  Object.assign(ports, { signals: [...ports.signals, ...(rules.more ?? [])] })
  await of.register(2, 1)

  /** The context of a workflow run, under the rules of this test or, where refline.yml was changed meanwhile, others. */
  const run = (id: string, changed: Rules = {}) => {
    const context = of.workflowRun(id)
    const { settings } = context
    const { steps, judge, errors, more } = { ...rules, ...changed }
    const known = settings.signals.errors as SignalConfiguration
    const signals = { errors: { ...known, ...errors } as SignalConfiguration }
    for (const { name } of more ?? []) Object.assign(signals, { [name]: known })
    return { ...context, settings: { ...settings, signals, steps: steps ?? settings.steps, judge: { ...settings.judge, ...judge } } }
  }
  type Context = ReturnType<typeof run>
  /** canary-deploy in a job of that workflow run: of the version named, else of the one that the run registered, else v2. */
  const deploy = (context: Context, inputs: Partial<Deploy> = {}) =>
    canaryDeployHandler(ports, context)({ version: inputs.resume ? undefined : 2, plan: false, ...inputs })
  const rollback = (context: Context, inputs: Partial<Rollback> = {}) =>
    rollbackHandler(ports, { ...context, request: '999' })({ reason: 'on call', to: undefined, quarantine: true, dryRun: false, ...inputs })

  /** Does something once while time passes, as soon as it is so. */
  const once = (when: () => boolean, act: () => unknown) => {
    const { sleep } = ports.clock
    let done = false
    ports.clock.sleep = async milliseconds => {
      await sleep(milliseconds)
      if (done || !when()) return
      done = true
      await act()
    }
  }
  const events = async (): Promise<readonly LedgerEvent[]> => (await of.ledger.records('cancer')).flatMap(record => record.events)
  const eventsOf = async <K extends LedgerEvent['kind']>(kind: K): Promise<readonly EventOf<K>[]> =>
    (await events()).filter((event): event is EventOf<K> => event.kind === kind)
  const rollout = async () => {
    const { rollout } = (await of.environment()) ?? {}
    if (!rollout) throw new Error('no rollout is under way')
    return rollout
  }
  /** Ends the process at the n-th record of evidence; what it would do after that it never does. */
  const dieAtLook = async (look: number, context = run('200')) => {
    let seen = 0
    of.killAt((boundary, moment) => boundary === 'canary-evidence' && moment === 'after' && ++seen === look)
    const ended = await deploy(context).catch((error: unknown) => error)
    of.killAt(null)
    if (!(ended instanceof Error)) throw new Error(`it had ended before look ${look}`)
  }
  const write = async (...written: readonly LedgerEvent[]) => {
    const { seq } = await of.ledger.read('cancer')
    await of.ledger.append('cancer', { id: `test:production:${seq}:1`, subject: 'test' }, () => ({ events: written }))
  }
  const approve = async (step?: number) => {
    const { rollout: id, step: present } = await rollout()
    await write({ kind: 'approve', environment: 'production', rollout: id, step: step ?? present, reason: 'looked at' })
  }
  const ended = async () => (await eventsOf('rollout-end')).slice(1)
  const now = () => of.clock.now() / 1000

  return {
    of,
    ports,
    context: run('200'),
    run,
    deploy,
    rollback,
    once,
    events,
    eventsOf,
    rollout,
    dieAtLook,
    write,
    approve,
    /** How rollouts ended, without that of v1. */
    ended,
    now,
    state: () => of.ledger.read('cancer'),
    /** All traffic is on v1, which is still champion, and v2 may be tried again. */
    untouched: async () => {
      const state = await of.ledger.read('cancer')
      const { live, rollout: underWay } = state.environments.production ?? {}
      return {
        percent: { ...of.percent },
        live: live?.version,
        champion: state.aliases.champion,
        underWay: underWay?.version ?? null,
        quarantined: Object.keys(state.quarantine),
      }
    },
  }
}

/** What `untouched` says where nothing has come of v2. */
export const asBefore = { percent: { blue: 100, green: 0 }, live: 1, champion: 1, underWay: null, quarantined: [] as string[] }

/** A signal whose answers the test makes. */
export const signalOf = (name: string, read: Signal['read'], more: Partial<Signal> = {}): Signal => ({
  name,
  check: async () => undefined,
  read,
  ...more,
})
