import { chmod, readFile, writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { gatewayApiTargetOf } from '../../../src/actions/traffic/gateway-api-target.ts'
import { systemClock } from '../../../src/adapters/runner/clock.ts'
import { temporaryFolder } from '../../support/temporary.ts'

const command = { kind: 'gateway-api', deploy: 'true' } as const
const around = { clock: systemClock, log: { info: () => undefined }, deploy: async () => undefined }

describe('the target gateway-api of refline.yml', () => {
  it('has the names of model and slot filled in, and its kubectl an environment without what could write to GitHub', async () => {
    await using folder = await temporaryFolder()
    await writeFile(folder.join('kubectl'), `#!/bin/sh\necho "$@" >>argv\nenv >seen\necho "error: no" >&2\nexit 1\n`)
    await chmod(folder.join('kubectl'), 0o755)
    const environment = {
      PATH: `${folder.path}:${process.env.PATH}`,
      GITHUB_TOKEN: 'ghs_0123456789',
      INPUT_TOKEN: 'ghs_0123456789',
      ACTIONS_ID_TOKEN_REQUEST_URL: 'https://token.invalid',
      ACTIONS_RUNTIME_TOKEN: 'runtime-0123456789',
      KUBECONFIG: 'from-an-earlier-step',
    }
    const target = gatewayApiTargetOf(
      {
        ...command,
        context: '${model}-production',
        kubeconfig: 'kube/${model}',
        namespace: 'models-${model}',
        route: '${model}',
        slots: { blue: '${model}-${slot}', green: '${model}-${slot}' },
        deployments: { blue: '${model}-b', green: '${model}-g' },
        pass_env: ['ACTIONS_ID_TOKEN_REQUEST_URL'],
      },
      'churn',
      { ...around, workspace: folder.path, environment },
    )
    expect(target.describe()).toBe(
      'HTTPRoute models-churn/churn between the Services churn-blue (blue) and churn-green (green) in the cluster of context churn-production',
    )
    await expect(target.read()).rejects.toThrow('kubectl could not get httproute models-churn/churn')
    // The slots are looked at meanwhile, and may still be when the route is known not to be there.
    const argv = () => readFile(folder.join('argv'), 'utf8')
    for (const part of ['httproutes/churn', 'deployments/churn-b', 'deployments/churn-g'])
      await expect.poll(argv).toContain(`/namespaces/models-churn/${part} --kubeconfig=kube/churn --context=churn-production`)
    const seen = await readFile(folder.join('seen'), 'utf8')
    expect(seen).toContain('KUBECONFIG=from-an-earlier-step')
    expect(seen).toContain('ACTIONS_ID_TOKEN_REQUEST_URL=')
    expect(seen).not.toMatch(/ghs_|runtime-0/)
  })
})
