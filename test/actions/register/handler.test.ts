import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { fetchVersion } from '../../../src/actions/model-files.ts'
import { type RegisterPorts, type RegisterRequest, register } from '../../../src/actions/register/handler.ts'
import { UserError } from '../../../src/core/errors.ts'
import { encodeRecord } from '../../../src/core/lineage/verify.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { keepRun, recordOf, sha256 } from '../fixtures.ts'
import { type Bench, benchIn, predictionsOf } from '../judging.ts'

const configuration = (more = ''): string => `models:
  churn:
    task: binary
    train: { command: "true", output: model.bin }
    predictions: { file: predictions.csv, threshold: 0.5 ${more} }
    primary: roc_auc
    gates: { roc_auc: { min: 0.60, max_drop: 0.02 } }
    slices: { region: { min_support: 30, recall: { min: 0.01 } } }
`
const environment = `environments:
  production:
    target: { kind: command, deploy: ./t deploy, read: ./t read, set: ./t set }
    signals: { errors: { kind: http, url: "http://127.0.0.1:9" } }
`
const request: RegisterRequest = {
  model: undefined,
  config: 'refline.yml',
  run: undefined,
  when: 'promote',
  alias: undefined,
  allowRef: undefined,
}

const withRun = (bench: Bench, skill: number, digit: string, model = `model ${digit}`) =>
  keepRun(
    bench.ports.runs,
    { 'model/model.bin': model, 'predictions.csv': predictionsOf(1200, skill) },
    { run: `churn-${digit.repeat(12)}`, lineage: { ...recordOf().lineage, code: sha256(`code ${digit}`) } },
  )

