import type { FileCache } from '../../ports/file-cache.ts'

/**
 * The cache of GitHub Actions, through the service that the runner names. Where it names none (a laptop, most Enterprise Servers) nothing is ever found or saved, and nothing
 * of the client is loaded. The client unpacks an archive with absolute paths, so it must only be used in jobs that run users' code anyway.
 */
export const fileCache = (environment: Readonly<Record<string, string | undefined>>): FileCache => {
  const client = async () => {
    if (!environment.ACTIONS_RUNTIME_TOKEN || !(environment.ACTIONS_RESULTS_URL || environment.ACTIONS_CACHE_URL)) return null
    const cache = await import('@actions/cache')
    return cache.isFeatureAvailable() ? cache : null
  }
  return {
    restore: async (key, folder) => {
      const cache = await client()
      // It also finds keys that only begin like this one.
      return cache !== null && (await cache.restoreCache([folder], key)) === key
    },
    save: async (key, folder) => {
      await (await client())?.saveCache([folder], key)
    },
  }
}
