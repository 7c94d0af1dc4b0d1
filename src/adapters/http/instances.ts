import type { SlotCounters } from '../../core/rollout/series.ts'
import type { Answered } from './answer.ts'

/** Requests to one address in one reading, at most: behind a balancer every instance must come up. */
const mostAsks = 24

/** Readings without an answer after which an instance is no longer waited for. */
const missedAtMost = 2

const none: Answered = { total: 0, bad: 0, instance: null, edges: [], slower: [] }

/**
 * The instances that answer at one address, each told by the name it gives itself. They are asked until every known one has answered and as many answers as there are
 * instances brought nothing new. One that does not come up keeps what it showed. One that is first seen after the first reading counts from then on: what it shows may
 * be old, from before it was seen. One that began again is another series from then on, of which all that it shows is new.
 */
export class Instances {
  readonly #seen = new Map<string, Answered>()
  readonly #began = new Map<string, Answered>()
  readonly #restarts = new Map<string, number>()
  readonly #missed = new Map<string, number>()
  #read = false

  /** The answers of this reading by instance; under the empty name where the service gives itself none. */
  async ask(ask: () => Promise<Answered>): Promise<ReadonlyMap<string, Answered>> {
    const first = await ask()
    if (first.instance === null) return new Map([['', first]])
    const found = new Map<string, Answered>()
    const awaited = [...this.#seen.keys()].filter(name => (this.#missed.get(name) ?? 0) < missedAtMost)
    let calm = 0
    for (let asked = 1, answer = first; ; asked++) {
      const name = answer.instance ?? ''
      calm = found.has(name) ? calm + 1 : 0
      found.set(name, answer)
      const isWhole = awaited.every(known => found.has(known)) && calm > found.size
      if (isWhole || asked >= mostAsks) break
      answer = await ask()
    }
    for (const name of this.#seen.keys()) this.#missed.set(name, found.has(name) ? 0 : (this.#missed.get(name) ?? 0) + 1)
    for (const [name, answer] of found) {
      const before = this.#seen.get(name)
      if (before === undefined && this.#read) this.#began.set(name, answer)
      if (before !== undefined && (answer.total < before.total || answer.bad < before.bad)) {
        this.#began.set(name, none)
        this.#restarts.set(name, (this.#restarts.get(name) ?? 0) + 1)
      }
      this.#seen.set(name, answer)
    }
    this.#read = true
    return new Map([...this.#seen].map(([name, answer]) => [this.#series(name), since(this.#began.get(name) ?? none, answer)]))
  }

  #series(name: string): string {
    const restarts = this.#restarts.get(name) ?? 0
    return restarts === 0 ? name : `${name} after ${restarts} restarts`
  }
}

const since = (began: Answered, now: Answered): Answered => ({
  ...now,
  total: now.total - began.total,
  bad: now.bad - began.bad,
  slower: now.slower.map((requests, index) => requests - (began.slower[began.edges.indexOf(now.edges[index] ?? 0)] ?? 0)),
})

/** Counters at the edges that all answers have; `over` (seconds) says what bad is, else the service does. */
export const countersOf = (answer: Answered, edges: readonly number[], over: number | null): SlotCounters => {
  const slower = edges.map(edge => answer.slower[answer.edges.indexOf(edge)] ?? 0)
  const bad = over === null ? answer.bad : (slower[edges.indexOf(over)] ?? 0)
  return { total: answer.total, bad, ...(edges.length === 0 ? {} : { slower }) }
}
