import { spawn } from 'node:child_process'
import { UserError } from '../../core/errors.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Operation } from './patch.ts'
import { type Asked, type Refusal, refusalInWords, refusalOf } from './refusals.ts'

export interface KubectlSettings {
  /** The program; `kubectl` on the PATH by default. */
  readonly program?: string
  /** Context of the kubeconfig; the present one by default. */
  readonly context?: string
  /** Path of the kubeconfig; what kubectl itself takes by default. */
  readonly kubeconfig?: string
  /** Where kubectl runs: relative paths in `kubeconfig` and KUBECONFIG start here. */
  readonly folder: string
  /** The environment that kubectl and the credential programs it starts get, already without what is not for them. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  /** Seconds within which the API server must answer one request. */
  readonly answerSeconds?: number
  /** Seconds that starting kubectl and logging in may take on top of that. */
  readonly startSeconds?: number
}

/** The objects that are read and written, by the name that the server has for them. */
export const resources = {
  route: { name: 'httproutes.gateway.networking.k8s.io', path: '/apis/gateway.networking.k8s.io/v1', plural: 'httproutes' },
  deployment: { name: 'deployments.apps', path: '/apis/apps/v1', plural: 'deployments' },
  endpoints: { name: 'endpointslices.discovery.k8s.io', path: '/apis/discovery.k8s.io/v1', plural: 'endpointslices' },
} as const
export type Resource = keyof typeof resources

export interface Kubectl {
  /** Where it leads, for plans and errors. */
  readonly where: string
  /** An object; null where there is none of this name. */
  get(resource: Resource, namespace: string, name: string): Promise<unknown>
  /** The list of the objects that carry a label. */
  list(resource: Resource, namespace: string, label: { readonly key: string; readonly value: string }): Promise<unknown>
  /** Applies a JSON Patch as field manager `refline` and answers with the object as it is then, or why not. What was not answered may have been done or not. */
  patch(
    resource: Resource,
    namespace: string,
    name: string,
    operations: readonly Operation[],
  ): Promise<{ readonly object: unknown } | { readonly refused: Refusal }>
}

/** Answers of the server are objects of at most 1.5 MB; lists are of a few of them. */
const largestAnswer = 16_777_216

const readAttempts = 3
const pauseMilliseconds = 500

type Answer = { readonly output: string } | { readonly refused: Refusal }

/**
 * Drives the `kubectl` program, which knows every way to log in to a cluster. It is started without a shell and without standard input; no secret is ever an
 * argument. Reads go by `--raw`, so they need no discovery and answer the same from every version of kubectl.
 */
export const kubectlProgram = (settings: KubectlSettings): Kubectl => {
  const program = settings.program ?? 'kubectl'
  const seconds = settings.answerSeconds ?? 10
  const where = settings.context === undefined ? 'the cluster of the present kubectl context' : `the cluster of context ${settings.context}`
  const common = [
    ...(settings.kubeconfig === undefined ? [] : [`--kubeconfig=${settings.kubeconfig}`]),
    ...(settings.context === undefined ? [] : [`--context=${settings.context}`]),
    `--request-timeout=${Math.round(seconds * 1000)}ms`,
  ]

  const run = (argv: readonly string[]): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const child = spawn(program, [...argv, ...common], {
        cwd: settings.folder,
        // kubectl translates what it says.
        env: { ...settings.environment, LC_ALL: 'C' },
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
      })
      const parts = { out: [] as Buffer[], err: [] as Buffer[] }
      let bytes = 0
      let stopped: string | null = null
      const stop = (why: string) => {
        stopped ??= why
        try {
          // The programs that it starts to log in belong to its group.
          if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
        } catch {
          // The group has ended already.
        }
        child.stdout.destroy()
        child.stderr.destroy()
      }
      const limit = seconds + (settings.startSeconds ?? 20)
      const timer = setTimeout(() => stop(`kubectl did not end within ${limit} s`), limit * 1000)
      const take = (to: Buffer[]) => (chunk: Buffer) => {
        to.push(chunk)
        bytes += chunk.length
        if (bytes > largestAnswer) stop(`kubectl printed more than ${largestAnswer} bytes`)
      }
      child.stdout.on('data', take(parts.out))
      child.stderr.on('data', take(parts.err))
      child.on('error', cause => {
        clearTimeout(timer)
        const missing = 'code' in cause && cause.code === 'ENOENT'
        reject(
          new UserError(
            missing
              ? `there is no program ${program} on the PATH, or no folder ${settings.folder}: install kubectl in an earlier step (hosted runners have it)`
              : `cannot start ${program}: ${cause.message}`,
            { cause },
          ),
        )
      })
      child.on('close', code => {
        clearTimeout(timer)
        if (stopped !== null) return resolve({ refused: { kind: 'unanswered', words: stopped } })
        if (code === 0) return resolve({ output: Buffer.concat(parts.out).toString('utf8') })
        resolve({ refused: refusalOf(Buffer.concat(parts.err).toString('utf8')) })
      })
    })

  const objectOf = (output: string, asked: string): unknown => {
    try {
      return JSON.parse(output)
    } catch (cause) {
      throw new UserError(`kubectl answered no JSON for ${asked} in ${where}`, { cause })
    }
  }
  /** Reads are asked again where there was no answer, as long as that does not take longer than one answer may. */
  const read = async (path: string, asked: Asked): Promise<unknown> => {
    const began = settings.clock.now()
    const isLate = () => settings.clock.now() - began >= seconds * 1000
    for (let attempt = 1; ; attempt++) {
      const answer = await run(['get', '--raw', path])
      if ('output' in answer) return objectOf(answer.output, path)
      if (answer.refused.kind === 'missing') return null
      if (answer.refused.kind !== 'unanswered' || attempt >= readAttempts || isLate()) throw refusalInWords(answer.refused, asked, where)
      await settings.clock.sleep(pauseMilliseconds * attempt)
    }
  }
  const pathOf = (resource: Resource, namespace: string, rest: string) =>
    `${resources[resource].path}/namespaces/${encodeURIComponent(namespace)}/${resources[resource].plural}${rest}`

  return {
    where,
    get: (resource, namespace, name) =>
      read(pathOf(resource, namespace, `/${encodeURIComponent(name)}`), {
        verb: 'get',
        resource: resources[resource].name,
        name,
        namespace,
      }),
    list: (resource, namespace, { key, value }) =>
      read(pathOf(resource, namespace, `?labelSelector=${encodeURIComponent(`${key}=${value}`)}`), {
        verb: 'list',
        resource: resources[resource].name,
        name: value,
        namespace,
      }),
    patch: async (resource, namespace, name, operations) => {
      const { name: kind } = resources[resource]
      const [plural = '', ...group] = kind.split('.')
      const answer = await run([
        'patch',
        `${plural}.v1.${group.join('.')}`,
        name,
        `--namespace=${namespace}`,
        '--type=json',
        '--field-manager=refline',
        '--output=json',
        `--patch=${JSON.stringify(operations)}`,
      ])
      return 'output' in answer ? { object: objectOf(answer.output, `the patch of ${kind}`) } : answer
    },
  }
}