describe('registering', () => {
  it('makes version 1 with its files, card, aliases and state for later steps', async () => {
    await using folder = await temporaryFolder()
    const bench = await benchIn(folder.path, configuration())
    await withRun(bench, 0.35, '1')
    const { outputs } = await register({ ...request, alias: 'shadow' }, bench.ports)
    expect(outputs).toMatchObject({ version: 1, outcome: 'created' })
    const state = await bench.ports.ledger.read('churn')
    expect(state.aliases).toEqual({ challenger: 1, champion: 1, shadow: 1 })
    const version = state.records['1']
    expect(version?.assets.map(asset => asset.path).sort()).toEqual([
      'manifest.json',
      'model.bin',
      'predictions.csv',
      'result.json',
      'run.json',
    ])
    expect(version?.digest).toBe(outputs.digest)
    expect(await bench.ports.runs.readState('churn')).toMatchObject({ version: 1 })
    expect(bench.ports.ledger.subjects[0]).toMatch(/^register churn v1: /)
    const path = await fetchVersion(bench.ports.store, version as NonNullable<typeof version>, folder.join('back'), 'model.bin')
    expect(await readFile(path, 'utf8')).toBe('model 1')
  })
  it('leaves the champion to the canary where an environment covers the model', async () => {
    await using folder = await temporaryFolder()
    const bench = await benchIn(folder.path, configuration() + environment)
    await withRun(bench, 0.35, '1')
    await register(request, bench.ports)
    expect((await bench.ports.ledger.read('churn')).aliases).toEqual({ challenger: 1 })
  })
  it('registers nothing where the champion stays, and is green', async () => {
    await using folder = await temporaryFolder()
    const first = await benchIn(folder.path, configuration())
    await withRun(first, 0.35, '1')
    await register(request, first.ports)
    const bench = await first.nextJob('200')
    await withRun(bench, 0.35, '2')
    const { outputs, failure } = await register(request, bench.ports)
    expect(outputs).toMatchObject({ version: '', outcome: 'kept', digest: '' })
    expect(failure).toBeUndefined()
    expect(await bench.ports.runs.readState('churn')).toMatchObject({ version: null, reason: outputs.reason })
    expect((await register({ ...request, when: 'pass' }, bench.ports)).outputs).toMatchObject({ version: 2, outcome: 'created' })
    expect((await bench.ports.ledger.read('churn')).aliases).toEqual({ challenger: 2, champion: 1 })
  })
  it('does not count the same bytes twice', async () => {
    await using folder = await temporaryFolder()
    const first = await benchIn(folder.path, configuration())
    await withRun(first, 0.35, '1')
    await register(request, first.ports)
    const bench = await first.nextJob('200')
    await withRun(bench, 0.35, '2', 'model 1')
    expect((await register(request, bench.ports)).outputs).toMatchObject({ version: 1, outcome: 'existing' })
    const kinds = (await bench.ports.ledger.records('churn')).flatMap(record => record.events.map(event => event.kind))
    expect(kinds.filter(kind => kind === 'register')).toHaveLength(1)
    expect(kinds).toContain('seen-again')
  })
  it('fits into the ledger with a thousand reported figures and the findings of checks, of which it keeps those that were judged', async () => {
    await using folder = await temporaryFolder()
    const bench = await benchIn(folder.path, configuration().replace('max_drop: 0.02 }', 'max_drop: 0.02 }, cost: { max: 9 }'))
    const names = Array.from({ length: 999 }, (_, index) => `eval/some_rather_long_metric_of_a_sweep_${index}`)
    const figures = Object.fromEntries([...names.map((name, index) => [name, index / 7] as const), ['cost', 2.5]])
    const findings = Array.from({ length: 40 }, () => ({ check: 'drift', severity: 'warn' as const, message: '列'.repeat(500) }))
    await keepRun(
      bench.ports.runs,
      { 'model/model.bin': 'model 1', 'predictions.csv': predictionsOf(1200, 0.35) },
      {
        reported: figures,
        reported_from: Object.fromEntries(Object.keys(figures).map(name => [name, 'dvclive/metrics.json'])),
        checks: { metrics: { ...figures, roc_auc: 0.8 }, findings, problem: null },
      },
    )
    expect((await register(request, bench.ports)).outputs.version).toBe(1)
    const [record] = await bench.ports.ledger.records('churn')
    expect(encodeRecord(record as NonNullable<typeof record>).text).toContain('"reported":{"cost":2.5},"reported_from":{"cost":')
  })
  it('remembers figures without rows by their whole names, be there ever so many gates, since the next run is compared with them', async () => {
    await using folder = await temporaryFolder()
    const name = (index: number) => `a figure of our own with a name ${'that is rather long '.repeat(4)}${index}`
    const told = [0, 1].map(name)
    const gates = [
      ...told.map(one => `"${one}": { max_drop: 0.1, min: 0 }`),
      'roc_auc: { min: 0.6 }',
      ...Array.from({ length: 70 }, (_, index) => `"x${index}": { min: 0, severity: info }`),
    ]
    const text = configuration().replace(/gates: .*/, `gates: { ${[...gates.slice(2), ...gates.slice(0, 2)].join(', ')} }`)
    const reported = Object.fromEntries(told.map((one, index) => [one, 1 + index]))
    const trained = async (bench: Bench, digit: string) =>
      keepRun(
        bench.ports.runs,
        { 'model/model.bin': digit, 'predictions.csv': predictionsOf(1200, 0.35 + Number(digit) / 10) },
        { run: `churn-${digit.repeat(12)}`, reported },
      )
    const before = await benchIn(folder.path, text)
    await trained(before, '1')
    await register(request, before.ports)
    expect((await before.ports.ledger.read('churn')).records['1']?.metrics).toHaveLength(60)
    const bench = await before.nextJob('200')
    await trained(bench, '2')
    expect((await register(request, bench.ports)).failure).toBeUndefined()
  })
  it('keeps only the columns that may be kept', async () => {
    await using folder = await temporaryFolder()
    const bench = await benchIn(folder.path, configuration(', keep: none'))
    await withRun(bench, 0.35, '1')
    await register(request, bench.ports)
    expect((await bench.ports.ledger.read('churn')).records['1']?.assets.map(asset => asset.path)).not.toContain('predictions.csv')
    const short = await benchIn(folder.join('other'), configuration(', keep: [id, label, score]'))
    await withRun(short, 0.35, '1')
    await expect(register(request, short.ports)).rejects.toThrow(/predictions.keep must name id, label, score .*region/)
  })
})

