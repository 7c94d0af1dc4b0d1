import { githubClient } from '../../../src/adapters/github/client.ts'
import type { Clock } from '../../../src/ports/clock.ts'
import { type GitHubDouble, startGitHub } from '../../support/github/server.ts'

export const place = { owner: 'acme', name: 'churn' }

/** A clock that does not wait and remembers for how long it was asked to. */
export const hastyClock = (): Clock & { readonly waits: number[] } => {
  const waits: number[] = []
  return { waits, now: () => Date.now(), sleep: async milliseconds => void waits.push(milliseconds) }
}

export const clientOf = (double: GitHubDouble, token = double.token, clock: Clock = hastyClock()) =>
  githubClient({ token, apiUrl: double.apiUrl, clock })

/** The double with one repository, one commit and one pull request by alice. */
export const start = async (options: Parameters<typeof startGitHub>[0] = {}) => {
  const double = await startGitHub(options)
  const repository = double.repository(place.owner, place.name)
  const first = await repository.commit({ 'refline.yml': 'models: {}\n' }, { message: 'first' })
  await repository.commit({ 'train.py': 'print(2)\n' }, { message: 'better', branch: 'better' })
  const { number } = await repository.openPullRequest({ head: 'better' })
  return { double, repository, first, number }
}
