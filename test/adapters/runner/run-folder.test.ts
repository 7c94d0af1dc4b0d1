import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { digestFile } from '../../../src/adapters/files/digest.ts'
import { runFolders } from '../../../src/adapters/runner/run-folder.ts'
import type { RunArtifacts } from '../../../src/ports/run-artifacts.ts'
import { foldersIn, keepRun, recordOf } from '../../actions/fixtures.ts'
import { temporaryFolder } from '../../support/temporary.ts'

const files = { 'model/model.joblib': 'model bytes', 'predictions.csv': 'id,label,score\n1,1,0.9\n' }
const nothing = () => Promise.resolve(null)

/** Artifacts as folders below `root`, numbered in the order in which they are uploaded, and listed in no order that means anything. */
const artifactsIn = (root: string, ids = new Map<string, number>()): RunArtifacts => ({
  available: true,
  upload: async (name, folder) => {
    ids.set(name, ids.size + 1)
    await cp(folder, join(root, name), { recursive: true })
  },
  list: async prefix =>
    (await readdir(root).catch(() => []))
      .filter(name => name.startsWith(prefix))
      .sort()
      .map(name => ({ id: ids.get(name) ?? 0, name })),
  download: (name, folder) => cp(join(root, name), folder, { recursive: true, verbatimSymlinks: true }),
})

describe('keeping and finding a run in one job', () => {
  it('finds the only run of a model, with the digest of its record', async () => {
    await using folder = await temporaryFolder()
    const runs = foldersIn(folder.path)
    const kept = await keepRun(runs, files)
    const found = await runs.find('churn', undefined, nothing)
    expect(found).toMatchObject({ record: { run: 'churn-0123456789ab' }, digest: kept.digest, folder: kept.folder })
    expect(await readdir(kept.folder)).toEqual(['files', 'run.json'])
  })
  it('asks which one is meant where there are several, and takes the one that is named', async () => {
    await using folder = await temporaryFolder()
    const runs = foldersIn(folder.path)
    await keepRun(runs, files)
    await keepRun(runs, files, { run: 'churn-ba9876543210' })
    await expect(runs.find('churn', undefined, nothing)).rejects.toThrow(/2 runs of churn .*churn-0123456789ab, churn-ba9876543210.*`run`/)
    expect((await runs.find('churn', 'churn-ba9876543210', nothing)).record.run).toBe('churn-ba9876543210')
  })
  it('lists where it looked', async () => {
    await using folder = await temporaryFolder()
    const runs = foldersIn(folder.path, artifactsIn(folder.join('artifacts')))
    const error = await runs.find('churn', undefined, () => Promise.resolve('v3 from run churn-000000000000')).catch(String)
    expect(error).toContain(join(folder.path, 'refline', 'churn'))
    expect(error).toContain('artifacts refline.churn.* of workflow run 100: none')
    expect(error).toContain('v3 from run churn-000000000000')
  })
  it.each([
    ['changed', (path: string) => writeFile(path, 'other bytes'), /is not what run.json says/],
    ['gone', (path: string) => rm(path), /is not there/],
    ['a link', async (path: string) => rm(path).then(() => symlink('/etc/hostname', path)), /is a symbolic link/],
  ])('refuses a run whose model file is %s', async (_how, change, message) => {
    await using folder = await temporaryFolder()
    const runs = foldersIn(folder.path)
    const kept = await keepRun(runs, files)
    await change(join(kept.folder, 'files/model/model.joblib'))
    await expect(runs.find('churn', undefined, nothing)).rejects.toThrow(message)
  })
})

