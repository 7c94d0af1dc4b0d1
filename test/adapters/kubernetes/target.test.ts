import { existsSync, readFileSync } from 'node:fs'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { gatewayApiTarget } from '../../../src/adapters/kubernetes/target.ts'
import { systemClock } from '../../../src/adapters/runner/clock.ts'
import { temporaryFolder } from '../../support/temporary.ts'

const settings = {
  kubectl: { folder: '/', environment: { PATH: process.env.PATH } },
  namespace: 'models',
  route: 'churn',
  slots: { blue: 'churn-blue', green: 'churn-green' },
  deploy: async () => undefined,
  clock: systemClock,
}

describe('names', () => {
  it.each([
    [{ namespace: '--all-namespaces' }, 'target.namespace "--all-namespaces" cannot be the name'],
    [{ route: 'churn; rm -rf /' }, 'target.route "churn; rm -rf /" cannot be the name'],
    [{ slots: { blue: 'a', green: '../b' } }, 'target.slots.green "../b" cannot be the name'],
    [{ slots: { blue: 'a', green: 'a' } }, 'target.slots: blue and green are the same, a'],
    [{ deployments: { blue: 'A', green: 'b' } }, 'target.deployments.blue "A" cannot be the name'],
    [{ deployments: { blue: 'b', green: 'b' } }, 'target.deployments: blue and green are the same, b'],
  ])('%j is refused', (wrong, message) => {
    expect(() => gatewayApiTarget({ ...settings, ...wrong })).toThrow(message)
  })
})

/** A program that stands where kubectl is looked for. */
const programOf = async (folder: { join(...parts: readonly string[]): string }, lines: readonly string[]) => {
  const path = folder.join('kubectl')
  await writeFile(path, `#!/bin/sh\n${lines.join('\n')}\n`)
  await chmod(path, 0o755)
  return path
}

describe('a kubectl that is not as it should be', () => {
  it.each([
    [['echo not JSON'], 'kubectl answered no JSON for'],
    [['echo "{}"'], 'HTTPRoute models/churn is not an HTTPRoute of version v1 as expected'],
    [['exit 3'], 'it said nothing'],
    [['echo "error: tls: x509: certificate has expired" >&2; exit 1'], 'x509: certificate has expired'],
  ])('%j', async (lines, message) => {
    await using folder = await temporaryFolder()
    const program = await programOf(folder, lines)
    await expect(gatewayApiTarget({ ...settings, kubectl: { ...settings.kubectl, program } }).read()).rejects.toThrow(message)
  })

  it('is found on the PATH that it is given, and gets that environment and nothing else', async () => {
    await using folder = await temporaryFolder()
    await programOf(folder, [`env >${folder.join('seen')}`, 'exit 1'])
    const kubectl = { folder: folder.path, environment: { PATH: `${folder.path}:${process.env.PATH}`, KUBECONFIG: 'here' } }
    await expect(gatewayApiTarget({ ...settings, kubectl }).read()).rejects.toThrow('kubectl could not get')
    const seen = (await readFile(folder.join('seen'), 'utf8')).split('\n')
    expect(seen).toContain('KUBECONFIG=here')
    expect(seen).toContain('LC_ALL=C')
    expect(seen.filter(line => /^(HOME|GITHUB_|INPUT_|VITEST)/.test(line))).toEqual([])
  })

  it('is ended with everything that it started where it does not end in time', async () => {
    await using folder = await temporaryFolder()
    const program = await programOf(folder, [`sleep 300 & echo $! >${folder.join('pid')}`, 'wait'])
    const kubectl = { ...settings.kubectl, program, answerSeconds: 0.2, startSeconds: 1 }
    await expect(gatewayApiTarget({ ...settings, kubectl }).verify('green', 5)).rejects.toThrow('kubectl did not end within 1.2 s')
    const pid = (await readFile(folder.join('pid'), 'utf8')).trim()
    await expect.poll(() => existsSync(`/proc/${pid}/fd`) && readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[2] !== 'Z').toBe(false)
  })
})
