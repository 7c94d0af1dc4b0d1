/** Upper edges of the latency buckets, in seconds. */
export const edges = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1]

/** What a model server counts since it was started. */
export interface Observed {
  readonly codes: Map<number, number>
  /** Answers that took at most `edges[k]` seconds. */
  readonly within: number[]
  sum: number
}

/** A counter that exists from the start at 0, so that silence is told from a server that nobody asks. */
export const nothingObserved = (): Observed => ({ codes: new Map([[200, 0]]), within: edges.map(() => 0), sum: 0 })

export const observe = (observed: Observed, code: number, seconds: number): void => {
  observed.codes.set(code, (observed.codes.get(code) ?? 0) + 1)
  observed.sum += seconds
  for (const [index, edge] of edges.entries()) if (seconds <= edge) observed.within[index] = (observed.within[index] ?? 0) + 1
}

/** Answers, and those of 500 and above. */
export const countsOf = ({ codes }: Observed): { readonly total: number; readonly bad: number } => {
  let [total, bad] = [0, 0]
  for (const [code, answers] of codes) {
    total += answers
    if (code >= 500) bad += answers
  }
  return { total, bad }
}

/** Everything in Prometheus' text format: `http_requests_total{app,slot,code}` and the histogram `http_request_duration_seconds{app,slot}`. */
export const exposition = (servers: readonly { readonly app: string; readonly slot: string; readonly observed: Observed }[]): string => {
  const requests = servers.flatMap(({ app, slot, observed }) =>
    [...observed.codes].map(([code, answers]) => `http_requests_total{app="${app}",slot="${slot}",code="${code}"} ${answers}`),
  )
  const durations = servers.flatMap(({ app, slot, observed }) => {
    const labels = `app="${app}",slot="${slot}"`
    const { total } = countsOf(observed)
    return [
      ...edges.map((edge, index) => `http_request_duration_seconds_bucket{${labels},le="${edge}"} ${observed.within[index] ?? 0}`),
      `http_request_duration_seconds_bucket{${labels},le="+Inf"} ${total}`,
      `http_request_duration_seconds_sum{${labels}} ${observed.sum}`,
      `http_request_duration_seconds_count{${labels}} ${total}`,
    ]
  })
  return ['# TYPE http_requests_total counter', ...requests, '# TYPE http_request_duration_seconds histogram', ...durations, ''].join('\n')
}
