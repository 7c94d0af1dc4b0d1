import { readFile, writeFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { targetOf } from '../../../src/actions/traffic/target.ts'
import { systemClock } from '../../../src/adapters/runner/clock.ts'
import { environmentConfiguration } from '../../../src/core/configuration/environment-schema.ts'
import { type NginxWorld, nginxProgram, nginxWorld } from '../../adapters/nginx/world.ts'
import { installMilliseconds } from '../../support/installed-program.ts'

beforeAll(nginxProgram, installMilliseconds)

/** The target of an environment of refline.yml, for the model `churn`. */
const targetBy = (world: NginxWorld, changes: { readonly test?: string; readonly more?: string; readonly status?: string } = {}) => {
  const [nginx] = world.instance
  if (nginx === undefined) throw new Error('there is no nginx')
  const settings = environmentConfiguration.parse(
    parse(`
target:
  kind: nginx
  instances:
    - file: weights/\${model}.conf
      status: ${changes.status ?? nginx.status.href.replace('churn', '${model}')}
      test: ${changes.test ?? JSON.stringify(['nginx', '-c', nginx.configuration, '-p', nginx.folder, '-t'])}
      reload: 'nginx -c ${nginx.configuration} -p ${nginx.folder} -s reload && echo "$REFLINE_ENVIRONMENT" > told-environment'
  slots: { blue: "\${model}_blue", green: "\${model}_\${slot}" }
  ready: { blue: "http://127.0.0.1:${world.models.blue.port}/", green: "http://127.0.0.1:${world.models.green.port}/" }
  deploy: 'echo "$REFLINE_SLOT v$REFLINE_VERSION" > deployed'
  ${changes.more ?? ''}
signals: { errors: { kind: http, url: "http://127.0.0.1:1/\${slot}" } }
`),
  )
  return targetOf(
    settings,
    { model: 'churn', environment: 'production' },
    {
      workspace: nginx.folder,
      environment: { PATH: `${process.env.PATH}:/usr/sbin` },
      clock: systemClock,
      log: { info: () => undefined },
    },
  )
}

describe('the nginx target of refline.yml', () => {
  it('deploys, moves and gives back, with the model and the slot filled in and its commands run as written', async () => {
    await using world = await nginxWorld({ instances: 1 })
    const folder = world.instance[0]?.folder ?? ''
    const target = targetBy(world)
    expect(target.describe()).toBe(`nginx churn_blue and churn_green by ${folder}/weights/churn.conf`)
    await target.deploy('green', { model: 'churn', version: 7, image: null, files: '/m' }, 1)
    expect(await readFile(`${folder}/deployed`, 'utf8')).toBe('green v7\n')
    await target.set('green', 5, 0, 1)
    await target.verify('green', 5)
    expect(await readFile(`${folder}/told-environment`, 'utf8')).toBe('production\n')
    expect(await world.shares('green')).toEqual([5])
    await target.restore('blue', 2)
    expect(await world.shares('blue')).toEqual([100])
  })

  it('says what its test says, and puts the file back', async () => {
    await using world = await nginxWorld({ instances: 1 })
    const file = world.instance[0]?.file ?? ''
    const before = await readFile(file, 'utf8')
    await expect(targetBy(world, { test: "'echo broken elsewhere; exit 3'" }).set('green', 5, 0, 1)).rejects.toThrow(
      'target.instances.test ended with exit code 3: broken elsewhere. The old file was put back and nothing was changed.',
    )
    expect(await readFile(file, 'utf8')).toBe(before)
  })

  it('takes a variable of another name, and nothing but names and URLs', async () => {
    await using world = await nginxWorld({ instances: 1 })
    const [nginx] = world.instance
    if (nginx === undefined) throw new Error('there is no nginx')
    const text = await readFile(nginx.configuration, 'utf8')
    await writeFile(nginx.configuration, text.replaceAll('refline_churn', 'share_of_churn_1'))
    await nginx.replace((await readFile(nginx.file, 'utf8')).replaceAll('refline_churn', 'share_of_churn_1'))
    const target = targetBy(world, { more: 'variable: "share-of-${model}.1"' })
    await target.set('green', 50, 0, 1)
    expect(await readFile(nginx.file, 'utf8')).toContain('split_clients "$request_id" $share_of_churn_1 {')
    expect(() => targetBy(world, { more: 'split_by: "x; }"' })).toThrow('is no variable of nginx')
    expect(() => targetBy(world, { status: 'file:///etc/passwd' })).toThrow('target.instances.status is no URL of http or https')
    expect(() => targetBy(world, { status: 'http://me:secret@127.0.0.1/' })).toThrow(
      /^target\.instances\.status is no URL .* without credentials$/,
    )
    expect(basename(dirname(nginx.file))).toBe('weights')
  })
})
