import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { register } from '../../../src/actions/register/handler.ts'
import { judgeAgainFrom } from '../../../src/actions/traffic/judged-again.ts'
import { parseConfiguration, selectModel } from '../../../src/core/configuration/parse.ts'
import type { VersionRecord } from '../../../src/core/lineage/events.ts'
import { versionInRecords } from '../../../src/core/lineage/preconditions.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { keepRun, recordOf, rememberedLog, sha256 } from '../fixtures.ts'
import { type Bench, benchIn, predictionsOf } from '../judging.ts'

/** Versions go live by a canary only, so all that are registered are judged as the first. */
const environment = `environments:
  production:
    target: { kind: command, deploy: ./t deploy, read: ./t read, set: ./t set }
    signals: { errors: { kind: http, url: "http://127.0.0.1:9" } }
`
const configuration = (more = '', environments = environment): string => `models:
  churn:
    task: binary
    train: { command: "true", output: model.bin }
    predictions: { file: predictions.csv, threshold: 0.5 ${more} }
    primary: roc_auc
    gates: { roc_auc: { min: 0.60, max_drop: 0.02 } }
${environments}`
const request = { model: undefined, config: 'refline.yml', run: undefined, when: 'pass', alias: undefined, allowRef: undefined } as const

/** Registers one version after the other, each in a job of its own. */
const registered = async (folder: string, predictions: readonly string[], text = configuration()): Promise<Bench> => {
  let bench = await benchIn(folder, text)
  for (const [index, rows] of predictions.entries()) {
    const digit = String(index + 1)
    bench = await bench.nextJob(`${digit}00`)
    await keepRun(
      bench.ports.runs,
      { 'model/model.bin': `model ${digit}`, 'predictions.csv': rows },
      { run: `churn-${digit.repeat(12)}`, lineage: { ...recordOf().lineage, code: sha256(`code ${digit}`) } },
    )
    await register(request, bench.ports)
  }
  return bench
}

const versionOf = async (bench: Bench, version: number): Promise<VersionRecord> => {
  const found = versionInRecords(await bench.ports.ledger.records('churn'), version)
  if (found === null) throw new Error(`there is no v${version}`)
  return found
}

const again = async (bench: Bench, version: number, champion: number, text = configuration()) => {
  const log = rememberedLog()
  const { model } = selectModel(parseConfiguration(text, 'refline.yml'), 'churn')
  const judge = judgeAgainFrom({ store: bench.ports.store, runs: bench.ports.runs, log }, { model, from: 'refline.yml of main' })
  const answer = await judge({
    state: await bench.ports.ledger.read('churn'),
    version: await versionOf(bench, version),
    champion: await versionOf(bench, champion),
  })
  return { answer, lines: log.lines }
}

describe('a version whose champion changed since it was judged', () => {
  it('goes on where it beats the champion of now too, on the rows that were stored with both', async () => {
    await using folder = await temporaryFolder()
    const bench = await registered(
      folder.path,
      [0.2, 0.3, 0.45].map(skill => predictionsOf(1200, skill)),
    )
    const { answer, lines } = await again(bench, 3, 2)
    expect(answer).toMatchObject({ outcome: 'again', decision: 'promote' })
    if (answer.outcome !== 'again') return
    expect(answer.assessment.opponent).toEqual({ kind: 'champion', version: 2 })
    expect(answer.assessment.holdout).toMatchObject({ rows: 1200, paired: 1200, lost: 0 })
    expect(answer.assessment.rows.find(row => row.primary)?.difference?.low).toBeGreaterThan(0)
    expect(answer.reason).toMatch(/^v3 judged again, against v2: /)
    expect(lines[0]).toBe('v3 was judged before v2 became champion, so it is judged again, against v2:')
    expect(lines.join('\n')).toContain('champion v2')
  })

  it('gives the very answer that registering it now would give', async () => {
    await using folder = await temporaryFolder()
    const bench = await registered(folder.path, [predictionsOf(1200, 0.2), predictionsOf(1200, 0.45)], configuration('', ''))
    const { answer } = await again(bench, 2, 1)
    const registration = (await bench.ports.ledger.records('churn'))
      .flatMap(record => record.events)
      .find(event => event.kind === 'register' && event.version.version === 2)
    const stored = JSON.parse(readFileSync(join(await fetched(bench, await versionOf(bench, 2), 'result.json'), 'result.json'), 'utf8'))
    if (answer.outcome !== 'again' || registration?.kind !== 'register') throw new Error('was not judged again')
    expect(answer.decision).toBe(registration.decision)
    expect(answer.assessment.rows).toEqual(stored.rows)
    expect(answer.assessment.headline).toBe(stored.headline)
  })

  it('does not go on where it is no better than the champion of now', async () => {
    await using folder = await temporaryFolder()
    const bench = await registered(
      folder.path,
      [0.2, 0.45, 0.3].map(skill => predictionsOf(1200, skill)),
    )
    const { answer } = await again(bench, 3, 2)
    expect(answer).toMatchObject({ outcome: 'again', decision: 'keep' })
  })

  it.each([
    [
      'other rows',
      [predictionsOf(1200, 0.2), predictionsOf(1000, 0.4)],
      configuration(),
      'their stored predictions are for different holdouts',
    ],
    [
      'nothing stored',
      [predictionsOf(1200, 0.2), predictionsOf(1200, 0.4)],
      configuration(', keep: none'),
      'no predictions are stored with v2',
    ],
  ])('is superseded with %s, and says what to do', async (_, rows, text, why) => {
    await using folder = await temporaryFolder()
    const bench = await registered(folder.path, rows, text)
    const { answer } = await again(bench, 2, 1, text)
    expect(answer.outcome).toBe('cannot')
    expect(answer.reason).toBe(
      `v1 became champion after v2 was judged, and the two cannot be compared from what is stored: ${why}. Train and register again, so that it is judged against v1.`,
    )
  })

  it('is superseded where a stored file is gone, or the rules ask for a column that was not stored', async () => {
    await using folder = await temporaryFolder()
    const bench = await registered(folder.path, [predictionsOf(1200, 0.2), predictionsOf(1200, 0.4)])
    const sliced = configuration('', '    slices: { country: { min_support: 30, recall: { min: 0.01 } } }\n')
    expect((await again(bench, 2, 1, sliced)).answer).toMatchObject({ outcome: 'cannot', reason: expect.stringMatching(/country/) })
    const champion = await versionOf(bench, 1)
    const stored = join(folder.path, 'store', champion.tag)
    const file = readdirSync(stored).find(name => name.endsWith('predictions.csv')) ?? ''
    writeFileSync(join(stored, file), 'id,label,score\nr0,0,0.5\n')
    const { answer } = await again(bench, 2, 1)
    expect(answer).toMatchObject({ outcome: 'cannot', reason: expect.stringMatching(/predictions\.csv/) })
  })
})

const fetched = async (bench: Bench, record: VersionRecord, name: string): Promise<string> => {
  const folder = await bench.ports.runs.scratch(`test-${record.run}`)
  await bench.ports.store.fetch(
    record.tag,
    record.assets.filter(asset => asset.path === name),
    folder,
  )
  return folder
}
