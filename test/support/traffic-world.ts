import type { JudgeAgain } from '../../src/actions/traffic/judged-again.ts'
import { parseConfiguration, selectEnvironment } from '../../src/core/configuration/parse.ts'
import { UserError } from '../../src/core/errors.ts'
import type { EventOf, LedgerEvent, Slot, VersionRecord } from '../../src/core/lineage/events.ts'
import type { Boundary } from '../../src/kernel/failpoint.ts'
import type { Signal } from '../../src/ports/signals.ts'
import type { Release, Target } from '../../src/ports/target.ts'
import type { WorkflowRuns } from '../../src/ports/workflow-runs.ts'
import { memoryLedger } from './memory-ledger.ts'

/** What an exception at a named boundary stands for: SIGKILL. */
export class Killed extends Error {}

const hex = (character: string) => character.repeat(64)

/** A registered version, as little of it as the schemas allow. */
export const versionRecord = (version: number): VersionRecord => ({
  version,
  run: `cancer-${String(version).padStart(12, '0')}`,
  digest: hex('a'),
  tag: `refline/cancer/${String(version).padStart(12, '0')}`,
  assets: [{ path: 'model.joblib', bytes: 3, sha256: hex('b') }],
  bytes: 3,
  input: hex('c'),
  code: null,
  commit: 'c'.repeat(40),
  pull_request: 40 + version,
  holdout: null,
  metrics: [],
  image: null,
})

type Decision = EventOf<'register'>['decision']
type Override = EventOf<'register'>['override']

const registerEvent = (version: number, champion: number | null, decision: Decision, override: Override): LedgerEvent => ({
  kind: 'register',
  version: versionRecord(version),
  record: {
    schema: 1,
    run: versionRecord(version).run,
    model: 'cancer',
    created: {
      at: '2026-11-20T12:00:00.000Z',
      workflow_run: null,
      job: null,
      job_index: null,
      actor: null,
      event: null,
      pull_request: null,
    },
    lineage: { repository: null, commit: null, code: null, data: [], params: {}, train: hex('d'), environment: {}, parent: null },
    input: hex('c'),
    seconds: 1,
    reported: {},
    model_files: [],
    predictions: null,
    metrics_file: null,
    champion: null,
  },
  verdict: 'pass',
  decision,
  champion,
  policy: hex('e'),
  result: hex('f'),
  override,
})

const configuration = `
models:
  cancer: { task: binary, primary: roc_auc, gates: { roc_auc: { min: 0.9 } } }
environments:
  production:
    target: { kind: command, deploy: ./deploy, read: ./read, set: ./set }
    steps: [5, 50]
    judge: { tick: 10, settle: 2, max_duration: 30m }
    signals:
      errors: { kind: http, url: "http://127.0.0.1:1/\${slot}" }
`

/**
 * One environment with two slots, requests that flow as the clock is moved on, and everything that canary-deploy and rollback need of the world. Nothing
 * waits: sleeping moves the clock. `errorRate` says which share of a version's requests is bad.
 */
