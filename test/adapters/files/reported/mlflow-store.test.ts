import { cp, mkdir, symlink, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readMlflowStore } from '../../../../src/adapters/files/reported/mlflow-store.ts'
import { type TemporaryFolder, temporaryFolder } from '../../../support/temporary.ts'

const write = async (folder: TemporaryFolder, files: Readonly<Record<string, string>>): Promise<void> => {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(folder.join('mlruns', name)), { recursive: true })
    await writeFile(folder.join('mlruns', name), text)
  }
}
const meta = (start: number, end: number | null, change = '') =>
  `end_time: ${end}\nlifecycle_stage: active\nrun_name: r\nstart_time: ${start}\nstatus: 3\n${change}`
const read = (folder: TemporaryFolder, start = 1000, end = 2000) => readMlflowStore(folder.join('mlruns'), 'mlruns', { start, end })

describe('a store that mlflow 3.17.2 wrote', () => {
  const fixture = join(import.meta.dirname, '../../../fixtures/reported/mlruns')
  const [started, ended] = [1795475808429, 1795475808451]
  it('gives the parent run with its final values', async () => {
    await using folder = await temporaryFolder()
    await cp(fixture, folder.join('mlruns'), { recursive: true })
    for (const run of ['14225f32a20c42e188892c2f7c1ff7f3', '88235702dee647eeb9669117c3b24155'])
      await utimes(folder.join('mlruns/127229747959882667', run, 'meta.yaml'), ended / 1000, ended / 1000)
    const { metrics, run, notes } = await read(folder, started, ended)
    expect(metrics).toEqual({ roc_auc: 0.91, 'val/loss': 0.25, broken: 'NaN', huge: 'Infinity', tiny: '-Infinity' })
    expect(run).toMatchObject({ name: 'parent', child: false })
    expect(notes).toEqual([])
    expect((await read(folder, started + 1, ended)).run).toBeNull()
  })
})

describe('runs of a store', () => {
  it('are not opened where they are older than the training', async () => {
    await using folder = await temporaryFolder()
    await write(folder, { '0/old/meta.yaml': '', '0/new/meta.yaml': meta(100_000, 100_001), '0/new/metrics/auc': '1 0.9 0\n' })
    await utimes(folder.join('mlruns/0/old/meta.yaml'), 90, 90)
    expect((await read(folder, 100_000, 200_000)).metrics).toEqual({ auc: 0.9 })
  })
  it('that cannot be read might be the one that counts', async () => {
    await using folder = await temporaryFolder()
    await write(folder, { '0/a/meta.yaml': meta(1000, 1001), '0/b/meta.yaml': '' })
    await expect(read(folder)).rejects.toThrow(/mlruns\/0\/b\/meta.yaml does not describe a run/)
  })
  it('lie in experiments only, and artifacts of mlflow 3 are none', async () => {
    await using folder = await temporaryFolder()
    await write(folder, {
      '.trash/0/a/meta.yaml': meta(1000, 1001),
      '.trash/a/meta.yaml': meta(1000, 1001),
      'models/m/meta.yaml': 'name: m',
      '0/a/artifacts/model.pkl': 'x',
    })
    expect(await read(folder)).toEqual({ metrics: {}, run: null, notes: [] })
  })
  it('are not reached through symbolic links, nor are metrics', async () => {
    await using folder = await temporaryFolder()
    await write(folder, { '0/a/meta.yaml': meta(1000, 1001), '0/a/metrics/auc': '1 0.9 0\n' })
    await mkdir(folder.join('elsewhere/0'), { recursive: true })
    await writeFile(folder.join('secret'), '1 0.99 0\n')
    await cp(folder.join('mlruns/0/a'), folder.join('elsewhere/0/b'), { recursive: true })
    await symlink(folder.join('elsewhere/0/b'), folder.join('mlruns/0/b'))
    await symlink(folder.join('secret'), folder.join('mlruns/0/a/metrics/leak'))
    const { metrics, notes } = await read(folder)
    expect({ metrics, notes }).toEqual({ metrics: { auc: 0.9 }, notes: [] })
    await symlink(folder.join('secret'), folder.join('mlruns/0/meta.yaml'))
    await mkdir(folder.join('mlruns/0/c'))
    await symlink(folder.join('mlruns/0/a/meta.yaml'), folder.join('mlruns/0/c/meta.yaml'))
    await expect(read(folder)).rejects.toThrow(/0\/c\/meta.yaml is a symbolic link/)
  })
  it('of another shape are refused in words', async () => {
    await using folder = await temporaryFolder()
    await write(folder, { '0/a/meta.yaml': meta(1000, 1001, 'tags: !!python/object:os.system []\n') })
    await expect(read(folder)).rejects.toThrow(/not readable as YAML/)
  })
  it('give no more than 1000 metrics, and no history that is none', async () => {
    await using folder = await temporaryFolder()
    await write(folder, { '0/a/meta.yaml': meta(1000, 1001), '0/a/metrics/auc': 'x'.repeat(3000) })
    await expect(read(folder)).rejects.toThrow(/mlruns\/…\/auc is no history of a metric/)
    await write(folder, Object.fromEntries(Array.from({ length: 1001 }, (_, n) => [`0/a/metrics/m${n}`, '1 1 1'])))
    await write(folder, { '0/a/metrics/auc': '1 0.5 0' })
    await expect(read(folder)).rejects.toThrow(/more than 1000 metrics/)
  })
})
