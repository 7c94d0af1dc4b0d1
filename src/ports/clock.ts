/** Time and waiting; handlers and adapters never call Date or setTimeout themselves. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  sleep(milliseconds: number): Promise<void>
}