describe('a run that another job made', () => {
  const uploaded = async (folder: string, change: (artifact: string) => Promise<unknown> = nothing) => {
    const artifacts = artifactsIn(join(folder, 'artifacts'))
    const kept = await keepRun(foldersIn(join(folder, 'measure')), files)
    await artifacts.upload('refline.churn.churn-0123456789ab', kept.folder)
    await change(join(folder, 'artifacts/refline.churn.churn-0123456789ab'))
    return { kept, runs: foldersIn(join(folder, 'judge'), artifacts) }
  }
  it('comes as an artifact, checked, and is local from then on', async () => {
    await using folder = await temporaryFolder()
    const { kept, runs } = await uploaded(folder.path)
    const found = await runs.find('churn', undefined, nothing)
    expect(found.digest).toBe(kept.digest)
    expect(found.origin).toContain('artifact refline.churn.churn-0123456789ab')
    expect((await runs.find('churn', undefined, nothing)).origin).toContain('earlier step of this job')
  })
  it('does not bring a result along: the job that judges trusts its own only', async () => {
    await using folder = await temporaryFolder()
    const { runs } = await uploaded(folder.path, artifact => writeFile(join(artifact, 'result.json'), '{"verdict":"pass"}'))
    const found = await runs.find('churn', undefined, nothing)
    expect(await readdir(found.folder)).toEqual(['files', 'run.json'])
  })
  const record = (change: object) => (artifact: string) =>
    writeFile(join(artifact, 'run.json'), JSON.stringify({ ...recordOf(), ...change }))
  const digested = { bytes: 0, sha256: 'a'.repeat(64) }
  it.each<[string, (artifact: string) => Promise<unknown>, RegExp]>([
    ['no record', artifact => rm(join(artifact, 'run.json')), /has no run.json/],
    ['a broken record', artifact => writeFile(join(artifact, 'run.json'), '{'), /is not JSON/],
    ['a record with keys nobody knows', record({ more: 1 }), /is not a run record/],
    ['a record of another model', record({ model: 'fraud' }), /of model fraud, expected/],
    ['a record of a newer release', record({ schema: 2 }), /newer release/],
    ['an enormous record', artifact => writeFile(join(artifact, 'run.json'), ' '.repeat(1_100_000)), /more than the 1048576/],
    ['a path that climbs out', record({ model_files: [{ path: '../../../etc/passwd', ...digested }] }), /outside of its folder/],
    ['an absolute path', record({ predictions: { path: '/etc/passwd', ...digested } }), /outside of its folder/],
    ['a symbolic link', artifact => symlink('/etc/passwd', join(artifact, 'files/more')), /neither a file nor a folder/],
    [
      'other bytes',
      artifact => writeFile(join(artifact, 'files/predictions.csv'), 'id,label,score\n1,1,1.0\n'),
      /is not what run.json says/,
    ],
  ])('is refused with %s, and nothing of it stays', async (_what, change, message) => {
    await using folder = await temporaryFolder()
    const { runs } = await uploaded(folder.path, change)
    await expect(runs.find('churn', undefined, nothing)).rejects.toThrow(message)
    expect(await readdir(join(folder.path, 'judge/refline')).catch(() => [])).not.toContain('churn')
  })
})

