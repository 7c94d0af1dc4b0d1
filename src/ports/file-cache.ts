/**
 * Files that may be kept between workflow runs. What comes back is only as good as whoever could write to the cache: check every digest. Any failure is an ordinary answer of
 * a cache and may be thrown as it comes; nobody waits for ever either.
 */
export interface FileCache {
  /** Puts what was saved under a key back into the folder, whose path must be the one it was saved from. False where there is no such thing, or no cache. */
  restore(key: string, folder: string): Promise<boolean>
  /** Saves a folder under a key. A key that is taken keeps what it has. */
  save(key: string, folder: string): Promise<void>
}
