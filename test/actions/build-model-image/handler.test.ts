import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { buildModelImage, type ImagePorts, type ImageRequest } from '../../../src/actions/build-model-image/handler.ts'
import { fetchVersion } from '../../../src/actions/model-files.ts'
import { register } from '../../../src/actions/register/handler.ts'
import { parseConfiguration } from '../../../src/core/configuration/parse.ts'
import type { ModelConfiguration } from '../../../src/core/configuration/schema.ts'
import type { ImageBuilder } from '../../../src/ports/image-builder.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { keepRun } from '../fixtures.ts'
import { type Bench, benchIn, predictionsOf } from '../judging.ts'

const configuration = `models:
  churn:
    task: binary
    train: { command: "true", output: model.joblib }
    predictions: { file: predictions.csv, threshold: 0.5 }
    primary: roc_auc
    gates: { roc_auc: { min: 0.60 } }
`
const modelOf = (more = '') => parseConfiguration(configuration + more, 'refline.yml').models.churn as ModelConfiguration
const requestOf = (change: Partial<ImageRequest> = {}): ImageRequest => ({
  name: 'churn',
  model: modelOf(),
  version: undefined,
  push: true,
  skipWithoutEngine: false,
  ...change,
})
const digest = `sha256:${'2'.repeat(64)}`

type Built = Parameters<ImageBuilder['build']>[0] & { readonly files: Readonly<Record<string, string>> }

const portsOf = (bench: Bench, unavailable: string | null = null): { ports: ImagePorts; built: Built[] } => {
  const built: Built[] = []
  const builder: ImageBuilder = {
    unavailable: async () => unavailable,
    build: async request => {
      const names = (await readdir(request.context, { recursive: true, withFileTypes: true })).filter(entry => entry.isFile())
      const paths = names.map(entry => join(entry.parentPath, entry.name).slice(request.context.length + 1))
      const texts = await Promise.all(paths.map(async path => [path, await readFile(join(request.context, path), 'utf8')] as const))
      built.push({ ...request, files: Object.fromEntries(texts) })
      return { image: request.push ? `${request.name}@${digest}` : digest, digest }
    },
  }
  const fetchModel: ImagePorts['fetchModel'] = (version, folder) => fetchVersion(bench.ports.store, version, folder, '')
  return { ports: { ...bench.ports, builder, fetchModel }, built }
}

const registered = async (folder: string): Promise<Bench> => {
  const bench = await benchIn(folder, configuration)
  await keepRun(bench.ports.runs, { 'model/model.joblib': 'model bytes', 'predictions.csv': predictionsOf(1200, 0.4) })
  const asked = { model: undefined, config: 'refline.yml', run: undefined, when: 'promote', alias: undefined, allowRef: undefined } as const
  expect((await register(asked, bench.ports)).outputs.version).toBe(1)
  return bench
}