describe('several artifacts of one workflow run', () => {
  /** Runs by the digit of their name, uploaded in this order, with what is told apart from run to run. */
  const uploaded = async (folder: string, made: readonly (readonly [digit: string, created: object])[]) => {
    const artifacts = artifactsIn(join(folder, 'artifacts'))
    for (const [digit, created] of made) {
      const run = `churn-${digit.repeat(12)}`
      const change = { run, created: { ...recordOf().created, ...created } }
      const kept = await keepRun(foldersIn(join(folder, `measure-${digit}`)), { ...files, 'model/model.joblib': `model ${digit}` }, change)
      await artifacts.upload(`refline.churn.${run}`, kept.folder)
    }
    return foldersIn(join(folder, 'judge'), artifacts)
  }
  const run = (digit: string) => `churn-${digit.repeat(12)}`

  it.each([
    ['the last by name', ['1', '2', '3']],
    ['the first by name', ['3', '2', '1']],
  ])('are attempts of one job where the workflow was run again: the latest counts, %s, and says so', async (_where, digits) => {
    await using folder = await temporaryFolder()
    const runs = await uploaded(
      folder.path,
      digits.map(digit => [digit, {}]),
    )
    const found = await runs.find('churn', undefined, nothing)
    const [first = '', second = '', latest = ''] = digits
    expect(found.record.run).toBe(run(latest))
    expect(found.origin).toBe(
      `artifact refline.churn.${run(latest)} of this workflow run, the latest of 3 attempts of job measure; before it ${run(second)}, ${run(first)}`,
    )
    expect(await readdir(join(folder.path, 'judge/refline/churn'))).toEqual([run(latest)])
    expect((await runs.find('churn', undefined, nothing)).record.run).toBe(run(latest))
  })
  it('may be chosen from by name, an earlier attempt too', async () => {
    await using folder = await temporaryFolder()
    const runs = await uploaded(folder.path, [
      ['1', {}],
      ['2', {}],
    ])
    expect((await runs.find('churn', run('1'), nothing)).record.run).toBe(run('1'))
  })
  it.each([
    ['jobs', { job: 'measure-gpu' }, /not all of one job \(churn-222222222222 of job measure; churn-111111111111 of job measure-gpu\)/],
    ['matrix indexes', { job_index: '1' }, /churn-111111111111 of job measure, index 1\)/],
  ])('of different %s are never chosen from', async (_what, created, message) => {
    await using folder = await temporaryFolder()
    const runs = await uploaded(folder.path, [
      ['1', created],
      ['2', {}],
    ])
    const error = await runs.find('churn', undefined, nothing).catch(String)
    expect(error).toMatch(/2 runs of churn as artifacts.*churn-111111111111, churn-222222222222\. Name .*`run`/)
    expect(error).toMatch(message)
    expect(await readdir(join(folder.path, 'judge/refline')).catch(() => [])).not.toContain('churn')
  })
  it('of no job that is known are never chosen from', async () => {
    await using folder = await temporaryFolder()
    const runs = await uploaded(folder.path, [
      ['1', { job: null }],
      ['2', { job: null }],
    ])
    await expect(runs.find('churn', undefined, nothing)).rejects.toThrow(/2 runs of churn as artifacts.*of no job/)
  })
})

describe('a run of another workflow run', () => {
  it('is not judged here, neither as a left-over on this machine nor as an artifact', async () => {
    await using folder = await temporaryFolder()
    const created = { ...recordOf().created, workflow_run: '99' }
    const artifacts = artifactsIn(folder.join('artifacts'))
    const old = runFolders({ temp: folder.join('old'), artifacts, digestFile, workflowRun: '99' })
    const kept = await keepRun(old, files, { created })
    await artifacts.upload('refline.churn.churn-0123456789ab', kept.folder)
    const message = /made by workflow run 99 and this is workflow run 100/
    await expect(foldersIn(folder.join('old')).find('churn', undefined, nothing)).rejects.toThrow(message)
    await expect(foldersIn(folder.join('new'), artifacts).find('churn', undefined, nothing)).rejects.toThrow(message)
  })
})

describe('what steps leave for later ones', () => {
  it('is read back, and refused when it is something else', async () => {
    await using folder = await temporaryFolder()
    const runs = foldersIn(folder.path)
    expect(await runs.readState('churn')).toBeNull()
    const state = { schema: 1, model: 'churn', run: 'churn-0123456789ab', version: null, reason: 'the champion stays' } as const
    const file = await runs.writeState(state)
    expect(await runs.readState('churn')).toEqual(state)
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(state)
    await writeFile(file, '{"version": "12"}')
    await expect(runs.readState('churn')).rejects.toThrow(/not what an earlier step/)
  })
  it('empties a scratch folder that is asked for again', async () => {
    await using folder = await temporaryFolder()
    const runs = foldersIn(folder.path)
    const scratch = await runs.scratch('score')
    await mkdir(join(scratch, 'deep'))
    expect(await readdir(await runs.scratch('score'))).toEqual([])
  })
})
