import { prometheusSignal } from '../../src/adapters/prometheus/signal.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Signal } from '../../src/ports/signals.ts'

/** Series of one counter: labels and value. */
export type Rows = readonly (readonly [Readonly<Record<string, string>>, number])[]

export interface Prometheus {
  readonly clock: Clock
  /** What there is of requests, or of bad ones, in a slot. */
  readonly rows: (of: { readonly slot: 'blue' | 'green'; readonly bad: boolean }) => Promise<Rows>
  /** Names of the metrics that it knows. */
  readonly known?: readonly string[]
}

/** The real signal `errors` from Prometheus, over answers that the test makes in place of a server. */
export const prometheusErrors = ({
  clock,
  rows,
  known = ['requests_total', 'up'],
}: Prometheus): { readonly signal: Signal; readonly said: string[] } => {
  const said: string[] = []
  const answer = async (path: string, form: Readonly<Record<string, string>>): Promise<unknown> => {
    if (path.includes('__name__')) return known
    const query = form.query ?? form['match[]'] ?? ''
    if (!known.some(name => query.includes(name))) return path.endsWith('/series') ? [] : { resultType: 'vector', result: [] }
    const found = await rows({ slot: query.includes('blue') ? 'blue' : 'green', bad: query.includes('5..') })
    if (path.endsWith('/series')) return found.map(([labels]) => ({ code: '200', ...labels }))
    if (path.endsWith('/query_range') || /\[2m\]$/.test(query)) return { resultType: 'matrix', result: [] }
    return { resultType: 'vector', result: found.map(([metric, value]) => ({ metric, value: [clock.now() / 1000, String(value)] })) }
  }
  const signal = prometheusSignal({
    name: 'errors',
    url: 'http://prometheus.test',
    authorization: null,
    counts: { total: 'requests_total{slot="${slot}"}', bad: 'requests_total{slot="${slot}",code=~"5.."}' },
    model: 'cancer',
    environment: 'production',
    lag: 5,
    clock,
    say: line => void said.push(line),
    http: {
      text: async ({ url, form = {} }) => ({
        status: 200,
        text: JSON.stringify({ status: 'success', data: await answer(url.pathname, form) }),
        whole: true,
      }),
      stream: async () => Promise.reject(new Error('not used')),
    },
  })
  return { signal, said }
}
