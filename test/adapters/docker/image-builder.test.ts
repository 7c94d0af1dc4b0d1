import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { dockerImageBuilder } from '../../../src/adapters/docker/image-builder.ts'
import { type TemporaryFolder, temporaryFolder } from '../../support/temporary.ts'

const id = `sha256:${'1'.repeat(64)}`
const pushed = `sha256:${'2'.repeat(64)}`

/** A program called docker that notes how it was called and does what `build` and `push` would. The engine itself is used in e2e. */
const withDocker = async (folder: TemporaryFolder, script: string): Promise<Record<string, string>> => {
  await mkdir(folder.join('bin'))
  await writeFile(
    folder.join('bin/docker'),
    `#!/usr/bin/env bash
printf '%q ' "$@" >> ${folder.path}/calls; echo >> ${folder.path}/calls
env > ${folder.path}/environment-of-$1
${script}
`,
  )
  await chmod(folder.join('bin/docker'), 0o755)
  return { PATH: `${folder.join('bin')}:${process.env.PATH}`, HOME: folder.path, INPUT_TOKEN: 'ghs_secret', GITHUB_TOKEN: 'ghs_secret' }
}

const working = `case $1 in
  version) echo 29.0 ;;
  build) echo "step 1"; printf '${id}' > "$3" ;;
  login) cat > ${'$'}DOCKER_CONFIG/read-password ;;
  push) cat ${'$'}DOCKER_CONFIG/read-password 2>/dev/null > ${'$'}HOME/password-seen; echo "v3: digest: ${pushed} size: 1234" ;;
esac`

const request = { context: '/context', name: 'ghcr.io/acme/churn', tags: ['v3'], labels: { 'refline.run': 'a b; $(id)' }, push: false }

describe('the docker program', () => {
  it('builds with labels as arguments and gives the local id', async () => {
    await using folder = await temporaryFolder()
    const lines: string[] = []
    const environment = await withDocker(folder, working)
    const builder = dockerImageBuilder({ environment, onLine: line => lines.push(line), login: null })
    expect(await builder.unavailable()).toBeNull()
    expect(await builder.build(request)).toEqual({ image: id, digest: id })
    expect(lines).toEqual(['step 1'])
    const calls = await readFile(folder.join('calls'), 'utf8')
    expect(calls).toMatch(/^build --iidfile \S+ --tag ghcr.io\/acme\/churn:v3 --label refline.run=a\\ b\\;\\ \\\$\\\(id\\\) \/context/m)
    expect(await readFile(folder.join('environment-of-build'), 'utf8')).not.toContain('ghs_secret')
  })
  it('pushes under a name with the digest; the password goes in by standard input and is gone afterwards', async () => {
    await using folder = await temporaryFolder()
    const environment = await withDocker(folder, working)
    const login = { registry: 'ghcr.io', user: 'ada', password: 'ghs_secret' }
    const builder = dockerImageBuilder({ environment, onLine: () => {}, login })
    expect(await builder.build({ ...request, push: true })).toEqual({ image: `ghcr.io/acme/churn@${pushed}`, digest: pushed })
    const calls = await readFile(folder.join('calls'), 'utf8')
    expect(calls).toContain('login ghcr.io --username ada --password-stdin')
    expect(calls).not.toContain('ghs_secret')
    expect(await readFile(folder.join('password-seen'), 'utf8')).toBe('ghs_secret')
    const config = /^DOCKER_CONFIG=(.*)$/m.exec(await readFile(folder.join('environment-of-push'), 'utf8'))?.[1] ?? ''
    await expect(readFile(`${config}/read-password`)).rejects.toThrow(/ENOENT/)
  })
  it('says what failed, with its last line', async () => {
    await using folder = await temporaryFolder()
    const environment = await withDocker(folder, 'echo "no space left" >&2; exit 1')
    const builder = dockerImageBuilder({ environment, onLine: () => {}, login: null })
    await expect(builder.build(request)).rejects.toThrow('docker build failed with exit code 1: no space left')
    expect(await builder.unavailable()).toBe('no Docker Engine: no space left')
  })
  it('says when there is no such program', async () => {
    await using folder = await temporaryFolder()
    const builder = dockerImageBuilder({ environment: { PATH: folder.path }, onLine: () => {}, login: null })
    expect(await builder.unavailable()).toBe('no Docker Engine: there is no docker program')
  })
  it('does not take a push for done that told no digest', async () => {
    await using folder = await temporaryFolder()
    const environment = await withDocker(folder, `[ $1 = build ] && printf '${id}' > "$3"; true`)
    const builder = dockerImageBuilder({ environment, onLine: () => {}, login: null })
    await expect(builder.build({ ...request, push: true })).rejects.toThrow(/told no digest/)
  })
})
