import { type ChildProcess, spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { freePort } from '../../scripts/free-port.ts'
import { temporaryFolder } from './temporary.ts'

/** A service that shows `text` at /metrics; `down` answers 500 as long as it is set. */
export interface MetricsServer {
  readonly port: number
  text: string
  down: boolean
  close(): Promise<void>
}

export const metricsServer = async (text: string): Promise<MetricsServer> => {
  const server: Server = createServer((_, response) => {
    if (of.down) response.writeHead(500).end()
    else response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(of.text)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const of: MetricsServer = {
    port: (server.address() as AddressInfo).port,
    text,
    down: false,
    close: () => new Promise(resolve => server.close(() => resolve()).closeAllConnections()),
  }
  return of
}

/** Waits until a condition holds, asking again and again; what it last answered or threw is in the error. */
export const eventually = async <T>(ask: () => Promise<T>, holds: (answer: T) => boolean, seconds = 20): Promise<T> => {
  let last: unknown
  for (const end = Date.now() + seconds * 1000; Date.now() < end; ) {
    try {
      const answer = await ask()
      if (holds(answer)) return answer
      last = JSON.stringify(answer)
    } catch (error) {
      last = error
    }
    await new Promise(resolve => setTimeout(resolve, 40))
  }
  throw new Error(`the condition did not hold within ${seconds} s; last: ${last}`)
}

/** Waits until asking is refused with these words; answers and other refusals before that are waited out. */
export const eventuallyRefused = (ask: () => Promise<unknown>, words: string): Promise<string> =>
  eventually(
    () =>
      ask().then(
        answer => JSON.stringify(answer),
        (error: unknown) => `refused: ${error}`,
      ),
    said => said.startsWith('refused: ') && said.includes(words),
  )

/** A real Prometheus that scrapes the given ports five times a second; each port has the label `instance` that it is listed with. */
export const startPrometheus = async (targets: readonly { readonly port: number; readonly instance: string }[]) => {
  const folder = await temporaryFolder('refline-prometheus-')
  const settings = folder.join('prometheus.yml')
  const write = (of: readonly { readonly port: number; readonly instance: string }[]) =>
    writeFile(
      settings,
      `global: { scrape_interval: 200ms, scrape_timeout: 200ms }\nscrape_configs:\n  - job_name: app\n    static_configs:\n${of
        .map(({ port, instance }) => `      - { targets: ["127.0.0.1:${port}"], labels: { instance: "${instance}" } }\n`)
        .join('')}`,
    )
  await write(targets)
  const port = await freePort()
  let child: ChildProcess | null = null
  let output = ''
  const url = `http://127.0.0.1:${port}`
  const start = async (): Promise<void> => {
    const argv = [
      `--config.file=${settings}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--web.enable-lifecycle',
      `--storage.tsdb.path=${folder.join('data')}`,
    ]
    child = spawn('prometheus', argv, { stdio: ['ignore', 'ignore', 'pipe'] })
    child.stderr?.on('data', data => {
      output = `${output}${data}`.slice(-4000)
    })
    child.once('error', error => {
      output += String(error)
    })
    await eventually(
      () => fetch(`${url}/-/ready`),
      answer => answer.ok,
      30,
    ).catch(error => {
      throw new Error(`Prometheus did not start: ${output}`, { cause: error })
    })
  }
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const running = child
    child = null
    if (running === null || running.exitCode !== null) return
    const gone = new Promise(resolve => running.once('close', resolve))
    running.kill(signal)
    await gone
  }
  await start()
  return {
    url,
    /** Scrapes other targets from now on. */
    scrape: async (of: readonly { readonly port: number; readonly instance: string }[]): Promise<void> => {
      await write(of)
      await fetch(`${url}/-/reload`, { method: 'POST' })
    },
    end: () => end('SIGTERM'),
    start,
    close: async (): Promise<void> => {
      await end('SIGKILL')
      await folder[Symbol.asyncDispose]()
    },
  }
}
