import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { Octokit } from '@octokit/rest'
import { expect, test } from 'vitest'
import { git, tryGit } from '../git-fixture.ts'
import { temporaryFolder } from '../temporary.ts'
import { Conformity } from './conformity.ts'
import { endpoints } from './rest.ts'
import { type GitHubDouble, startGitHub } from './server.ts'

const at = { owner: 'acme', repo: 'churn' }
const client = (double: GitHubDouble, auth = double.token) =>
  new Octokit({ auth, baseUrl: double.apiUrl, log: { debug() {}, info() {}, warn() {}, error() {} } })
const status = (work: Promise<{ readonly status: number }>) =>
  work.then(
    answer => answer.status,
    (error: { status?: number }) => error.status ?? 0,
  )

const start = async (options: Parameters<typeof startGitHub>[0] = {}) => {
  const double = await startGitHub(options)
  const repository = double.repository('acme', 'churn')
  const first = await repository.commit(
    { 'refline.yml': 'models: {}\n', 'src/train.py': 'print(1)\n', 'data.bin': new Uint8Array([0, 255, 1]) },
    { message: 'first' },
  )
  return { double, repository, first, api: client(double) }
}

test('contents, commits, refs and permissions are answered from the real repository', async () => {
  const { double, repository, first, api } = await start()
  await using _ = double
  const file = (await api.repos.getContent({ ...at, path: 'data.bin', ref: first })).data
  expect('content' in file && [...Buffer.from(file.content ?? '', 'base64')]).toEqual([0, 255, 1])
  expect((await api.repos.getContent({ ...at, path: 'src', ref: 'main' })).data).toMatchObject([{ name: 'train.py', type: 'file' }])
  expect((await api.repos.getContent({ ...at, path: 'refline.yml', mediaType: { format: 'raw' } })).data).toBe('models: {}\n')
  expect(await status(api.repos.getContent({ ...at, path: 'absent' }))).toBe(404)
  expect(await status(api.repos.getContent({ ...at, path: 'refline.yml', ref: '--output=x' }))).toBe(404)
  const second = await repository.commit({ 'src/train.py': null }, { message: 'second\n\nbody' })
  const commit = (await api.git.getCommit({ ...at, commit_sha: second })).data
  expect(commit.parents.map(parent => parent.sha)).toEqual([first])
  expect(commit.message).toBe('second\n\nbody')
  expect((await api.repos.getCommit({ ...at, ref: 'main' })).data.sha).toBe(second)
  expect((await api.repos.get(at)).data.default_branch).toBe('main')
  repository.setRole('bob', 'maintain')
  expect((await api.repos.getCollaboratorPermissionLevel({ ...at, username: 'bob' })).data).toMatchObject({
    permission: 'write',
    role_name: 'maintain',
  })
  await api.git.createRef({ ...at, ref: 'refs/heads/other', sha: first })
  expect((await api.git.getRef({ ...at, ref: 'heads/other' })).data.object.sha).toBe(first)
  expect((await api.git.listMatchingRefs({ ...at, ref: 'heads/' })).data).toHaveLength(2)
  expect(await status(api.git.createRef({ ...at, ref: 'refs/heads/other', sha: first }))).toBe(422)
  await api.git.deleteRef({ ...at, ref: 'heads/other' })
  expect(await status(api.git.getRef({ ...at, ref: 'heads/other' }))).toBe(404)
  expect(await status(api.users.getAuthenticated())).toBe(403)
  double.addToken('person', {}, 'bob')
  expect((await client(double, 'person').users.getAuthenticated()).data.login).toBe('bob')
  expect((await api.rateLimit.get()).headers['x-ratelimit-limit']).toBe('5000')
})

