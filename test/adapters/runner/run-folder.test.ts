import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { RunArtifacts } from '../../../src/ports/run-artifacts.ts'
import { foldersIn, keepRun, recordOf } from '../../actions/fixtures.ts'
import { temporaryFolder } from '../../support/temporary.ts'

const files = { 'model/model.joblib': 'model bytes', 'predictions.csv': 'id,label,score\n1,1,0.9\n' }
const nothing = () => Promise.resolve(null)

/** Artifacts as folders below `root`. */
const artifactsIn = (root: string): RunArtifacts => ({
  available: true,
  upload: (name, folder) => cp(folder, join(root, name), { recursive: true }),
  list: async prefix => (await readdir(root).catch(() => [])).filter(name => name.startsWith(prefix)),
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
