import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runToEnd } from '../../../scripts/demo/children.ts'
import { freePort } from '../../../scripts/free-port.ts'
import { readServed } from '../../../src/adapters/nginx/status.ts'
import { installedProgram } from '../installed-program.ts'
import type { Slot } from './behaviour.ts'
import { startDaemon } from './daemon.ts'
import type { ModelServers } from './model-servers.ts'

/** An nginx with a split between two servers in a file of its own. */
export interface Nginx extends AsyncDisposable {
  readonly front: number
  /** `target` of refline.yml. */
  target(models: ModelServers): object
  /** Share of the traffic of a slot that the workers serve by, in percent. */
  percent(slot: Slot): Promise<number>
  /** Remembers the file. Answers with the way back there. */
  remember(): Promise<() => Promise<void>>
}

/** The variable that the split sets; named after the model, which is called churn in every test. */
const variable = 'refline_churn'

const installed = (blue: string): string =>
  [
    `split_clients "$request_id" $${variable} {`,
    `    * "${blue}";`,
    '}',
    `map "" $${variable}_told {`,
    '    default "refline seq=0 blue=100.00 green=0.00 pid=$pid";',
    '}',
    '',
  ].join('\n')

const configuration = (folder: string, file: string, front: number): string =>
  [
    `pid ${folder}/nginx.pid;`,
    `error_log ${folder}/error.log notice;`,
    'worker_processes 1;',
    'daemon off;',
    'events { worker_connections 4096; }',
    'http {',
    '  access_log off;',
    ...['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(kind => `  ${kind}_temp_path ${folder}/${kind};`),
    `  include ${file};`,
    '  server {',
    `    listen 127.0.0.1:${front} backlog=2048;`,
    `    location / { proxy_pass http://$${variable}; }`,
    `    location = /refline { return 200 $${variable}_told; }`,
    '  }',
    '}',
    '',
  ].join('\n')

/** Starts nginx in front of two model servers, with all traffic on blue. */
export const startNginx = async (options: {
  readonly folder: string
  readonly app: string
  readonly ports: Readonly<Record<Slot, number>>
  readonly seconds: number
}): Promise<Nginx> => {
  const { folder, app } = options
  await mkdir(join(folder, 'weights'), { recursive: true })
  const program = await installedProgram('nginx', 'nginx-light')
  const front = await freePort()
  const file = join(folder, 'weights', `${app}.conf`)
  const main = join(folder, 'nginx.conf')
  const addresses = { blue: `127.0.0.1:${options.ports.blue}`, green: `127.0.0.1:${options.ports.green}` }
  await writeFile(file, installed(addresses.blue))
  await writeFile(main, configuration(folder, file, front))
  const argv = ['-c', main, '-p', folder]
  const daemon = startDaemon(program, argv, options.seconds)
  const status = `http://127.0.0.1:${front}/refline`
  const served = () => readServed(new URL(status), 2)
  await daemon.until('nginx answers', async () => (await served()).seq === 0)
  return {
    front,
    target: models => ({
      kind: 'nginx',
      instances: [{ file, status, test: [program, ...argv, '-t'], reload: [program, ...argv, '-s', 'reload'] }],
      slots: addresses,
      ready: { blue: `http://${addresses.blue}/healthz`, green: `http://${addresses.green}/healthz` },
      deploy: models.deployCommand,
    }),
    percent: async slot => {
      const { blueHundredths } = await served()
      return slot === 'blue' ? blueHundredths / 100 : 100 - blueHundredths / 100
    },
    remember: async () => {
      const text = await readFile(file, 'utf8')
      const { seq } = await served()
      return async () => {
        await writeFile(file, text)
        await runToEnd(program, [...argv, '-s', 'reload'])
        await daemon.until('nginx serves by what it was', async () => (await served()).seq === seq)
      }
    },
    [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose](),
  }
}