describe('the image of a version', () => {
  it('holds the model and the server, is labelled with its lineage, and is entered in the ledger', async () => {
    await using folder = await temporaryFolder()
    const bench = await registered(folder.path)
    const { ports, built } = portsOf(bench)
    const { outputs } = await buildModelImage(requestOf(), ports)
    expect(outputs).toMatchObject({ image: `ghcr.io/acme/churn/churn@${digest}`, digest })
    expect(built[0]).toMatchObject({ name: 'ghcr.io/acme/churn/churn', tags: ['v1'], push: true })
    expect(Object.keys(built[0]?.files ?? {}).sort()).toEqual([
      'Dockerfile',
      'app.py',
      'model/model.joblib',
      'requirements.txt',
      'version.json',
    ])
    expect(built[0]?.files['model/model.joblib']).toBe('model bytes')
    expect(JSON.parse(built[0]?.files['version.json'] ?? '')).toMatchObject({ model: 'churn', version: 1, commit: 'c'.repeat(40) })
    expect(built[0]?.labels).toMatchObject({ 'refline.version': '1', 'org.opencontainers.image.revision': 'c'.repeat(40) })
    const state = await bench.ports.ledger.read('churn')
    expect(state.records['1']?.image).toBe(outputs.image)
    expect(bench.ports.ledger.subjects.at(-1)).toBe(`package churn v1: ${outputs.image}`)
    expect(JSON.parse(await readFile(outputs.result, 'utf8'))).toMatchObject({ version: 1, digest })
    expect((await buildModelImage(requestOf(), ports)).outputs).toMatchObject({ image: outputs.image, digest })
    expect(built).toHaveLength(1)
    expect((await bench.ports.ledger.read('churn')).seq).toBe(state.seq)
  })
  it('is built again by another workflow run, or under another name', async () => {
    await using folder = await temporaryFolder()
    const bench = await registered(folder.path)
    const { ports, built } = portsOf(bench)
    await buildModelImage(requestOf(), ports)
    await buildModelImage(requestOf({ model: { ...modelOf(), image: { name: 'ghcr.io/acme/other' } } }), ports)
    const { ports: later } = await bench.nextJob('200')
    await buildModelImage(requestOf({ version: 1 }), { ...ports, ...later })
    expect(built.map(({ name }) => name)).toEqual(['ghcr.io/acme/churn/churn', 'ghcr.io/acme/other', 'ghcr.io/acme/churn/churn'])
  })
  it('is found by the workflow run in another job', async () => {
    await using folder = await temporaryFolder()
    const bench = await registered(folder.path)
    const other = await bench.nextJob('200')
    await expect(buildModelImage(requestOf(), portsOf(other).ports)).rejects.toThrow(/no version of churn was found.*workflow run 200/)
    const same = { ...other.ports, context: { ...other.ports.context, runId: '100' } }
    const { ports } = portsOf({ ...other, ports: same })
    expect((await buildModelImage(requestOf(), ports)).outputs.digest).toBe(digest)
  })
  it('stays out of the ledger where it is only in the local engine', async () => {
    await using folder = await temporaryFolder()
    const bench = await registered(folder.path)
    const before = (await bench.ports.ledger.read('churn')).seq
    expect((await buildModelImage(requestOf({ push: false }), portsOf(bench).ports)).outputs.image).toBe(digest)
    expect((await bench.ports.ledger.read('churn')).seq).toBe(before)
  })
})

describe('no image', () => {
  it('where nothing was registered: said so, and green', async () => {
    await using folder = await temporaryFolder()
    const bench = await benchIn(folder.path, configuration)
    await bench.ports.runs.writeState({ schema: 1, model: 'churn', run: 'churn-0123456789ab', version: null, reason: 'the champion stays' })
    const { ports, built } = portsOf(bench, 'no Docker Engine: none')
    const { outputs, failure } = await buildModelImage(requestOf(), ports)
    expect(outputs).toMatchObject({ image: '', reason: 'no image is built: the champion stays' })
    expect(failure).toBeUndefined()
    expect(built).toEqual([])
  })
  it('without an engine: an error, or skipped where that was asked for', async () => {
    await using folder = await temporaryFolder()
    const bench = await registered(folder.path)
    const { ports } = portsOf(bench, 'no Docker Engine: none')
    await expect(buildModelImage(requestOf(), ports)).rejects.toThrow(/no Docker Engine.*skip-without-engine/)
    expect((await buildModelImage(requestOf({ skipWithoutEngine: true }), ports)).outputs).toMatchObject({ image: '', digest: '' })
  })
  it('under a name that is none', async () => {
    await using folder = await temporaryFolder()
    const bench = await registered(folder.path)
    const model = { ...modelOf(), image: { name: 'ghcr.io/Acme/--privileged' } }
    await expect(buildModelImage(requestOf({ model }), portsOf(bench).ports)).rejects.toThrow(/is no image name/)
  })
})
