import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { canaryDeployHandler } from '../../src/actions/canary-deploy/handler.ts'
import type { registerJudged } from '../../src/actions/register/handler.ts'
import type { rollbackHandler } from '../../src/actions/rollback/handler.ts'
import type { gitLedger } from '../../src/adapters/git/ledger.ts'
import type { RemoteError } from '../../src/adapters/git/repository.ts'
import type { githubComments } from '../../src/adapters/github/comments.ts'
import type { githubReleases } from '../../src/adapters/github/releases.ts'
import type { retryPolicy } from '../../src/adapters/github/retries.ts'
import type { parseConfiguration } from '../../src/core/configuration/parse.ts'
import type { UserError } from '../../src/core/errors.ts'

/** The code under test, loaded from a folder of sources: ours, or a copy with a mutant in it. */
export interface Production {
  readonly gitLedger: typeof gitLedger
  readonly RemoteError: typeof RemoteError
  readonly githubReleases: typeof githubReleases
  readonly githubComments: typeof githubComments
  readonly retryPolicy: typeof retryPolicy
  readonly registerJudged: typeof registerJudged
  readonly canaryDeployHandler: typeof canaryDeployHandler
  readonly rollbackHandler: typeof rollbackHandler
  readonly parseConfiguration: typeof parseConfiguration
  readonly UserError: typeof UserError
}

const places = {
  'adapters/git/ledger.ts': ['gitLedger'],
  'adapters/git/repository.ts': ['RemoteError'],
  'adapters/github/releases.ts': ['githubReleases'],
  'adapters/github/comments.ts': ['githubComments'],
  'adapters/github/retries.ts': ['retryPolicy'],
  'actions/register/handler.ts': ['registerJudged'],
  'actions/canary-deploy/handler.ts': ['canaryDeployHandler'],
  'actions/rollback/handler.ts': ['rollbackHandler'],
  'core/configuration/parse.ts': ['parseConfiguration'],
  'core/errors.ts': ['UserError'],
} as const

export const loadProduction = async (folder: string): Promise<Production> => {
  const found: Record<string, unknown> = {}
  for (const [file, names] of Object.entries(places)) {
    const module = (await import(pathToFileURL(join(folder, file)).href)) as Record<string, unknown>
    for (const name of names) found[name] = module[name]
  }
  return found as unknown as Production
}
