/**
 * `npm run test:e2e`: brings act, HAProxy, Prometheus, the Docker Engine and a registry where they are missing (Debian and Ubuntu), starts what has to run, runs the
 * tests of test/e2e, and ends what it started. Everything listens on the loopback address or on a socket of its own.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { endAllChildren, runToEnd, startChild } from './demo/children.ts'
import { freePort } from './free-port.ts'
import { goToolPath, installGoTool } from './go-tools.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const isRoot = process.getuid?.() === 0
const environment: NodeJS.ProcessEnv = {
  ...process.env,
  // Daemons and HAProxy live in sbin, which not every user's PATH has.
  PATH: [dirname(goToolPath('act')), dirname(process.execPath), process.env.PATH, '/usr/sbin', '/sbin'].join(delimiter),
}

class Missing extends Error {}

const daemons: ChildProcess[] = []

const find = async (program: string): Promise<boolean> =>
  (environment.PATH ?? '').split(delimiter).some(folder => existsSync(join(folder, program)))

const must = async (what: string, command: string, argv: readonly string[], seconds: number, env = environment): Promise<void> => {
  console.log(`e2e: ${what}`)
  const done = await runToEnd(command, argv, { env, seconds })
  if (done.code !== 0) throw new Missing(`${what} failed; install it yourself and start again:\n${done.output.slice(-2000)}`)
}

const elevated = (argv: readonly string[]): readonly [string, readonly string[]] =>
  isRoot ? [argv[0] ?? '', argv.slice(1)] : ['sudo', ['-n', ...argv]]

const aptInstall = async (packages: readonly string[]): Promise<void> => {
  if (!(await find('apt-get')))
    throw new Missing(`Missing: ${packages.join(', ')}. This script can install them on Debian and Ubuntu only.`)
  const env = { ...environment, DEBIAN_FRONTEND: 'noninteractive' }
  await must('apt-get update', ...elevated(['apt-get', 'update', '-q']), 180, env)
  const install = ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', 'install', '-y', '-q', '--no-install-recommends', ...packages]
  await must(`apt-get install ${packages.join(' ')}`, ...elevated(install), 400, env)
}

const engineAnswers = async (): Promise<boolean> =>
  (await runToEnd('docker', ['version', '--format', '{{.Server.Version}}'], { env: environment, seconds: 20 })).code === 0

const installMissing = async (): Promise<void> => {
  const packages: string[] = []
  if (!(await find('haproxy'))) packages.push('haproxy')
  if (!(await find('prometheus'))) packages.push('prometheus')
  if (!(await find('nginx'))) packages.push('nginx-light')
  if (!(await find('docker-registry'))) packages.push('docker-registry')
  if (!(await find('debootstrap'))) packages.push('debootstrap')
  // What debootstrap checks Debian's signatures with; Ubuntu has it in a package of its own.
  if (!existsSync('/usr/share/keyrings/debian-archive-keyring.gpg')) packages.push('debian-archive-keyring')
  if (!(await find('docker')) || (!(await find('dockerd')) && !(await engineAnswers()))) packages.push('docker.io')
  if (!(await find('act')) && !(await find('go'))) packages.push('golang-go')
  if (packages.length > 0) await aptInstall(packages)
  if (await find('act')) return
  console.log('e2e: go install act')
  const missing = installGoTool('act', environment.PATH)
  if (missing !== null) throw new Missing(`${missing}; install act yourself and start again.`)
}

const until = async (what: string, seconds: number, condition: () => Promise<boolean>): Promise<void> => {
  for (const end = Date.now() + seconds * 1000; !(await condition()); ) {
    if (Date.now() > end) throw new Missing(`${what} did not answer within ${seconds} s`)
    await new Promise(resolve => setTimeout(resolve, 200))
  }
}

/** A Docker Engine of our own where none answers: no bridge and no firewall rules, so that it needs and changes nothing of the network. */
const startEngine = async (folder: string): Promise<void> => {
  if (await engineAnswers()) return
  if (!isRoot) throw new Missing('No Docker Engine answers, and only root can start one.')
  const socket = `unix://${join(folder, 'docker.sock')}`
  const log = openSync(join(folder, 'dockerd.log'), 'w')
  const argv = [
    '--host',
    socket,
    '--data-root',
    join(folder, 'data'),
    '--exec-root',
    join(folder, 'exec'),
    '--pidfile',
    join(folder, 'pid'),
  ]
  const alone = ['--iptables=false', '--ip6tables=false', '--bridge=none']
  daemons.push(startChild('dockerd', [...argv, ...alone], { env: environment, stdio: ['pipe', log, log] }))
  environment.DOCKER_HOST = socket
  await until('dockerd', 60, engineAnswers).catch(error => {
    throw new Missing(`${(error as Error).message}:\n${readFileSync(join(folder, 'dockerd.log'), 'utf8').slice(-2000)}`)
  })
}

const startRegistry = async (folder: string): Promise<void> => {
  const address = `127.0.0.1:${await freePort()}`
  const settings = join(folder, 'registry.yml')
  const storage = join(folder, 'registry')
  writeFileSync(settings, `version: 0.1\nstorage: { filesystem: { rootdirectory: ${storage} } }\nhttp: { addr: ${address} }\n`)
  const log = openSync(join(folder, 'registry.log'), 'w')
  daemons.push(startChild('docker-registry', ['serve', settings], { env: environment, stdio: ['pipe', log, log] }))
  await until('docker-registry', 30, () =>
    fetch(`http://${address}/v2/`).then(
      response => response.ok,
      () => false,
    ),
  )
  environment.REFLINE_E2E_REGISTRY = address
}

const runTests = (): Promise<number> =>
  new Promise(resolve => {
    const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
    const argv = [vitest, 'run', '--config', join(root, 'vitest.e2e.config.ts'), ...process.argv.slice(2)]
    const child = spawn(process.execPath, argv, { cwd: root, env: environment, stdio: 'inherit' })
    child.once('close', code => resolve(code ?? 1))
  })

/** The engine leaves a mount of its own behind. */
const unmountBelow = async (path: string): Promise<void> => {
  if (!existsSync('/proc/mounts')) return
  const points = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map(line => line.split(' ')[1] ?? '')
  for (const point of points.filter(mounted => mounted.startsWith(`${path}/`)).reverse()) await runToEnd('umount', [point], { seconds: 20 })
}

const folder = mkdtempSync(join(tmpdir(), 'refline-e2e-services-'))
const leave = async (code: number): Promise<never> => {
  // They do not look at their standard input.
  for (const daemon of daemons) daemon.kill('SIGTERM')
  await endAllChildren(20)
  await unmountBelow(folder)
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  process.exit(code)
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void leave(130))
try {
  if (!existsSync(join(root, 'dist', 'train.js'))) throw new Missing('dist/ is not built: run `npm run build`.')
  await installMissing()
  await startEngine(folder)
  await startRegistry(folder)
  await leave(await runTests())
} catch (error) {
  console.error(error instanceof Missing ? error.message : error)
  await leave(error instanceof Missing ? 2 : 1)
}
