import { execFile } from 'node:child_process'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { freePort } from '../../../scripts/free-port.ts'
import { type NginxTargetSettings, nginxTarget } from '../../../src/adapters/nginx/target.ts'
import { systemClock } from '../../../src/adapters/runner/clock.ts'
import { UserError } from '../../../src/core/errors.ts'
import type { Slot } from '../../../src/core/lineage/events.ts'
import { eventually } from '../../support/eventually.ts'
import { installedProgram } from '../../support/installed-program.ts'
import { type ModelServer, modelServer } from '../../support/model-server.ts'
import { pauseOrGoOn } from '../../support/paused-process.ts'
import type { TargetWorld } from '../../support/target-contract.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { startTestDaemon } from '../../support/test-daemon.ts'

const run = promisify(execFile)

export const nginxProgram = (): Promise<string> => installedProgram('nginx', 'nginx-light')

/** The file as `docs/targets.md` has it installed before anything is told: blue has all traffic. */
export const installedFile = `split_clients "$request_id" $refline_churn {
    * "churn_blue";
}
map "" $refline_churn_told {
    default "refline seq=0 blue=100.00 green=0.00 pid=$pid";
}
`

/** One real nginx. */
export interface RunningNginx {
  readonly folder: string
  readonly file: string
  readonly front: string
  readonly status: URL
  readonly configuration: string
  readonly master: number
  /** The program with this configuration: `-t`, or `-s reload`. */
  control(...argv: readonly string[]): Promise<void>
  /** Blue's share by the file as somebody else reads it. */
  sharesInFile(): Promise<Record<Slot, number>>
  /** Somebody writes the file and reloads; returns when only new workers answer. */
  replace(text: string): Promise<void>
  workers(): Promise<readonly number[]>
}

export interface NginxWorld extends TargetWorld {
  readonly instance: readonly RunningNginx[]
  readonly models: Readonly<Record<Slot, ModelServer>>
  targetOf(settings: Partial<NginxTargetSettings>): ReturnType<typeof nginxTarget>
}

const configurationOf = (
  at: { readonly folder: string; readonly file: string; readonly port: number },
  ports: Readonly<Record<Slot, number>>,
) => `pid ${at.folder}/nginx.pid;
error_log ${at.folder}/error.log notice;
worker_processes 2;
daemon off;
events { worker_connections 128; }
http {
  access_log off;
  client_body_temp_path ${at.folder}/body; proxy_temp_path ${at.folder}/proxy; fastcgi_temp_path ${at.folder}/fastcgi;
  uwsgi_temp_path ${at.folder}/uwsgi; scgi_temp_path ${at.folder}/scgi;
  upstream churn_blue { server 127.0.0.1:${ports.blue}; }
  upstream churn_green { server 127.0.0.1:${ports.green}; }
  include ${at.file};
  server {
    listen 127.0.0.1:${at.port};
    location / { proxy_pass http://$refline_churn; }
    location = /refline/churn { allow 127.0.0.1; deny all; return 200 $refline_churn_told; }
  }
}
`

