import { describe, expect, test } from 'vitest'
import { delayByChance, faultsByChance } from './git-chance.ts'
import type { GitFault } from './git-faults.ts'
import { git, gitFixture, tryGit } from './git-fixture.ts'
import { startGitHttp } from './git-http.ts'
import { spawnGitHttp } from './git-http-process.ts'
import type { GitRequest } from './git-request.ts'

const ref = 'refs/refline/x/y'
const isPush = (request: GitRequest) => request.service === 'git-receive-pack' && request.step === 'exchange'

/** Pushes the clone's head once, with a fault at the given requests, and says what git said and what the remote then has. */
const pushWith = async (fault: GitFault, hits: (request: GitRequest) => boolean) => {
  const fixture = await gitFixture()
  const server = await startGitHttp(fixture.root, { faults: request => (hits(request) ? fault : null) })
  const remote = `${server.url}/acme/churn.git`
  const pushed = await tryGit(fixture.clone, ['push', remote, `HEAD:${ref}`])
  const has = async () => (await tryGit(fixture.bare, ['rev-parse', '--verify', '--quiet', ref])).stdout.trim() || null
  const close = async () => {
    await server.close()
    await fixture[Symbol.asyncDispose]()
  }
  return { fixture, server, remote, pushed, has, head: await fixture.git('rev-parse', 'HEAD'), [Symbol.asyncDispose]: close }
}
const first = (request: GitRequest) => isPush(request) && request.index === 0
const each = (request: GitRequest) => isPush(request)

describe('one push', () => {
  test.each([
    ['drop-after', each],
    ['cut-answer', each],
    ['error-after', each],
  ] as const)('%s: it landed although git says that it failed', async (fault, hits) => {
    await using at = await pushWith(fault, hits)
    expect(at.pushed.code).not.toBe(0)
    expect(await at.has()).toBe(at.head)
  })

  test.each([
    ['drop-before', each],
    ['cut-request', each],
    ['rate-limit', each],
    ['html', each],
    ['empty', each],
    [503, each],
  ] as const)('%s: it did not land, and git says so', async (fault, hits) => {
    await using at = await pushWith(fault, hits)
    expect(at.pushed.code).not.toBe(0)
    expect(await at.has()).toBeNull()
  })

  test('replay: git does it, is asked again, and the client gets the second answer, which is a refusal', async () => {
    await using at = await pushWith('replay', first)
    expect(await at.has()).toBe(at.head)
    expect(at.pushed.code).not.toBe(0)
  })

  test('replay-late: the same push comes again after the next one and changes nothing', async () => {
    await using at = await pushWith('replay-late', first)
    expect(at.pushed.code).toBe(0)
    const next = await at.fixture.commit('second', { 'a.txt': 'a' })
    await at.fixture.git('push', at.remote, `HEAD:${ref}`)
    expect(await at.has()).toBe(next)
  })

  test('a delay holds the request back and nothing else', async () => {
    await using at = await pushWith({ delay: 300 }, first)
    expect(at.pushed.code).toBe(0)
    expect(await at.has()).toBe(at.head)
  })
})

test('a page with status 200 on one line, and an empty answer, look to git like a server without refs', async () => {
  for (const fault of ['html', 'empty'] as const) {
    await using at = await pushWith(fault, request => request.service === 'git-upload-pack')
    const listed = await tryGit(at.fixture.clone, ['ls-remote', at.remote])
    expect(listed).toMatchObject({ code: 0, stdout: '' })
  }
})

describe('faults by a seed', () => {
  const requests = Array.from({ length: 2000 }, (_, index): GitRequest => {
    return { repository: 'acme/churn.git', service: 'git-receive-pack', step: 'exchange', authorization: null, index }
  })
  const chances = [
    { fault: 'drop-after', share: 0.2, service: 'git-receive-pack', step: 'exchange' },
    { fault: 503, share: 0.1 },
  ] as const

  test('hit their share of the requests that they concern, always the same ones', () => {
    const hits = requests.map(faultsByChance('seed', chances))
    expect(hits.filter(fault => fault === 'drop-after').length / 2000).toBeCloseTo(0.2, 1)
    expect(hits.filter(fault => fault === 503).length / 2000).toBeCloseTo(0.1, 1)
    expect(requests.map(faultsByChance('seed', chances))).toEqual(hits)
    expect(requests.map(faultsByChance('other', chances))).not.toEqual(hits)
    const fetches = requests.map(request => ({ ...request, service: 'git-upload-pack' as const })).map(faultsByChance('seed', chances))
    expect(fetches).not.toContain('drop-after')
  })

  test('delays are drawn between their bounds', () => {
    const delays = requests.map(delayByChance('seed', { from: 20, to: 120 }))
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(20)
    expect(Math.max(...delays)).toBeLessThan(120)
    expect(delayByChance('seed', 80)(requests[0] as GitRequest)).toBe(80)
  })
})

test('a server in a process of its own serves with faults by a seed, counts them, and ends when told', async () => {
  await using fixture = await gitFixture()
  await using server = await spawnGitHttp({
    root: fixture.root,
    seed: 'a',
    chances: [{ fault: 'drop-after', share: 1, service: 'git-receive-pack', step: 'exchange' }],
    delay: 5,
  })
  const pushed = await tryGit(fixture.clone, ['push', `${server.url}/acme/churn.git`, `HEAD:${ref}`])
  expect(pushed.code).not.toBe(0)
  expect(await git(fixture.bare, ['rev-parse', ref])).toBe(await fixture.git('rev-parse', 'HEAD'))
  const counted = await server.close()
  expect(counted.faults).toBeGreaterThanOrEqual(1)
  expect(counted.requests).toBeGreaterThan(counted.faults)
})
