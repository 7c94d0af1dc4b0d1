import { mkdir, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { signalsOf } from '../../../src/actions/traffic/signals.ts'
import { parseConfiguration, selectEnvironment } from '../../../src/core/configuration/parse.ts'
import { temporaryFolder } from '../../support/temporary.ts'

const servers: Server[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map(server => new Promise(resolve => server.close(resolve).closeAllConnections())))
})

const began = 1_795_687_200
const made = (signals: string, change: { variables?: NodeJS.ProcessEnv; workspace?: string } = {}) => {
  const text = `models:
  churn: { task: binary, primary: roc_auc, gates: {} }
environments:
  production:
    target: { kind: command, deploy: d, read: r, set: s }
    signals: { ${signals} }
`
  const { environment } = selectEnvironment(parseConfiguration(text, 'refline.yml'), 'churn', undefined)
  return signalsOf(environment, {
    model: 'churn',
    environment: 'production',
    workspace: change.workspace ?? '/nowhere',
    variables: change.variables ?? {},
    clock: { now: () => (began + 100) * 1000, sleep: async () => undefined },
    say: () => undefined,
  })
}
const listening = async (answer: string) => {
  const seen: string[] = []
  const server = createServer((request, response) => {
    seen.push(`${request.url} ${request.headers.authorization}`)
    response.end(answer)
  })
  servers.push(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return { seen, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}
const selectors = `total: 'a_total{app="\${model}",slot="\${slot}"}', bad: 'b_total{slot="\${slot}"}'`

describe('signals of refline.yml', () => {
  it('ask with the token or the login of the variable that is named, in a header', async () => {
    const { seen, url } = await listening('{"status":"success","data":{"resultType":"vector","result":[]}}')
    const variables = { TOKEN: 't0ken', LOGIN: 'anna:pass:word' }
    await made(`errors: { kind: prometheus, url: "${url}", token_env: TOKEN, lag: 30s, ${selectors} }`, { variables })[0]?.read()
    await made(`errors: { kind: prometheus, url: "${url}/\${model}", basic_auth_env: LOGIN, ${selectors} }`, { variables })[0]?.read()
    expect([...new Set(seen)]).toEqual([
      '/api/v1/query Bearer t0ken',
      `/churn/api/v1/query Basic ${Buffer.from('anna:pass:word').toString('base64')}`,
    ])
    expect(made(`errors: { kind: prometheus, url: "${url}", lag: 30s, ${selectors} }`)[0]?.lag).toBe(30 + 15)
  })

  it('are not made without the variable that they name, nor with an expression', () => {
    const prometheus = (more: string) => () =>
      made(`errors: { kind: prometheus, url: "http://127.0.0.1:1", ${more} }`, { variables: { LOGIN: 'anna' } })
    expect(prometheus(`token_env: TOKEN, ${selectors}`)).toThrow(
      'signal errors needs the variable TOKEN, which is not set; pass it to the step under `env:`',
    )
    expect(prometheus(`basic_auth_env: LOGIN, ${selectors}`)).toThrow('signal errors: the variable LOGIN must hold user:password')
    expect(prometheus(`total: 'sum(rate(a_total{slot="\${slot}"}[5m]))', bad: b`)).toThrow(
      'signal errors: total is "sum(rate(a_total{slot=\\"${slot}\\"}[5m]))": sum() is an expression',
    )
    expect(prometheus(`total: 'a_total{app="x"}', bad: 'b_total{app="x"}'`)).toThrow('signal errors: total lacks ${slot} (or ${version})')
    expect(prometheus(`histogram: 'seconds_bucket{slot="\${slot}"}', over: 250ms`)).toThrow("write the histogram's own name, seconds")
    expect(() => made(`precision: { kind: prediction-log, file: x.csv, bad: worng }`)).toThrow(
      'signal precision: bad: "worng" is none of wrong, positive, negative',
    )
  })

  it('read a service at several addresses, and what is slower than a limit', async () => {
    const { seen, url } = await listening('{"total": 10, "bad": 1, "slower": {"0.25": 4}}')
    const [slow] = made(`slow: { kind: http, url: ["${url}/\${model}/\${slot}/1", "${url}/\${model}/\${slot}/2"], over: 250ms }`)
    expect((await slow?.read())?.slots.blue).toEqual({ total: 20, bad: 8, slower: [8] })
    expect(seen.map(one => one.split(' ')[0]).sort()).toEqual(['/churn/blue/1', '/churn/blue/2', '/churn/green/1', '/churn/green/2'])
  })

  it('read logs below the checkout, with labels of their own', async () => {
    await using folder = await temporaryFolder()
    await mkdir(folder.join('logs/churn'), { recursive: true })
    await writeFile(folder.join('logs/churn/1.csv'), `id,arm,prediction,time\na,12,fraud,${began}\nb,13,fraud,${began}\n`)
    await writeFile(folder.join('labels.csv'), 'id,label\na,fraud\nb,honest\n')
    const signals = `precision: { kind: prediction-log, file: "logs/\${model}/*.csv", labels: labels.csv, labels_within: 48h, of: predicted_positive, positive: fraud }`
    const [precision] = made(signals, { workspace: folder.path })
    precision?.follow?.({ versions: { blue: 12, green: 13 }, since: began })
    expect((await precision?.read())?.slots).toEqual({ blue: { total: 1, bad: 0 }, green: { total: 1, bad: 1 } })
  })
})
