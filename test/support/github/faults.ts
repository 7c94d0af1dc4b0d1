/**
 * What is to go wrong. `path` is a regular expression on the path of the request: below `/repos/...` for REST, `/acme/churn.git/git-receive-pack` for git
 * (method `GIT`), `/assets/<id>`, `/artifacts/<id>` and `/caches/<id>` for the storage, `/twirp/...` for the services of artifacts and caches. The `nth` matching request (default the
 * first) and the `times - 1` after it are hit.
 */
export interface Fault {
  readonly method?: string
  readonly path: string
  readonly nth?: number
  readonly times?: number
  /**
   * `status`: answered before any effect. `status-after`: done, and answered with an error all the same. `rate-limit`: 429 with retry-after.
   * `secondary-limit`: 403 in GitHub's words. `drop-before` and `drop-after`: the connection ends without an answer, before or after the effect.
   * `slow`: the body comes in pieces with pauses. `truncate`: half of the body, then the connection ends. `corrupt`: one byte differs.
   * `interrupt`: an upload leaves an asset in state `starter` and is answered 502. `renamed`: an upload is kept under another name. `html`: a page in place of JSON, before
   * any effect; `html-after`: after it. `half-json`: done, and the answer ends in the middle though its length says that it is whole. `loop`: a list whose next page is
   * itself. `unseen`: a list without its newest item. `whole-file`: the storage ignores the range; `other-range`: it sends another one. `redirect`: the storage sends to
   * another address of its own.
   */
  readonly kind:
    | 'status'
    | 'status-after'
    | 'rate-limit'
    | 'secondary-limit'
    | 'drop-before'
    | 'drop-after'
    | 'slow'
    | 'truncate'
    | 'corrupt'
    | 'interrupt'
    | 'renamed'
    | 'html'
    | 'html-after'
    | 'half-json'
    | 'loop'
    | 'unseen'
    | 'whole-file'
    | 'other-range'
    | 'redirect'
  /** For `status`, `status-after` and the pages; 502 by default. */
  readonly status?: number
  /** Seconds or a date, for the two limits; 1 by default. */
  readonly retryAfter?: number | string
  /** Laid over the headers of `status` and the two limits; an empty one is left out. */
  readonly headers?: Readonly<Record<string, string>>
  /** Pause between pieces, for `slow`; 50 by default. */
  readonly milliseconds?: number
}

/** The faults that were told, and how often each has matched. */
export class Faults {
  readonly #told: { readonly fault: Fault; readonly pattern: RegExp; seen: number }[] = []

  tell(fault: Fault): void {
    this.#told.push({ fault, pattern: new RegExp(fault.path), seen: 0 })
  }

  clear(): void {
    this.#told.length = 0
  }

  /** Counts a request and returns the fault that hits it, or null. */
  take(method: string, path: string): Fault | null {
    let hit: Fault | null = null
    for (const entry of this.#told) {
      if ((entry.fault.method !== undefined && entry.fault.method !== method) || !entry.pattern.test(path)) continue
      entry.seen += 1
      const first = entry.fault.nth ?? 1
      if (hit === null && entry.seen >= first && entry.seen < first + (entry.fault.times ?? 1)) hit = entry.fault
    }
    return hit
  }
}
