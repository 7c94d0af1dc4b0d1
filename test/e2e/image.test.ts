import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dockerImageBuilder } from '../../src/adapters/docker/image-builder.ts'
import { imageLabels, type ServedVersion, servingContext } from '../../src/core/serving/fastapi.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/temporary.ts'
import { importBaseImage, trainInside } from './base-image.ts'

const run = promisify(execFile)

const served: ServedVersion = {
  model: 'churn',
  version: 7,
  run: 'churn-0123456789ab',
  digest: 'd'.repeat(64),
  commit: 'c'.repeat(40),
  repository: 'acme/churn',
  data: [{ path: 'data/train.csv', sha256: 'a'.repeat(64) }],
  metrics: { roc_auc: 0.9 },
}

const freePort = (): Promise<number> =>
  new Promise(resolve => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })

describe('the serving image, built by the Docker Engine', () => {
  let folder: TemporaryFolder
  let image: string
  let container: ChildProcess
  let url: string
  let log = ''
  const name = `refline-e2e-server-${process.pid}`

  beforeAll(async () => {
    folder = await temporaryFolder('refline-image-')
    const base = await importBaseImage()
    const context = folder.join('context')
    await mkdir(context)
    await trainInside(base, folder.join('context', 'model'))
    for (const file of servingContext(served, base, null)) await writeFile(folder.join('context', file.path), file.text)
    const builder = dockerImageBuilder({
      environment: process.env,
      onLine: line => {
        log += `${line}\n`
      },
      login: null,
    })
    expect(await builder.unavailable()).toBeNull()
    const labels = imageLabels(served, 'https://github.com')
    const built = await builder.build({ context, name: `${process.env.REFLINE_E2E_REGISTRY}/acme/churn`, tags: ['v7'], labels, push: true })
    image = built.image
    const port = await freePort()
    url = `http://127.0.0.1:${port}`
    const server = ['python', '-m', 'uvicorn', 'app:app', '--host', '127.0.0.1', '--port', String(port)]
    container = spawn('docker', ['run', '--rm', '--name', name, '--network', 'host', image, ...server])
    container.stderr?.on('data', (part: Buffer) => {
      log += part.toString()
    })
    for (const end = Date.now() + 60_000; ; ) {
      const ready = await fetch(`${url}/healthz`).then(
        response => response.ok,
        () => false,
      )
      if (ready) break
      if (Date.now() > end || container.exitCode !== null) throw new Error(`the container does not answer: ${log.slice(-3000)}`)
      await new Promise(resolve => setTimeout(resolve, 200))
    }
  }, 360_000)
  afterAll(async () => {
    await run('docker', ['rm', '--force', name]).catch(() => {})
    await folder?.[Symbol.asyncDispose]()
  })

  it('is pushed and named by its digest', () => {
    expect(image).toMatch(/\/acme\/churn@sha256:[0-9a-f]{64}$/)
  })

  it('predicts with the model that was put in', async () => {
    const response = await fetch(`${url}/predict`, { method: 'POST', body: JSON.stringify({ instances: [[0], [3]] }) })
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ predictions: [0, 1], version: 7 })
  })

  it('refuses what is no row with 422 and goes on serving', async () => {
    for (const body of ['{', '{"instances": []}', '{"instances": [["x"]]}', '[]'])
      expect((await fetch(`${url}/predict`, { method: 'POST', body })).status, body).toBe(422)
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
  })

  it('tells its lineage over HTTP and in its labels', async () => {
    expect(await (await fetch(`${url}/version`)).json()).toEqual({ model: 'churn', version: 7 })
    const { stdout } = await run('docker', ['image', 'inspect', '--format', '{{json .Config.Labels}}', image])
    expect(JSON.parse(stdout)).toMatchObject({ 'refline.version': '7', 'refline.digest': served.digest })
  })

  it('does not run as root', async () => {
    const { stdout } = await run('docker', ['exec', name, 'id', '-u'])
    expect(stdout.trim()).toBe('65532')
  })
})