describe('a run that is kept out', () => {
  const kept = async (folder: string, gates = configuration()) => {
    const first = await benchIn(folder, gates)
    await withRun(first, 0.35, '1')
    await register(request, first.ports)
    const bench = await first.nextJob('200')
    await withRun(bench, 0.35, '2')
    return bench
  }
  it('is an event of its own, once for each request, and its holdout has decided once more', async () => {
    await using folder = await temporaryFolder()
    const bench = await kept(folder.path)
    const { outputs } = await register(request, bench.ports)
    const again = await register(request, bench.ports)
    expect(again.outputs).toMatchObject({ outcome: 'kept' })
    const events = (await bench.ports.ledger.records('churn')).flatMap(record => record.events).filter(event => event.kind === 'kept')
    expect(events).toEqual([
      expect.objectContaining({ run: 'churn-222222222222', verdict: 'pass', decision: 'keep', champion: 1, reason: outputs.reason }),
    ])
    expect(bench.ports.ledger.subjects.at(-1)).toMatch(
      /^keep churn v1: run churn-222222222222 is not registered: churn may merge, but champion v1 stays live/,
    )
    expect((await bench.ports.ledger.read('churn')).holdouts).toEqual([expect.objectContaining({ decided: 2 })])
  })
  it('says how often the holdout had decided before, in the result', async () => {
    await using folder = await temporaryFolder()
    const bench = await kept(folder.path)
    const { outputs } = await register(request, bench.ports)
    expect(JSON.parse(await readFile(outputs.result, 'utf8'))).toMatchObject({ holdout: { decided: 1 } })
    const next = await bench.nextJob('300')
    await withRun(next, 0.48, '3')
    expect((await register(request, next.ports)).outputs).toMatchObject({ version: 2, outcome: 'created' })
    expect((await next.ports.ledger.records('churn')).flatMap(record => record.events)).toContainEqual(
      expect.objectContaining({ kind: 'register', decided: 2 }),
    )
  })
  it('stays green where the token may not write, and says so', async () => {
    await using folder = await temporaryFolder()
    const bench = await kept(folder.path)
    const ledger = {
      ...bench.ports.ledger,
      append: () => Promise.reject(new UserError('The ledger of churn could not be written: refused')),
    }
    const { outputs, failure } = await register(request, { ...bench.ports, ledger })
    expect(outputs).toMatchObject({ version: '', outcome: 'kept' })
    expect(failure).toBeUndefined()
    expect(bench.log.join('\n')).toMatch(/warning: this decision is not in the ledger, .*refused/)
    expect(await bench.ports.runs.readState('churn')).toMatchObject({ version: null })
    const broken = { ...bench.ports.ledger, append: () => Promise.reject(new TypeError('a bug')) }
    await expect(register(request, { ...bench.ports, ledger: broken })).rejects.toThrow('a bug')
  })
  it('of a first version leaves the ledger without a version, and the next one is still proven to be first', async () => {
    await using folder = await temporaryFolder()
    const first = await benchIn(folder.path, configuration())
    await withRun(first, 0.01, '1')
    expect((await register(request, first.ports)).outputs.outcome).toBe('kept')
    const bench = await first.nextJob('200')
    await withRun(bench, 0.35, '2')
    expect((await register(request, bench.ports)).outputs).toMatchObject({ version: 1, outcome: 'created' })
    const store = { ...bench.ports.store, described: async () => ['refline/churn/0123456789ab'] }
    const emptied = await benchIn(folder.join('other'), configuration())
    await withRun(emptied, 0.01, '3')
    await register(request, emptied.ports)
    await expect(register(request, { ...emptied.ports, store })).rejects.toThrow(/ledger of churn is gone, its releases are not/)
  })
})

