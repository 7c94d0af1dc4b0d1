import { expect, test } from 'vitest'
import { git, gitFixture, tryGit } from './git-fixture.ts'
import { startGitHttp } from './git-http.ts'
import { temporaryFolder } from './temporary.ts'

test('clones, pushes and fetches a custom ref over smart HTTP', async () => {
  await using fixture = await gitFixture()
  await using server = await startGitHttp(fixture.root)
  await using folder = await temporaryFolder()
  const remote = `${server.url}/acme/churn.git`
  await git(folder.path, ['clone', '--quiet', remote, 'copy'])
  const head = await fixture.commit('second', { 'a.txt': 'a' })
  await fixture.git('push', remote, 'HEAD:refs/refline/models/churn/decisions')
  await git(folder.join('copy'), ['fetch', '--quiet', '--depth=1', 'origin', 'refs/refline/models/churn/decisions'])
  expect(await git(folder.join('copy'), ['rev-parse', 'FETCH_HEAD'])).toBe(head)
  expect(server.requests.map(request => `${request.service} ${request.step}`)).toContain('git-receive-pack exchange')
})

test('a push that was done and whose answer was lost has its effect and fails', async () => {
  await using fixture = await gitFixture()
  await using server = await startGitHttp(fixture.root, {
    faults: request => (request.service === 'git-receive-pack' && request.step === 'exchange' && request.index === 0 ? 'drop-after' : null),
  })
  const remote = `${server.url}/acme/churn.git`
  const pushed = await tryGit(fixture.clone, ['push', remote, 'HEAD:refs/refline/x/y'])
  expect(pushed.code).not.toBe(0)
  expect(await git(fixture.bare, ['rev-parse', 'refs/refline/x/y'])).toBe(await fixture.git('rev-parse', 'HEAD'))
})

test('credentials given by environment arrive, and refusals are answered', async () => {
  await using fixture = await gitFixture()
  const wanted = `Basic ${Buffer.from('x-access-token:secret').toString('base64')}`
  await using server = await startGitHttp(fixture.root, { authorize: request => (request.authorization === wanted ? 200 : 401) })
  const remote = `${server.url}/acme/churn.git`
  expect((await tryGit(fixture.clone, ['ls-remote', remote])).code).not.toBe(0)
  const env = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: `http.${server.url}/.extraheader`, GIT_CONFIG_VALUE_0: `Authorization: ${wanted}` }
  expect((await tryGit(fixture.clone, ['ls-remote', remote], { env })).stdout).toContain('refs/heads/main')
})