/** Two nginx before two model servers. */
export const nginxWorld = async ({ instances = 2 }: { readonly instances?: number } = {}): Promise<NginxWorld> => {
  const program = await nginxProgram()
  const stack = new AsyncDisposableStack()
  const root = stack.use(await temporaryFolder('refline-nginx-'))
  const models = { blue: stack.use(await modelServer('blue')), green: stack.use(await modelServer('green')) }

  const start = async (name: string): Promise<RunningNginx> => {
    const folder = root.join(name)
    await mkdir(`${folder}/weights`, { recursive: true })
    const [port, file, configuration] = [await freePort(), `${folder}/weights/churn.conf`, `${folder}/nginx.conf`]
    await writeFile(file, installedFile)
    await writeFile(configuration, configurationOf({ folder, file, port }, { blue: models.blue.port, green: models.green.port }))
    const master = stack.use(startTestDaemon(program, ['-c', configuration, '-p', folder]))
    const workers = async () =>
      (await readFile(`/proc/${master.pid}/task/${master.pid}/children`, 'utf8')).trim().split(/\s+/).filter(Boolean).map(Number)
    const status = new URL(`http://127.0.0.1:${port}/refline/churn`)
    await eventually(
      () => `nginx ${name}: ${master.output()}`,
      async () => {
        if (master.hasEnded()) throw new Error(`nginx ended: ${master.output()}`)
        return (await fetch(status)).ok && (await workers()).length === 2
      },
    )
    const control = async (...argv: readonly string[]) => {
      await run(program, ['-c', configuration, '-p', folder, ...argv]).catch((error: { readonly stderr: string }) => {
        throw new UserError(`nginx ${argv.join(' ')} failed: ${error.stderr.replace(/\s+/g, ' ').slice(0, 300)}`)
      })
    }
    return {
      folder,
      file,
      front: `127.0.0.1:${port}`,
      status,
      configuration,
      master: master.pid,
      control,
      workers,
      sharesInFile: async () => {
        const text = await readFile(file, 'utf8')
        const [, explicit] = /([\d.]+)%\s+"?churn_blue/.exec(text) ?? []
        const blue = explicit === undefined ? (/\*\s+"?churn_blue/.test(text) ? 100 : 0) : Number(explicit)
        return { blue, green: 100 - blue }
      },
      replace: async text => {
        const before = new Set(await workers())
        await writeFile(file, text)
        await control('-s', 'reload')
        await eventually(`nginx ${name} has new workers`, async () => {
          const now = await workers()
          return now.length === 2 && now.every(worker => !before.has(worker))
        })
      },
    }
  }

  const instance = await Promise.all(['one', 'two'].slice(0, instances).map(start))
  const targetOf = (settings: Partial<NginxTargetSettings>) =>
    nginxTarget({
      instances: instance.map(({ file, status, control }) => ({
        file,
        status,
        test: () => control('-t'),
        reload: () => control('-s', 'reload'),
      })),
      split: { variable: 'refline_churn', slots: { blue: 'churn_blue', green: 'churn_green' }, by: '$request_id' },
      ready: { blue: new URL(`http://127.0.0.1:${models.blue.port}/`), green: new URL(`http://127.0.0.1:${models.green.port}/`) },
      deploy: async () => undefined,
      clock: systemClock,
      readySeconds: 5,
      ...settings,
    })
  const settingsOf = ({ file, status, control }: RunningNginx) => ({
    file,
    status,
    test: () => control('-t'),
    reload: () => control('-s', 'reload'),
  })
  const away = new Set<number>()
  const [first] = instance as [RunningNginx]

  return {
    instance,
    models,
    instances: instance.length,
    grain: 0.005,
    targetOf,
    target: ({ seconds } = {}) => targetOf(seconds === undefined ? {} : { answerSeconds: seconds, readySeconds: seconds }),
    misnamed: () => ({
      file: targetOf({ instances: [{ ...settingsOf(first), file: `${first.folder}/nowhere/churn.conf` }] }),
      status: targetOf({ instances: [{ ...settingsOf(first), status: new URL(`http://${first.front}/other`) }] }),
      slot: targetOf({ split: { variable: 'refline_churn', slots: { blue: 'churn_red', green: 'churn_green' }, by: '$request_id' } }),
    }),
    shares: slot =>
      Promise.all(
        instance.map(async (nginx, index) => {
          if (away.has(index)) return Number.NaN
          const share = (await nginx.sharesInFile())[slot]
          if (share !== 0 && share !== 100) return share
          // What nobody or everybody gets can be seen by few requests.
          const answers = await Promise.all(Array.from({ length: 10 }, async () => (await fetch(`http://${nginx.front}/`)).text()))
          return (answers.filter(answer => answer === slot).length / answers.length) * 100
        }),
      ),
    moveByHand: async (slot, percent, only) => {
      const blue = slot === 'blue' ? percent : 100 - percent
      for (const [index, nginx] of instance.entries())
        if (only === undefined || only === index)
          await nginx.replace(
            (await readFile(nginx.file, 'utf8')).replace(
              /(split_clients[^{]*\{)[^}]*\}/,
              `$1\n  ${blue}% churn_blue;\n  * churn_green;\n}`,
            ),
          )
    },
    takeAway: async index => {
      const folder = `${instance[index]?.folder}/weights`
      await rename(folder, `${folder}.away`)
      away.add(index)
      return async () => {
        away.delete(index)
        await rename(`${folder}.away`, folder)
      }
    },
    silence: async () => {
      // The master as well: it would start new workers, and those answer.
      const stopped = [...instance.map(({ master }) => master), ...(await Promise.all(instance.map(nginx => nginx.workers()))).flat()]
      for (const worker of stopped) await pauseOrGoOn(worker, 'SIGSTOP')
      return async () => {
        for (const worker of stopped) process.kill(worker, 'SIGCONT')
      }
    },
    forget: async only => {
      await Promise.all(instance.filter((_, index) => only === undefined || only === index).map(nginx => nginx.replace(installedFile)))
    },
    slotDown: async slot => {
      await models[slot].stop()
      return () => models[slot].start()
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}
