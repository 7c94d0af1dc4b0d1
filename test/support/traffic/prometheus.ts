import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../../../scripts/free-port.ts'
import { installedProgram } from '../installed-program.ts'
import { startDaemon } from './daemon.ts'
import type { ModelServers } from './model-servers.ts'

/** A Prometheus that scrapes model servers twice a second. */
export interface Prometheus extends AsyncDisposable {
  readonly url: string
  /** Ends it at once, as a crash does. */
  kill(): Promise<void>
}

const configuration = (apps: readonly ModelServers[]): string => {
  const targets = apps.flatMap(({ ports }) => Object.values(ports).map(port => `"127.0.0.1:${port}"`))
  return [
    'global: { scrape_interval: 500ms, scrape_timeout: 500ms }',
    'scrape_configs:',
    '  - job_name: models',
    `    static_configs: [{ targets: [${targets.join(', ')}] }]`,
    '',
  ].join('\n')
}

/** Starts Prometheus over the model servers of these apps; it has scraped each of them once when this returns. */
export const startPrometheus = async (folder: string, apps: readonly ModelServers[], seconds: number): Promise<Prometheus> => {
  await mkdir(folder, { recursive: true })
  const file = join(folder, 'prometheus.yml')
  await writeFile(file, configuration(apps))
  const address = `127.0.0.1:${await freePort()}`
  const argv = [`--config.file=${file}`, `--storage.tsdb.path=${join(folder, 'data')}`, `--web.listen-address=${address}`]
  const daemon = startDaemon(await installedProgram('prometheus'), [...argv, '--log.level=warn'], seconds)
  const url = `http://${address}`
  const up = async (): Promise<boolean> => {
    const answer = await fetch(`${url}/api/v1/query?query=${encodeURIComponent('count(up == 1)')}`, { signal: AbortSignal.timeout(1000) })
    const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } }
    return Number(data.result[0]?.value[1]) === 2 * apps.length
  }
  await daemon.until('Prometheus scrapes the model servers', up, 30)
  return { url, kill: daemon.kill, [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose]() }
}
