import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { root } from './actions.ts'
import { runToEnd } from './demo/children.ts'

const module = join(root, 'test', 'support', 'kubernetes', 'control-plane')
const programs = ['etcd', 'kube-apiserver', 'kubectl'] as const

export type KubernetesProgram = (typeof programs)[number]

/** Version of Kubernetes that the long lane runs against, as its module names it. */
export const kubernetesVersion = (): string => {
  const version = /^\s*k8s\.io\/kubernetes (v\S+)$/m.exec(readFileSync(join(module, 'go.mod'), 'utf8'))?.[1]
  if (version === undefined) throw new Error(`${module}/go.mod does not require k8s.io/kubernetes`)
  return version
}

/** Version of the Gateway API whose schemas and CRDs are used. */
export const gatewayApiVersion = 'v1.6.3'

const folder = () => join(root, 'node_modules', '.cache', 'refline-tools', `kubernetes-${kubernetesVersion()}`)

/** Where a program is once `buildKubernetes` has built it; like other tools in Go below node_modules, with a folder per version. */
export const kubernetesProgram = (program: KubernetesProgram): string => join(folder(), program)

const goEnvironment = { ...process.env, GOTOOLCHAIN: 'auto', GOFLAGS: '' }
const hasGo = () => (process.env.PATH ?? '').split(delimiter).some(part => existsSync(join(part, 'go')))

/**
 * Builds API server, etcd and kubectl where that has not been done: about 5 minutes on two cores, less than one where Go's own cache has them. Rejects with what
 * Go said where it fails.
 */
export const buildKubernetes = async (): Promise<void> => {
  if (programs.every(program => existsSync(kubernetesProgram(program)))) return
  if (!hasGo()) throw new Error('the control plane of Kubernetes is built with Go 1.26 or newer, which is not installed')
  mkdirSync(folder(), { recursive: true })
  const argv = ['build', '-mod=readonly', '-trimpath', '-ldflags=-s -w', '-o', `${folder()}/`, ...programs.map(program => `./${program}`)]
  const built = await runToEnd('go', argv, { cwd: module, env: goEnvironment, seconds: 1800 })
  if (built.code !== 0) throw new Error(`go build of Kubernetes failed: ${built.output.trim().slice(-2000)}`)
}

/** The folder of a published Go module, which Go's own client downloads where it is not there. */
export const goModuleFolder = (module: string, version: string): string => {
  if (!hasGo()) throw new Error(`${module} is downloaded by Go, which is not installed`)
  const done = spawnSync('go', ['mod', 'download', '-json', `${module}@${version}`], {
    cwd: root,
    env: goEnvironment,
    encoding: 'utf8',
    timeout: 600_000,
    maxBuffer: 16_777_216,
  })
  if (done.status !== 0) throw new Error(`go mod download ${module}@${version} failed: ${(done.stdout + done.stderr).slice(-1000)}`)
  return (JSON.parse(done.stdout) as { readonly Dir: string }).Dir
}
