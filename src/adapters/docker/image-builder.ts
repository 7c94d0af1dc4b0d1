import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UserError } from '../../core/errors.ts'
import type { ImageBuilder } from '../../ports/image-builder.ts'

const askSeconds = 20
const buildSeconds = 3600
const pushSeconds = 1800
const keptCharacters = 65_536

interface DockerSettings {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Called for each line the engine prints; the line is untrusted. */
  readonly onLine: (line: string) => void
  /** Called around the build and around the push of all tags. */
  readonly onBoundary?: (step: 'build' | 'push', moment: 'before' | 'after') => void
  /** Credentials for pushing to a registry that is not logged in to; the password goes in by standard input. */
  readonly login: { readonly registry: string; readonly user: string; readonly password: string } | null
}

interface DockerResult {
  readonly code: number | null
  readonly output: string
}

/** Builds and pushes images with the `docker` program, which is driven by arguments and never by a shell. */
export const dockerImageBuilder = (settings: DockerSettings): ImageBuilder => {
  const own = Object.fromEntries(
    Object.entries(settings.environment).filter(([name]) => !/^(INPUT_|STATE_|ACTIONS_|GIT_CONFIG_|GITHUB_)/.test(name)),
  )
  const docker = (
    argv: readonly string[],
    seconds: number,
    options: { readonly input?: string; readonly config?: string; readonly quiet?: boolean } = {},
  ) =>
    new Promise<DockerResult>((resolve, reject) => {
      const child = spawn('docker', argv, {
        env: { ...own, ...(options.config === undefined ? {} : { DOCKER_CONFIG: options.config }) },
        stdio: ['pipe', 'pipe', 'pipe'],
        timeout: seconds * 1000,
        killSignal: 'SIGKILL',
      })
      let output = ''
      let pending = ''
      const take = (chunk: Buffer) => {
        const text = chunk.toString('utf8')
        output = (output + text).slice(-keptCharacters)
        if (options.quiet === true) return
        const lines = (pending + text).split('\n')
        pending = (lines.pop() ?? '').slice(-keptCharacters)
        for (const line of lines) settings.onLine(line)
      }
      child.stdout.on('data', take)
      child.stderr.on('data', take)
      child.stdin.on('error', () => {})
      child.stdin.end(options.input ?? '')
      child.on('error', reject)
      child.on('close', code => resolve({ code, output }))
    })

  const must = async (
    what: string,
    argv: readonly string[],
    seconds: number,
    options: Parameters<typeof docker>[2] = {},
  ): Promise<string> => {
    const result = await docker(argv, seconds, options)
    if (result.code === 0) return result.output
    const last = result.output.trim().split('\n').at(-1) ?? ''
    throw new UserError(
      `${what} failed${result.code === null ? ` after its limit of ${seconds} s` : ` with exit code ${result.code}`}: ${last}`,
    )
  }

  const push = async (references: readonly string[], id: string): Promise<string> => {
    const { login } = settings
    const config = login === null ? undefined : await mkdtemp(join(tmpdir(), 'refline-docker-'))
    try {
      const options = config === undefined ? {} : { config }
      if (login !== null)
        await must(`docker login ${login.registry}`, ['login', login.registry, '--username', login.user, '--password-stdin'], askSeconds, {
          ...options,
          input: login.password,
          quiet: true,
        })
      let digest: string | null = null
      for (const reference of references) {
        const output = await must(`docker push ${reference}`, ['push', reference], pushSeconds, options)
        digest = /digest: (sha256:[0-9a-f]{64})/.exec(output)?.[1] ?? digest
      }
      if (digest === null) throw new UserError(`docker push of ${id} told no digest, so what was pushed cannot be named`)
      return digest
    } finally {
      if (config !== undefined) await rm(config, { recursive: true, force: true })
    }
  }

  return {
    unavailable: async () => {
      try {
        const { code, output } = await docker(['version', '--format', '{{.Server.Version}}'], askSeconds, { quiet: true })
        return code === 0 ? null : `no Docker Engine: ${output.trim().split('\n').at(-1) ?? 'docker version failed'}`
      } catch (error) {
        return `no Docker Engine: ${error instanceof Error && 'code' in error && error.code === 'ENOENT' ? 'there is no docker program' : String(error)}`
      }
    },
    build: async request => {
      const work = await mkdtemp(join(tmpdir(), 'refline-image-'))
      try {
        const identity = join(work, 'id')
        const references = request.tags.map(tag => `${request.name}:${tag}`)
        const argv = [
          'build',
          '--iidfile',
          identity,
          ...references.flatMap(reference => ['--tag', reference]),
          ...Object.entries(request.labels).flatMap(([name, value]) => ['--label', `${name}=${value}`]),
          request.context,
        ]
        settings.onBoundary?.('build', 'before')
        await must('docker build', argv, buildSeconds)
        settings.onBoundary?.('build', 'after')
        const id = (await readFile(identity, 'utf8')).trim()
        if (!request.push) return { image: id, digest: id }
        settings.onBoundary?.('push', 'before')
        const digest = await push(references, id)
        settings.onBoundary?.('push', 'after')
        return { image: `${request.name}@${digest}`, digest }
      } finally {
        await rm(work, { recursive: true, force: true })
      }
    },
  }
}