test('a pull request has a trial merge with the base as first parent, is merged, and is found by its commit', async () => {
  const { double, repository, first, api } = await start()
  await using _ = double
  const head = await repository.commit({ 'src/train.py': 'print(2)\n' }, { branch: 'better' })
  const opened = await repository.openPullRequest({ head: 'better', title: 'Better' })
  expect((await api.git.getCommit({ ...at, commit_sha: opened.mergeSha })).data.parents.map(parent => parent.sha)).toEqual([first, head])
  expect((await api.pulls.get({ ...at, pull_number: 1 })).data).toMatchObject({ merged: false, head: { sha: head }, base: { sha: first } })
  expect((await api.pulls.list(at)).data).toHaveLength(1)
  const merged = await repository.merge(1)
  expect((await api.repos.listPullRequestsAssociatedWithCommit({ ...at, commit_sha: merged })).data.map(pull => pull.number)).toEqual([1])
  expect((await api.repos.listPullRequestsAssociatedWithCommit({ ...at, commit_sha: first })).data).toEqual([])
  expect((await api.pulls.get({ ...at, pull_number: 1 })).data).toMatchObject({ merged: true, merge_commit_sha: merged })
})

test('comments are paged, edited, removed, capped, and need permission', async () => {
  const { double, repository, api } = await start({ pageSize: 30 })
  await using _ = double
  await repository.commit({ a: 'a' }, { branch: 'a' })
  await repository.openPullRequest({ head: 'a' })
  for (let index = 0; index < 31; index += 1) await api.issues.createComment({ ...at, issue_number: 1, body: `comment ${index}` })
  const firstPage = await api.issues.listComments({ ...at, issue_number: 1, per_page: 100 })
  expect(firstPage.data).toHaveLength(30)
  expect(firstPage.headers.link).toContain('rel="next"')
  expect(await api.paginate(api.issues.listComments, { ...at, issue_number: 1, per_page: 100 })).toHaveLength(31)
  const [comment] = firstPage.data
  await api.issues.updateComment({ ...at, comment_id: comment?.id ?? 0, body: 'edited' })
  expect((await api.issues.getComment({ ...at, comment_id: comment?.id ?? 0 })).data.body).toBe('edited')
  await api.issues.deleteComment({ ...at, comment_id: comment?.id ?? 0 })
  expect(repository.comments(1)).toHaveLength(30)
  expect(await status(api.issues.createComment({ ...at, issue_number: 1, body: 'x'.repeat(65_537) }))).toBe(422)
  expect(await status(api.issues.createComment({ ...at, issue_number: 1, body: 'x'.repeat(65_536) }))).toBe(201)
  double.addToken('reader', { contents: 'read', issues: 'read', 'pull-requests': 'read' })
  expect(await status(client(double, 'reader').issues.createComment({ ...at, issue_number: 1, body: 'x' }))).toBe(403)
  expect(await status(client(double, 'unknown').issues.listComments({ ...at, issue_number: 1 }))).toBe(401)
  const issue = (await api.issues.create({ ...at, title: 'Incident', body: 'b', labels: ['incident'] })).data
  expect((await api.issues.listForRepo({ ...at, labels: 'incident' })).data.map(item => item.number)).toEqual([issue.number])
  await api.issues.update({ ...at, issue_number: issue.number, state: 'closed' })
  expect((await api.issues.get({ ...at, issue_number: issue.number })).data.state).toBe('closed')
})