describe('where it may be done', () => {
  it.each([
    ['another branch', { ref: 'refs/heads/feature' }, /refs\/heads\/main only, this is refs\/heads\/feature/],
    ['a tag named like the default branch', { ref: 'refs/tags/main' }, /only, this is refs\/tags\/main/],
    ['a pull request', { event: 'pull_request', ref: 'refs/pull/1/merge' }, /nothing is registered from pull_request/],
  ])('not from %s', async (_what, change, message) => {
    await using folder = await temporaryFolder()
    const bench = await benchIn(folder.path, configuration(), change)
    await withRun(bench, 0.35, '1')
    await expect(register(request, bench.ports)).rejects.toThrow(message)
    expect((await bench.ports.ledger.read('churn')).seq).toBe(0)
  })
  it('from a ref that is named', async () => {
    await using folder = await temporaryFolder()
    const bench = await benchIn(folder.path, configuration(), { ref: 'refs/heads/release' })
    await withRun(bench, 0.35, '1')
    expect((await register({ ...request, allowRef: 'refs/heads/release' }, bench.ports)).outputs.version).toBe(1)
  })
})

describe('a ledger that was tampered with', () => {
  it('gets nothing more: the whole chain is checked before anything is published', async () => {
    await using folder = await temporaryFolder()
    const bench = await benchIn(folder.path, configuration())
    await withRun(bench, 0.35, '1')
    const ledger = { ...bench.ports.ledger, records: () => Promise.reject(new UserError('The ledger of churn cannot be trusted')) }
    await expect(register(request, { ...bench.ports, ledger })).rejects.toThrow(/cannot be trusted/)
    expect(await bench.ports.store.tags('churn')).toEqual([])
    expect((await bench.ports.ledger.read('churn')).seq).toBe(0)
  })
})

describe('the same code on newer data', () => {
  it('is promoted when it is not inferior', async () => {
    await using folder = await temporaryFolder()
    const first = await benchIn(folder.path, configuration())
    await withRun(first, 0.35, '1')
    await register(request, first.ports)
    const bench = await first.nextJob('200')
    const files = { 'model/model.bin': 'model 2', 'predictions.csv': predictionsOf(1200, 0.35) }
    const data = [{ path: 'train.csv', files: 1, bytes: 9, sha256: sha256('newer') }]
    await keepRun(bench.ports.runs, files, { run: 'churn-222222222222', lineage: { ...recordOf().lineage, code: sha256('code 1'), data } })
    expect((await register(request, bench.ports)).outputs).toMatchObject({ version: 2, outcome: 'created' })
    expect((await bench.ports.ledger.read('churn')).aliases).toEqual({ challenger: 2, champion: 2 })
  })
})

