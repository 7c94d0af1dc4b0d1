import { copyFile, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { logRows } from '../../../src/adapters/files/log-rows.ts'
import { httpClient } from '../../../src/adapters/http/client.ts'
import { type PredictionLogSettings, predictionLogSignal } from '../../../src/adapters/prediction-log/signal.ts'
import { countsBetween } from '../../../src/core/rollout/batch.ts'
import { type TemporaryFolder, temporaryFolder } from '../../support/temporary.ts'

const began = Date.parse('2026-11-26T10:00:00Z') / 1000
const clock = { now: () => (began + 3600) * 1000, sleep: async () => undefined }

describe('a prediction log', () => {
  let folder: TemporaryFolder
  const servers: Server[] = []
  const said: string[] = []
  beforeEach(async () => {
    folder = await temporaryFolder()
    said.length = 0
  })
  afterEach(async () => {
    await folder[Symbol.asyncDispose]()
    await Promise.all(servers.splice(0).map(server => new Promise(resolve => server.close(resolve).closeAllConnections())))
  })

  const signalOf = (change: Partial<PredictionLogSettings> = {}, follow = true) => {
    const signal = predictionLogSignal({
      name: 'precision',
      predictions: { file: 'logs/*.jsonl' },
      columns: { id: 'request_id', arm: 'model_version', prediction: 'decision', label: 'chargeback', time: 'ts' },
      arms: 'version',
      rate: { of: 'predicted_positive', bad: 'wrong', positive: null, threshold: null },
      within: 48 * 3600,
      token: null,
      rows: logRows(folder.path),
      http: httpClient,
      clock,
      say: line => said.push(line),
      ...change,
    })
    if (follow) signal.follow?.({ versions: { blue: 12, green: 13 }, since: began })
    return signal
  }
  const write = async (name: string, content: string | Buffer): Promise<void> => {
    await mkdir(folder.join('logs'), { recursive: true })
    await writeFile(folder.join(name), content)
  }
  const line = (id: string, version: number, decision: 0 | 1, label: 0 | 1 | null, second = 0) =>
    `${JSON.stringify({ request_id: id, model_version: version, decision, ...(label === null ? {} : { chargeback: label }), ts: began + second, more: 'ignored' })}\n`

  it('counts precision by arm from files that grow, each request once, by the minute in which it was made', async () => {
    await write('logs/a.jsonl', line('1', 12, 1, 1) + line('2', 12, 1, 0, 59) + line('3', 13, 1, null, 61) + line('4', 11, 1, 1))
    const signal = signalOf()
    const first = await signal.read()
    expect(first.slots).toEqual({ blue: { total: 2, bad: 1 }, green: { total: 0, bad: 0 } })
    expect(first.source).toBe('3 requests, 1 of them wait for a label; of neither arm: 11')
    await write('logs/b.jsonl', line('5', 13, 1, 0, 120) + line('6', 12, 1, 1, 121))
    await write('logs/a.jsonl', line('1', 12, 1, 1) + line('2', 12, 1, 0, 59) + line('3', 13, 1, 0, 61) + line('4', 11, 1, 1))
    const second = await signal.read()
    expect(second).toMatchObject({
      at: began + 3600,
      span: 60,
      series: {
        blue: { [began]: { total: 2, bad: 1 }, [began + 120]: { total: 1, bad: 0 } },
        green: { [began + 60]: { total: 1, bad: 1 }, [began + 120]: { total: 1, bad: 1 } },
      },
    })
    expect(countsBetween(first, second, 'green')).toEqual({ counts: { canary: 2, canaryBad: 2, stable: 1, stableBad: 0 } })
    // A log that was rotated away forgets nothing, and what it shows again is not counted again.
    await rm(folder.join('logs/a.jsonl'))
    expect((await signal.read()).slots).toEqual(second.slots)
  })

  it('joins labels of another file, which may come first, packed, and in another format', async () => {
    await write('logs/a.jsonl.gz', gzipSync(line('1', 12, 1, null) + line('2', 13, 1, null) + line('3', 13, 0, null)))
    await write('labels.csv', 'request_id,when,chargeback\n2,x,0\n9,x,1\n1,x,\n')
    const signal = signalOf({ predictions: { file: 'logs/*.gz' }, labels: { file: 'labels.csv' } })
    await signal.check()
    expect(said).toEqual(['signal precision: 3 requests, 1 of them wait for a label; 1 labels without a request'])
    expect((await signal.read()).slots).toEqual({ blue: { total: 0, bad: 0 }, green: { total: 1, bad: 1 } })
    await write('labels.csv', 'request_id,when,chargeback\n2,x,0\n9,x,1\n1,x,1\n')
    expect((await signal.read()).slots.blue).toEqual({ total: 1, bad: 0 })
  })

  it('reads CSV with slots, and Parquet with its own types', async () => {
    await write(
      'logs/a.csv',
      'ts,request_id,model_version,decision,chargeback\n2026-11-26T10:00:05Z,"a,1",blue,1.0,true\n2026-11-26T12:00:05+02:00,b,green,1,0\n',
    )
    const bySlot = signalOf({ predictions: { file: 'logs/a.csv' }, arms: 'slot' })
    expect((await bySlot.read()).slots).toEqual({ blue: { total: 1, bad: 0 }, green: { total: 1, bad: 1 } })
    await copyFile(new URL('../../fixtures/prediction-log/log.parquet', import.meta.url), folder.join('logs/log.parquet'))
    const parquet = await signalOf({ predictions: { file: 'logs/*.parquet' } }).read()
    expect(parquet.series).toEqual({ blue: { [began]: { total: 1, bad: 0 } }, green: { [began]: { total: 1, bad: 1 } } })
    expect(parquet.source).toContain('5 requests, 1 of them wait for a label')
  })

  it('asks an address for the rows since the rollout began', async () => {
    const seen: string[] = []
    const answered = await urlOf((request, response) => {
      seen.push(`${request.url} ${request.headers.authorization}`)
      response.end(line('1', 12, 1, 1) + line('2', 13, 1, 0))
    })
    const signal = signalOf({ predictions: { url: `${answered}/churn?since=\${since}` }, format: 'jsonl', token: 't0ken' })
    expect((await signal.read()).slots).toEqual({ blue: { total: 1, bad: 0 }, green: { total: 1, bad: 1 } })
    expect(seen).toEqual(['/churn?since=2026-11-26T10%3A00%3A00.000Z Bearer t0ken'])
  })
  const urlOf = async (listener: RequestListener): Promise<string> => {
    const server = createServer(listener)
    servers.push(server)
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  it.each<[string, RequestListener, string, Partial<PredictionLogSettings>]>([
    ['an error', (_, response) => response.writeHead(500).end(), 'answered with status 500', {}],
    ['a redirect', (_, response) => response.writeHead(302, { location: '/x' }).end(), 'did not answer', {}],
    ['a page', (_, response) => response.end('<html>'), 'the line is not JSON', {}],
    ['a broken connection', request => request.socket.destroy(), 'did not answer', {}],
    [
      'an answer that is cut off',
      (_, response) => {
        response.writeHead(200, { 'content-length': '900' })
        response.write(line('1', 12, 1, 1), () => response.destroy())
      },
      'did not answer',
      {},
    ],
    ['Parquet', (_, response) => response.end(), 'Parquet is read from files only', { format: 'parquet' }],
    ['silence', () => undefined, 'no answer in time', { timeoutSeconds: 0.05 }],
  ])('takes %s for no answer, never for zeros, and shows no query', async (_, listener, message, change) => {
    const signal = signalOf({ predictions: { url: `${await urlOf(listener)}/log?key=hidden&since=\${since}` }, format: 'jsonl', ...change })
    const error: unknown = await signal.read().catch((thrown: unknown) => thrown)
    expect(String(error)).toContain('signal precision: ')
    expect(String(error)).toContain(message)
    expect(String(error)).not.toContain('hidden')
  })

  it.each<[string, string, string]>([
    ['a missing column', 'request_id,decision,chargeback,ts\n', 'signal precision: logs/a.csv: there is no column "model_version"'],
    ['a column that is meant', 'request_id,model_versoin,decision,chargeback,ts\n', 'did you mean "model_versoin"?'],
    ['a column that stands twice', 'request_id,model_version,decision,chargeback,ts,ts\n', 'there are two columns "ts"'],
    [
      'a ragged row',
      'request_id,model_version,decision,chargeback,ts\n1,12,1,1,5,6\n',
      'logs/a.csv: the record on line 2 has 6 fields, the header 5',
    ],
    ['a bad time', 'request_id,model_version,decision,chargeback,ts\n1,12,1,1,noon\n', 'logs/a.csv: line 2, column ts is no time'],
    [
      'two labels of one request',
      `request_id,model_version,decision,chargeback,ts\n1,12,1,1,${began}\n1,12,1,0,${began}\n`,
      'logs/a.csv: line 3: id "1" was there before with another value in column chargeback',
    ],
    [
      'versions of which none is an arm',
      `request_id,model_version,decision,chargeback,ts\n1,3,1,1,${began}\n2,4,1,1,${began}\n`,
      'no row since 2026-11-26T10:00:00.000Z is of one of the arms: column model_version holds 3, 4, expected 12 or 13',
    ],
  ])('refuses %s', async (_, text, message) => {
    await write('logs/a.csv', text)
    await expect(signalOf({ predictions: { file: 'logs/a.csv' } }).read()).rejects.toThrow(message)
  })

  it('reads no file that is not there or not in the workspace, and knows no arms before a rollout', async () => {
    const read = (file: string) => signalOf({ predictions: { file } }).read()
    await expect(read('logs/*.jsonl')).rejects.toThrow('signal precision: no file matches "logs/*.jsonl" below the root of the repository')
    await expect(read('../x.jsonl')).rejects.toThrow('must be a path below the root of the repository')
    await expect(read('/etc/passwd')).rejects.toThrow('must be a path below the root of the repository')
    await expect(read('logs/**/x.csv')).rejects.toThrow('** is not known')
    await write('logs/a.txt', 'x')
    await expect(read('logs/a.txt')).rejects.toThrow('logs/a.txt must end in .csv, .jsonl')
    await symlink('/etc/hostname', folder.join('logs/b.csv'))
    await expect(read('logs/b.csv')).rejects.toThrow('leads out of the workspace by a symbolic link')
    await write('logs/a.jsonl', line('1', 12, 1, 1))
    await expect(signalOf({}, false).read()).rejects.toThrow('it is not known which version is in which slot')
  })
})