test('a release goes from draft to published with a tag, keeps bytes and digests, and a taken tag is refused', async () => {
  const { double, repository, first, api } = await start()
  await using _ = double
  const tag_name = 'refline/churn/abcdef012345'
  const draft = (
    await api.repos.createRelease({ ...at, tag_name, target_commitish: first, draft: true, name: 'run-1', make_latest: 'false' })
  ).data
  const other = (await api.repos.createRelease({ ...at, tag_name, target_commitish: first, draft: true, name: 'run-2' })).data
  const bytes = Buffer.from('model bytes')
  const upload = (name: string) =>
    api.repos.uploadReleaseAsset({
      ...at,
      release_id: draft.id,
      name,
      data: bytes as unknown as string,
      baseUrl: double.url,
      url: draft.upload_url,
    })
  const asset = (await upload('my model.bin')).data
  expect(asset).toMatchObject({
    name: 'my.model.bin',
    size: bytes.length,
    digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`,
  })
  expect(await status(upload('my model.bin'))).toBe(422)
  expect(await status(api.repos.getReleaseByTag({ ...at, tag: tag_name }))).toBe(404)
  double.addToken('reader', { contents: 'read' })
  expect((await client(double, 'reader').repos.listReleases(at)).data).toEqual([])
  await api.repos.updateRelease({ ...at, release_id: draft.id, draft: false })
  expect(await git(repository.bare, ['rev-parse', `refs/tags/${tag_name}`])).toBe(first)
  expect((await api.repos.getReleaseByTag({ ...at, tag: tag_name })).data.assets).toHaveLength(1)
  const taken = await api.repos.updateRelease({ ...at, release_id: other.id, draft: false }).catch(error => error)
  expect(taken).toMatchObject({ status: 422, response: { data: { errors: [{ code: 'already_exists', field: 'tag_name' }] } } })
  const download = await api.repos.getReleaseAsset({ ...at, asset_id: asset.id, headers: { accept: 'application/octet-stream' } })
  expect(Buffer.from(download.data as unknown as ArrayBuffer).toString()).toBe('model bytes')
  const manual = await fetch(asset.url, {
    redirect: 'manual',
    headers: { accept: 'application/octet-stream', authorization: `Bearer ${double.token}` },
  })
  expect(manual.status).toBe(302)
  expect(new URL(manual.headers.get('location') ?? '').origin).not.toBe(double.url)
  await api.repos.updateRelease({ ...at, release_id: draft.id, name: 'churn v1', body: 'card' })
  await api.repos.updateReleaseAsset({ ...at, asset_id: asset.id, name: 'renamed.bin' })
  expect((await api.repos.listReleaseAssets({ ...at, release_id: draft.id })).data.map(item => item.name)).toEqual(['renamed.bin'])
  await api.repos.deleteReleaseAsset({ ...at, asset_id: asset.id })
  expect(await status(api.repos.getReleaseAsset({ ...at, asset_id: asset.id }))).toBe(404)
  await api.repos.deleteRelease({ ...at, release_id: other.id })
  expect((await api.repos.listReleases(at)).data.map(release => release.name)).toEqual(['churn v1'])
})

test('an immutable release keeps its assets, its tag, and its words can be edited', async () => {
  const { double, first, api } = await start({ immutableReleases: true })
  await using _ = double
  const release = (await api.repos.createRelease({ ...at, tag_name: 'v1', target_commitish: first, draft: true })).data
  const upload = () =>
    api.repos.uploadReleaseAsset({ ...at, release_id: release.id, name: 'a', data: 'a', baseUrl: double.url, url: release.upload_url })
  const asset = (await upload()).data
  expect((await api.repos.updateRelease({ ...at, release_id: release.id, draft: false })).data.immutable).toBe(true)
  expect(await status(upload())).toBe(422)
  expect(await status(api.repos.deleteReleaseAsset({ ...at, asset_id: asset.id }))).toBe(422)
  expect(await status(api.git.deleteRef({ ...at, ref: 'tags/v1' }))).toBe(422)
  expect((await api.repos.updateRelease({ ...at, release_id: release.id, name: 'title' })).data.name).toBe('title')
  await api.repos.deleteRelease({ ...at, release_id: release.id })
  expect(await status(api.repos.createRelease({ ...at, tag_name: 'v1', target_commitish: first }))).toBe(422)
})

test('deployments are filtered, carry statuses, and retire earlier ones of environments that are not production', async () => {
  const { double, first, api } = await start()
  await using _ = double
  const create = (environment: string) =>
    api.repos.createDeployment({
      ...at,
      ref: first,
      environment,
      auto_merge: false,
      required_contexts: [],
      payload: { rollout: 'r1' },
      description: 'd',
    })
  const one = (await create('staging')).data as { id: number }
  const two = (await create('staging')).data as { id: number }
  const set = (id: number, state: 'success' | 'in_progress', description = 'x') =>
    api.repos.createDeploymentStatus({ ...at, deployment_id: id, state, description })
  await set(one.id, 'in_progress')
  await set(one.id, 'success')
  await set(two.id, 'success')
  expect((await api.repos.listDeploymentStatuses({ ...at, deployment_id: one.id })).data.map(item => item.state)).toEqual([
    'inactive',
    'success',
    'in_progress',
  ])
  expect((await api.repos.listDeployments({ ...at, environment: 'staging' })).data.map(item => item.id)).toEqual([two.id, one.id])
  expect((await api.repos.listDeployments({ ...at, environment: 'production' })).data).toEqual([])
  expect((await api.repos.getDeployment({ ...at, deployment_id: one.id })).data.payload).toEqual({ rollout: 'r1' })
  expect(await status(set(one.id, 'success', 'x'.repeat(141)))).toBe(422)
})

test('clones and pushes over smart HTTP, with the rights of the token', async () => {
  const { double, repository } = await start()
  await using _ = double
  await using folder = await temporaryFolder()
  const remote = double.gitUrl('acme', 'churn')
  await git(folder.path, ['clone', '--quiet', remote, 'copy'])
  const copy = folder.join('copy')
  expect(await readFile(`${copy}/refline.yml`, 'utf8')).toBe('models: {}\n')
  await writeFile(`${copy}/a.txt`, 'a')
  await git(copy, ['add', '.'])
  await git(copy, ['commit', '--quiet', '-m', 'a'])
  const push = (token: string) => {
    const value = `Authorization: Basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`
    const env = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: `http.${double.url}/.extraheader`, GIT_CONFIG_VALUE_0: value }
    return tryGit(copy, ['push', remote, 'HEAD:refs/refline/models/churn/decisions'], { env })
  }
  double.addToken('reader', { contents: 'read' })
  expect((await tryGit(copy, ['push', remote, 'HEAD:refs/refline/x/y'])).code).not.toBe(0)
  expect((await push('reader')).stderr).toContain('403')
  expect((await push(double.token)).code).toBe(0)
  expect(await git(repository.bare, ['rev-parse', 'refs/refline/models/churn/decisions'])).toBe(await git(copy, ['rev-parse', 'HEAD']))
  const named = await tryGit(copy, ['ls-remote', `${double.serverUrl}/acme/churn`])
  expect(named.stdout).toContain('refs/heads/main')
})

test('fails as it is told', async () => {
  const { double, first, repository, api } = await start()
  await using _ = double
  const issue = (await api.issues.create({ ...at, title: 't' })).data.number
  const comment = () => api.issues.createComment({ ...at, issue_number: issue, body: 'b' })
  double.fault({ method: 'POST', path: '/comments$', nth: 2, kind: 'status-after', status: 500 })
  expect([await status(comment()), await status(comment()), await status(comment())]).toEqual([201, 500, 201])
  expect(repository.comments(issue)).toHaveLength(3)
  double.fault({ method: 'POST', path: '/comments$', kind: 'drop-after' })
  expect(await status(comment())).toBe(500)
  double.fault({ method: 'POST', path: '/comments$', kind: 'drop-before' })
  expect(await status(comment())).toBe(500)
  expect(repository.comments(issue)).toHaveLength(4)
  double.fault({ path: '/issues$', kind: 'rate-limit', retryAfter: 7 })
  const limited = await api.issues.listForRepo(at).catch(error => error)
  expect(limited).toMatchObject({ status: 429, response: { headers: { 'retry-after': '7' } } })
  double.fault({ path: '/issues$', kind: 'secondary-limit' })
  expect((await api.issues.listForRepo(at).catch(error => error)).message).toContain('secondary rate limit')
  const release = (await api.repos.createRelease({ ...at, tag_name: 'v1', target_commitish: first, draft: true })).data
  const upload = () =>
    api.repos.uploadReleaseAsset({ ...at, release_id: release.id, name: 'a', data: 'hello', baseUrl: double.url, url: release.upload_url })
  double.fault({ method: 'POST', path: '/assets$', kind: 'interrupt' })
  expect(await status(upload())).toBe(502)
  const [starter] = (await api.repos.listReleaseAssets({ ...at, release_id: release.id })).data
  expect(starter).toMatchObject({ state: 'starter', size: 0, digest: null })
  await api.repos.deleteReleaseAsset({ ...at, asset_id: starter?.id ?? 0 })
  const asset = (await upload()).data
  const bytes = async () => {
    const answer = await fetch(asset.url, { headers: { accept: 'application/octet-stream', authorization: `Bearer ${double.token}` } })
    return answer.text()
  }
  double.fault({ method: 'GET', path: '^/assets/', kind: 'corrupt' })
  expect(await bytes()).toBe('iello')
  double.fault({ method: 'GET', path: '^/assets/', kind: 'truncate' })
  await expect(bytes()).rejects.toThrow()
  double.fault({ method: 'GET', path: '^/assets/', kind: 'slow', milliseconds: 1 })
  expect(await bytes()).toBe('hello')
  double.fault({ method: 'GIT', path: 'info/refs', kind: 'status', status: 503 })
  expect((await tryGit('/', ['ls-remote', double.gitUrl('acme', 'churn')])).stderr).toContain('503')
})

test('what GitHub does not describe is a violation, and closing says so', async () => {
  const { double, api } = await start()
  expect(await status(api.request('GET /repos/{owner}/{repo}/no-such-thing', at))).toBe(404)
  expect(await status(api.request('POST /repos/{owner}/{repo}/issues', { ...at, title: 'x', made_up: true }))).toBe(201)
  expect(double.violations).toEqual([
    "GET /repos/acme/churn/no-such-thing is not in the extract of GitHub's description",
    'POST /repos/{owner}/{repo}/issues request: unknown property made_up',
  ])
  await expect(double.close()).rejects.toThrow('made_up')
})

test('the description is compared with answers: a wrong type, a missing property and an undescribed status are named', () => {
  const conformity = new Conformity()
  expect(conformity.source).toMatch(/^@octokit\/openapi \d+\.\d+\.\d+/)
  const key = 'GET /repos/{owner}/{repo}/git/ref/{ref}'
  const good = {
    ref: 'refs/heads/a',
    node_id: 'x',
    url: 'http://127.0.0.1/x',
    object: { type: 'commit', sha: 'a'.repeat(40), url: 'http://127.0.0.1/y' },
  }
  expect(conformity.response(key, 200, good)).toEqual([])
  expect(conformity.response(key, 200, { ...good, ref: 1 }).join()).toContain('/ref must be string')
  expect(conformity.response(key, 200, { ...good, object: undefined }).join()).toContain("required property 'object'")
  expect(conformity.response(key, 201, good).join()).toContain('status 201 is not described')
  expect(conformity.match('GET', '/repos/a/b/git/ref/heads%2Fx/y')?.parameters).toEqual({ owner: 'a', repo: 'b', ref: 'heads/x/y' })
  expect(conformity.match('GET', '/repos/a/b/releases/tags/refline/churn/1')?.parameters.tag).toBe('refline/churn/1')
  expect(conformity.match('GET', '/repos/a/b/commits/abc/pulls')?.key).toBe('GET /repos/{owner}/{repo}/commits/{commit_sha}/pulls')
})

test('every operation of the extract is answered, and nothing besides', () => {
  const answered = [...Object.keys(endpoints), 'GET /user', 'GET /rate_limit']
  expect(answered.toSorted()).toEqual(new Conformity().operations.toSorted())
})

test('what was saved is there again, under the same addresses', async () => {
  const { double, repository, first, api } = await start()
  await using _ = double
  await using folder = await temporaryFolder()
  await api.repos.createRelease({ ...at, tag_name: 'v1', name: 'one' })
  await double.save(folder.path)
  await repository.commit({ 'later.txt': 'later' })
  await repository.openPullRequest({ head: 'main' })
  await api.repos.createRelease({ ...at, tag_name: 'v2', name: 'two' })
  await double.load(folder.path)
  expect((await api.repos.listReleases(at)).data.map(({ name }) => name)).toEqual(['one'])
  expect((await api.repos.getCommit({ ...at, ref: 'main' })).data.sha).toBe(first)
  expect(repository.state.issues.size).toBe(0)
  expect((await api.repos.createRelease({ ...at, tag_name: 'v2', name: 'two again' })).data.name).toBe('two again')
})