export const trafficWorld = (options: { readonly requestsPerSecond?: number } = {}) => {
  const perSecond = options.requestsPerSecond ?? 1000
  let now = Date.parse('2026-11-20T12:00:00Z')
  const percent: Record<Slot, number> = { blue: 50, green: 50 }
  const running: Record<Slot, number | null> = { blue: null, green: null }
  const counters = { blue: { total: 0, bad: 0 }, green: { total: 0, bad: 0 } }
  const errorRate = new Map<number, number>()
  const calls: string[] = []
  const lines: string[] = []
  const comments = new Map<string, string>()
  const incidents: { marker: string; told: string; title: string; body: string }[] = []
  const statuses: string[] = []
  const world = {
    signalDown: false,
    targetDown: false,
    deployFails: false,
    missingFiles: new Set<string>(),
    forgot: null as number | null,
    movedBy: null as string | null,
    requestsPerSecond: perSecond,
  }
  const said: string[] = []
  const summaries: string[] = []
  const results: Readonly<Record<string, unknown>>[] = []
  let kill: ((boundary: Boundary, moment: 'before' | 'after') => boolean) | null = null
  let dead = false
  // A killed process does nothing more: whatever it would still try fails, until it is started again.
  const alive = () => {
    if (dead) throw new Killed('this process is dead')
  }
  const ledger = memoryLedger()
  const ledgerOfProcess: typeof ledger = {
    ...ledger,
    read: async model => {
      alive()
      return ledger.read(model)
    },
    append: async (...request) => {
      alive()
      try {
        return await ledger.append(...request)
      } catch (error) {
        dead ||= error instanceof Killed
        throw error
      }
    },
  }

  const flow = (milliseconds: number) => {
    now += milliseconds
    for (const slot of ['blue', 'green'] as const) {
      const version = running[slot]
      const requests = (world.requestsPerSecond * milliseconds * percent[slot]) / 100_000
      counters[slot].total += requests
      counters[slot].bad += requests * (version === null ? 1 : (errorRate.get(version) ?? 0))
    }
  }
  const clock = {
    now: () => now,
    sleep: async (milliseconds: number) => {
      alive()
      flow(milliseconds)
    },
  }
  const target: Target = {
    describe: () => 'the target of this test',
    deploy: async (slot: Slot, release: Release, _seq: number) => {
      alive()
      calls.push(`deploy v${release.version} ${slot}`)
      if (world.deployFails) throw new UserError('deploy.sh ended with exit code 1')
      if (percent[slot] > 0 && running[slot] !== null && running[slot] !== release.version) calls.push(`DEPLOYED INTO TRAFFIC ${slot}`)
      running[slot] = release.version
    },
    read: async () => {
      alive()
      if (world.targetDown) throw new UserError('the target does not answer')
      return {
        percent: { ...percent },
        ready: { blue: running.blue !== null, green: running.green !== null },
        seq: null,
        forgot: world.forgot,
        movedBy: world.movedBy,
      }
    },
    set: async (slot, share, expecting) => {
      alive()
      if (world.targetDown) throw new UserError('the target does not answer')
      if (expecting !== null && expecting !== percent[slot])
        throw new UserError(`slot ${slot} has ${percent[slot]} %, expected ${expecting} %`)
      calls.push(`set ${slot} ${share}`)
      percent[slot] = share
      percent[slot === 'blue' ? 'green' : 'blue'] = 100 - share
    },
    verify: async (slot, share) => {
      alive()
      if (percent[slot] !== share) throw new UserError(`slot ${slot} has ${percent[slot]} %, where ${share} % was set`)
    },
    restore: (slot, seq) => target.set(slot, 100, null, seq),
  }
  const ports = {
    ledger: ledgerOfProcess,
    target,
    clock,
    log: {
      info: (line: string) => void lines.push(line),
      warning: (line: string) => void lines.push(`warning: ${line}`),
      group: async <T>(_title: string, work: () => Promise<T>) => work(),
    },
    boundary: (boundary: Boundary, moment: 'before' | 'after') => {
      alive()
      if (!kill?.(boundary, moment)) return
      dead = true
      throw new Killed(`${boundary}:${moment}`)
    },
    signals: [
      {
        name: 'errors',
        check: async () => undefined,
        read: async () => {
          if (world.signalDown) throw new UserError('signal errors: no answer in time')
          const slot = (of: Slot) => ({ total: Math.floor(counters[of].total), bad: Math.floor(counters[of].bad) })
          return { at: now / 1000, slots: { blue: slot('blue'), green: slot('green') } }
        },
      },
    ] as readonly Signal[],
    store: {
      publish: async () => Promise.reject(new Error('not used')),
      describe: async () => undefined,
      fetch: async (tag: string) => void calls.push(`fetch ${tag}`),
      prove: async (tag: string) => {
        calls.push(`prove ${tag}`)
        return world.missingFiles.has(tag) ? 'model.joblib is missing' : null
      },
      tags: async () => [],
      described: async () => [],
      releases: async () => [],
      remove: async () => undefined,
      removeDrafts: async () => [],
    },
    forge: {
      incident: async (marker: string, told: string, title: string, body: string) => {
        alive()
        if (!incidents.some(incident => incident.told === told)) incidents.push({ marker, told, title, body })
        return { url: 'https://github.test/issues/4' }
      },
      pullRequestOf: async () => null,
    },
    comments: {
      upsert: async (pullRequest: number, marker: string, body: string) => {
        alive()
        comments.set(`${pullRequest} ${marker}`, body)
        return { url: 'https://github.test/pull/41#1' }
      },
    },
    workflowRuns: null as WorkflowRuns | null,
    judgeAgain: (async () => ({ outcome: 'cannot', reason: 'nothing is stored beside them' })) as JudgeAgain,
    deployments: {
      begin: async (environment: string) => ({ id: 2, url: `https://github.test/${environment}` }),
      status: async (_id: number, status: string, description: string) => {
        statuses.push(status)
        said.push(`${status}: ${description}`)
      },
      isOver: async () => ['success', 'inactive', 'failure', 'error'].includes(statuses.at(-1) ?? ''),
      supersede: async () => undefined,
    },
    summary: {
      write: async (markdown: string) => void summaries.push(markdown),
      rewrite: async (markdown: string) => void summaries.push(markdown),
    },
    fetchModel: async (record: { readonly version: number; readonly tag: string }) => {
      calls.push(`fetch ${record.tag}`)
      return `/models/v${record.version}`
    },
    kept: async (): Promise<string | null> => null,
    keepResult: async (result: Readonly<Record<string, unknown>>) => {
      results.push(result)
      return '/result.json'
    },
  }
  const { environment: settings } = selectEnvironment(parseConfiguration(configuration, 'refline.yml'), 'cancer', undefined)
  const context = {
    model: 'cancer',
    environment: 'production',
    settings,
    request: '100',
    ownsChampion: true,
    workflowRun: '100' as string | null,
    commit: 'd'.repeat(40),
  }
  const workflowRun = (run: string) => {
    ledger.writeAs({ workflow_run: run })
    return { ...context, request: run, workflowRun: run }
  }

  return {
    ports,
    context,
    world,
    ledger,
    clock,
    percent,
    running,
    errorRate,
    calls,
    lines,
    comments,
    incidents,
    statuses,
    /** Deployment statuses with their descriptions. */
    said,
    /** What was written to the job summary, the newest last. */
    summaries,
    /** Answers kept as JSON. */
    results,
    flow,
    /** A context of another workflow run, which the ledger's records then carry. */
    workflowRun,
    /** Resets the counters of a slot, as a restarted server does. */
    restartCounters: (slot: Slot) => {
      counters[slot] = { total: 0, bad: 0 }
    },
    /** Where the process is to be killed next; null starts a new one that is not. */
    killAt: (when: ((boundary: Boundary, moment: 'before' | 'after') => boolean) | null) => {
      kill = when
      dead = false
    },
    register: async (version: number, champion: number | null, decision: Decision = 'promote', override: Override = null) =>
      ledger.append('cancer', { id: `register:-:${version}:${version}`, subject: `register cancer v${version}` }, () => ({
        events: [registerEvent(version, champion, decision, override)],
      })),
    environment: async () => (await ledger.read('cancer')).environments.production,
  }
}
