import { expect, test } from 'vitest'
import { GitHubError } from '../../../src/adapters/github/errors.ts'
import { clientOf, hastyClock, place, start } from './support.ts'

const at = { owner: place.owner, repo: place.name }
const failure = (work: Promise<unknown>): Promise<GitHubError> =>
  work.then(
    () => expect.fail('it should have failed'),
    (error: unknown) => (error instanceof GitHubError ? error : expect.fail(String(error))),
  )

test('reads are tried four times, waits grow, and the error says what to do', async () => {
  const { double } = await start()
  await using _ = double
  const clock = hastyClock()
  double.fault({ method: 'GET', path: '/repos/acme/churn$', kind: 'status', status: 502, times: 3 })
  expect((await clientOf(double, double.token, clock).repos.get(at)).data.default_branch).toBe('main')
  expect(clock.waits).toEqual([1000, 2000, 4000])
  double.clearFaults()
  double.fault({ method: 'GET', path: '/repos/acme/churn$', kind: 'drop-before', times: 9 })
  const error = await failure(clientOf(double).repos.get(at))
  expect(error).toMatchObject({ status: 0, uncertain: true })
  expect(error.message).toMatch(/did not answer GET \S+\/repos\/acme\/churn 4 times/)
})

test('a POST that may have had its effect is not sent again', async () => {
  const { double, repository, number } = await start()
  await using _ = double
  double.fault({ method: 'POST', path: '/comments$', kind: 'status-after', status: 500 })
  const error = await failure(clientOf(double).issues.createComment({ ...at, issue_number: number, body: 'x' }))
  expect(error).toMatchObject({ status: 500, uncertain: true })
  expect(repository.comments(number)).toHaveLength(1)
})

test('a request that a rate limit turned away is sent again after the time asked for, a POST too', async () => {
  const { double, repository, number } = await start()
  await using _ = double
  const clock = hastyClock()
  double.fault({ method: 'POST', path: '/comments$', kind: 'rate-limit', retryAfter: 7 })
  double.fault({ method: 'POST', path: '/comments$', kind: 'secondary-limit', retryAfter: 9, nth: 2 })
  await clientOf(double, double.token, clock).issues.createComment({ ...at, issue_number: number, body: 'x' })
  expect(clock.waits).toEqual([7000, 9000])
  expect(repository.comments(number)).toHaveLength(1)
})

test('a wait of more than five minutes in all is not taken', async () => {
  const { double } = await start()
  await using _ = double
  const clock = hastyClock()
  double.fault({ method: 'GET', path: '/repos/acme/churn$', kind: 'rate-limit', retryAfter: 200, times: 9 })
  const error = await failure(clientOf(double, double.token, clock).repos.get(at))
  expect(clock.waits).toEqual([200_000])
  expect(error.message).toContain('rate limit')
})

test('a list that was cut off is read again and never taken for an empty one', async () => {
  const { double, number } = await start()
  await using _ = double
  await clientOf(double).issues.createComment({ ...at, issue_number: number, body: 'x' })
  double.fault({ method: 'GET', path: '/comments', kind: 'truncate' })
  expect((await clientOf(double).issues.listComments({ ...at, issue_number: number })).data).toHaveLength(1)
})

test('a missing permission and a wrong token are said in words', async () => {
  const { double, number } = await start()
  await using _ = double
  double.addToken('reader', { contents: 'read', issues: 'read' })
  const refused = await failure(clientOf(double, 'reader').issues.createComment({ ...at, issue_number: number, body: 'x' }))
  expect(refused.status).toBe(403)
  expect(refused.message).toContain('under `permissions:`')
  const unknown = await failure(clientOf(double, 'nobody').repos.get(at))
  expect(unknown.status).toBe(401)
  expect(unknown.message).toContain('input `token`')
})

test('the API version and the name of the tool are sent with everything', async () => {
  const { createServer } = await import('node:http')
  const { githubClient } = await import('../../../src/adapters/github/client.ts')
  const seen: unknown[] = []
  const server = createServer((request, response) => {
    seen.push([request.headers['x-github-api-version'], request.headers['user-agent']?.split(' ')[0]])
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await githubClient({ token: 't', apiUrl: `http://127.0.0.1:${port}/` }).repos.get(at)
  server.close()
  server.closeAllConnections()
  expect(seen).toEqual([['2022-11-28', 'refline']])
})
