import { type ChildProcess, spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { openSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse, parseAllDocuments } from 'yaml'
import { freePort } from '../../../scripts/free-port.ts'
import { buildKubernetes, gatewayApiVersion, goModuleFolder, kubernetesProgram } from '../../../scripts/kubernetes-programs.ts'
import { eventually } from '../eventually.ts'
import { temporaryFolder } from '../temporary.ts'
import { type Administrator, administratorOf } from './administrator.ts'
import type { ApiServer } from './api-server.ts'
import type { Json, JsonObject } from './json-patch.ts'
import type { Channel } from './schemas.ts'

const root = join(import.meta.dirname, '..', '..', '..')

/** Runs a program until the standard input ends, as it does when this process ends, however that comes. Neither of the programs looks at it. */
const whileOpen = '"$0" "$@" </dev/null 3<&- & program=$!; cat <&3 >/dev/null; kill -9 $program; wait $program'

const end = (child: ChildProcess): Promise<void> =>
  new Promise(resolve => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    child.once('exit', () => resolve())
    child.stdin?.end()
  })

/**
 * A real API server with its etcd on the loopback address, which knows no HTTPRoutes yet. Nothing runs behind it: no controllers, no nodes. Both end with the
 * scope. Building them takes minutes where that has not been done.
 */
export const startRealServer = async (): Promise<ApiServer> => {
  await buildKubernetes()
  const folder = await temporaryFolder('refline-control-plane-')
  const [client, peer, port] = [await freePort(), await freePort(), await freePort()]
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  await writeFile(folder.join('account.key'), privateKey)
  await writeFile(folder.join('account.pub'), publicKey)
  await writeFile(folder.join('tokens.csv'), 'admin,admin,admin,system:masters\nrefline,refline,refline\n')
  const log = openSync(folder.join('log'), 'a')
  const start = (program: 'etcd' | 'kube-apiserver', argv: readonly string[]) =>
    spawn('sh', ['-c', `exec 3<&0; ${whileOpen}`, kubernetesProgram(program), ...argv], { stdio: ['pipe', log, log], cwd: folder.path })
  const etcdUrl = `http://127.0.0.1:${client}`
  const peerUrl = `http://127.0.0.1:${peer}`
  const children = [
    start('etcd', [
      `--data-dir=${folder.join('etcd')}`,
      `--listen-client-urls=${etcdUrl}`,
      `--advertise-client-urls=${etcdUrl}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=default=${peerUrl}`,
      '--unsafe-no-fsync',
    ]),
    start('kube-apiserver', [
      `--etcd-servers=${etcdUrl}`,
      `--secure-port=${port}`,
      '--bind-address=127.0.0.1',
      `--cert-dir=${folder.join('certificates')}`,
      '--service-account-issuer=https://refline.invalid',
      `--service-account-signing-key-file=${folder.join('account.key')}`,
      `--service-account-key-file=${folder.join('account.pub')}`,
      '--authorization-mode=RBAC',
      `--token-auth-file=${folder.join('tokens.csv')}`,
      '--service-cluster-ip-range=10.0.0.0/24',
      '--disable-admission-plugins=ServiceAccount',
    ]),
  ]
  const stop = async () => {
    // The API server first: without its etcd it would not end.
    for (const child of children.toReversed()) await end(child)
    await folder[Symbol.asyncDispose]()
  }
  try {
    // The server signs its certificate by itself and writes it before it listens.
    const certificate = () => readFileSync(folder.join('certificates', 'apiserver.crt'), 'utf8')
    const url = `https://127.0.0.1:${port}`
    await eventually(
      'kube-apiserver is ready',
      async () => {
        await administratorOf({ url, certificate: certificate(), [Symbol.asyncDispose]: stop }).get(
          '/apis/rbac.authorization.k8s.io/v1/clusterroles/system:discovery',
        )
        return true
      },
      120,
    )
    return { url, certificate: certificate(), [Symbol.asyncDispose]: stop }
  } catch (error) {
    const said = readFileSync(folder.join('log'), 'utf8').slice(-3000)
    await stop()
    throw new Error(`the control plane did not start:\n${said}`, { cause: error })
  }
}

/** Teaches a server HTTPRoutes: the CRD as it is published. Returns when it serves them. */
export const installRoutes = async (server: ApiServer, channel: Channel): Promise<void> => {
  const administrator = administratorOf(server)
  const folder = goModuleFolder('sigs.k8s.io/gateway-api', gatewayApiVersion)
  const file = join(folder, 'config', 'crd', channel, 'gateway.networking.k8s.io_httproutes.yaml')
  await administrator.create('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', parse(readFileSync(file, 'utf8')) as Json)
  await eventually(
    'the CRD is served',
    async () => {
      await administrator.get('/apis/gateway.networking.k8s.io/v1/httproutes')
      return true
    },
    60,
  )
}

/** The rights that the documentation tells users to give, less one where a test wants that. */
export const grantDocumentedRole =
  (without?: { readonly verb: string; readonly plural: string }) =>
  async (administrator: Administrator, namespace: string): Promise<void> => {
    const page = readFileSync(join(root, 'docs', 'gateway-api.md'), 'utf8')
    const blocks = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].flatMap(([, text = '']) =>
      parseAllDocuments(text).map(part => part.toJS() as JsonObject),
    )
    const role = blocks.find(({ kind }) => kind === 'Role')
    if (role === undefined) throw new Error('docs/gateway-api.md holds no Role')
    const rules = (role.rules as { resources: string[]; verbs: string[] }[]).map(rule =>
      rule.resources.includes(without?.plural ?? '') ? { ...rule, verbs: rule.verbs.filter(verb => verb !== without?.verb) } : rule,
    )
    const base = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`
    await administrator.create(`${base}/roles`, {
      ...role,
      metadata: { name: 'refline' },
      rules: rules.filter(({ verbs }) => verbs.length > 0) as Json,
    })
    await administrator.create(`${base}/rolebindings`, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'refline' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'refline' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'refline' }],
    })
  }