describe('several jobs at once', () => {
  it('a re-run that comes late does not take the champion from one it was never judged against', async () => {
    await using folder = await temporaryFolder()
    const first = await benchIn(folder.path, configuration())
    await withRun(first, 0.35, '1')
    await register(request, first.ports)
    const late = await first.nextJob('200')
    await withRun(late, 0.42, '2')
    const killed: RegisterPorts['failpoint'] = (boundary, moment) => {
      if (boundary === 'register-alias' && moment === 'before') throw new Error('killed')
    }
    await expect(register(request, { ...late.ports, failpoint: killed })).rejects.toThrow('killed')
    // Meanwhile a third version became champion; of v2 the state still knows since somebody gave it a name.
    const { ledger } = first.ports
    const move = (alias: string, from: number | null, to: number) =>
      ledger.append('churn', { id: `alias:-:v${to}:${alias}`, subject: 'alias' }, () => ({ events: [{ kind: 'alias', alias, from, to }] }))
    await move('shadow', null, 2)
    const better = await first.nextJob('300')
    await withRun(better, 0.425, '3')
    expect((await register(request, better.ports)).outputs.version).toBe(3)
    ledger.writeAs({ workflow_run: '200' })
    expect((await register(request, late.ports)).outputs).toMatchObject({ version: 2, outcome: 'existing' })
    expect((await ledger.read('churn')).aliases.champion).toBe(3)
  })
  it('the same bytes are one version, even where others were registered while their files were published', async () => {
    await using folder = await temporaryFolder()
    const slow = await benchIn(folder.path, configuration())
    await withRun(slow, 0.35, '1')
    const { store } = slow.ports
    const publish: typeof store.publish = async wanted => {
      const published = await store.publish(wanted)
      for (const [run, digit, model] of [
        ['200', '2', 'model 1'],
        ['300', '3', 'another'],
      ] as const) {
        const quick = await slow.nextJob(run)
        await withRun(quick, 0.35, digit, model)
        const unmoved: RegisterPorts['failpoint'] = (boundary, moment) => {
          if (boundary === 'register-alias' && moment === 'before') throw new Error('killed')
        }
        await expect(register({ ...request, when: 'pass' }, { ...quick.ports, failpoint: unmoved })).rejects.toThrow('killed')
      }
      return published
    }
    await register(request, { ...slow.ports, store: { ...store, publish } })
    const events = (await slow.ports.ledger.records('churn')).flatMap(record => record.events)
    expect(events.filter(event => event.kind === 'register')).toHaveLength(2)
    expect(events).toContainEqual({ kind: 'seen-again', version: 1, run: 'churn-111111111111' })
  })
  it('is judged against a champion whose record the state had dropped before it became champion', async () => {
    await using folder = await temporaryFolder()
    const first = await benchIn(folder.path, configuration() + environment)
    await withRun(first, 0.35, '1')
    await register(request, first.ports)
    const second = await first.nextJob('200')
    await withRun(second, 0.35, '2')
    await register({ ...request, when: 'pass' }, second.ports)
    await first.ports.ledger.append('churn', { id: 'alias:-:v1:300', subject: 'alias' }, () => ({
      events: [{ kind: 'alias', alias: 'champion', from: null, to: 1 }],
    }))
    expect(Object.keys((await first.ports.ledger.read('churn')).records)).toEqual(['2'])
    const bench = await first.nextJob('300')
    await withRun(bench, 0.48, '3')
    const { outputs, failure } = await register(request, bench.ports)
    expect(failure).toBeUndefined()
    expect(outputs).toMatchObject({ version: 3, outcome: 'created' })
  })
})

describe('stopped anywhere and run again', () => {
  const steps = ['register-pack', 'register-record', 'register-notes', 'register-alias', 'register-state'] as const
  const places = steps.flatMap(step => [`${step} before`, `${step} after`] as const)
  it.each(places)('%s: the same version, once', async place => {
    await using folder = await temporaryFolder()
    const bench = await benchIn(folder.path, configuration())
    await withRun(bench, 0.35, '1')
    const crash: RegisterPorts['failpoint'] = (boundary, moment) => {
      if (`${boundary} ${moment}` === place) throw new Error('killed')
    }
    await expect(register(request, { ...bench.ports, failpoint: crash })).rejects.toThrow('killed')
    const { outputs } = await register(request, bench.ports)
    expect(outputs.version).toBe(1)
    const state = await bench.ports.ledger.read('churn')
    expect(state).toMatchObject({ versions: 1, aliases: { champion: 1, challenger: 1 } })
    expect(await bench.ports.store.tags('churn')).toHaveLength(1)
    const again = await register(request, bench.ports)
    expect(again.outputs).toMatchObject({ version: 1, outcome: 'existing' })
    expect((await bench.ports.ledger.read('churn')).seq).toBe(state.seq)
  })
})
