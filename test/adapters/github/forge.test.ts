import { expect, test } from 'vitest'
import { githubForge } from '../../../src/adapters/github/forge.ts'
import { clientOf, place, start } from './support.ts'

const marker = '<!-- refline-incident churn production -->'
type Started = Awaited<ReturnType<typeof start>>
const forge = ({ double }: Started, token?: string) => githubForge(clientOf(double, token), place)
const issues = async ({ repository }: Started) => (await repository.dump()).issues.filter(issue => issue.pull === null)

test('a file of a commit, its absence, and a commit that is not there are three things', async () => {
  const started = await start()
  await using _ = started.double
  expect(await forge(started).fileAt('refline.yml', started.first)).toBe('models: {}\n')
  expect(await forge(started).fileAt('absent.yml', started.first)).toBeNull()
  await expect(forge(started).fileAt('refline.yml', '0'.repeat(40))).rejects.toThrow(/GitHub (knows nothing|refused)/)
})

test('the base of a merge commit is its first parent', async () => {
  const started = await start()
  await using _ = started.double
  const { mergeSha, baseSha } = await started.repository.synchronize(started.number)
  expect(await forge(started).firstParent(mergeSha)).toBe(baseSha)
  await expect(forge(started).firstParent(started.first)).rejects.toThrow('has no parent')
})

test('the pull request that brought a commit is found only once it is merged', async () => {
  const started = await start()
  await using _ = started.double
  const { headSha } = await started.repository.synchronize(started.number)
  expect(await forge(started).pullRequestOf(headSha)).toBeNull()
  const landed = await started.repository.merge(started.number)
  expect(await forge(started).pullRequestOf(landed)).toBe(started.number)
  expect(await forge(started).pullRequestOf(started.first)).toBeNull()
})

test('roles and the default branch', async () => {
  const started = await start()
  await using _ = started.double
  started.repository.setRole('bob', 'maintain')
  expect(await forge(started).permissionOf('bob')).toBe('maintain')
  expect(['none', 'read']).toContain(await forge(started).permissionOf('stranger'))
  expect(await forge(started).defaultBranch()).toBe('main')
})

test('an incident opens one issue; the next is a comment on it; the same again, in whatever words, is nothing', async () => {
  const started = await start()
  await using _ = started.double
  const first = await forge(started).incident(marker, '<!-- one -->', 'v3 was rolled back', 'why one')
  expect(await forge(started).incident(marker, '<!-- one -->', 'v3 was rolled back', 'why one, in other words')).toEqual(first)
  expect(await forge(started).incident(marker, '<!-- two -->', 'v4 was rolled back', 'why two')).toEqual(first)
  expect(await forge(started).incident(marker, '<!-- two -->', 'v4 was rolled back', 'why two again')).toEqual(first)
  const [issue, ...more] = await issues(started)
  expect(more).toEqual([])
  expect(issue?.title).toBe('v3 was rolled back')
  expect(issue?.comments.map(comment => comment.body)).toEqual([`${marker}\n<!-- two -->\nwhy two`])
})

test('a lost answer opens no second issue, and an issue that a person planted is not used', async () => {
  const started = await start()
  await using _ = started.double
  started.double.addToken('mallory', { issues: 'write' }, 'mallory')
  await clientOf(started.double, 'mallory').issues.create({ owner: place.owner, repo: place.name, title: 'mine', body: `${marker}\nx` })
  started.double.fault({ method: 'POST', path: '/issues$', kind: 'drop-after' })
  await forge(started).incident(marker, '<!-- one -->', 'v3 was rolled back', 'why')
  expect((await issues(started)).map(issue => [issue.author.login, issue.comments.length])).toEqual([
    ['mallory', 0],
    ['github-actions[bot]', 0],
  ])
})

test('a token that may not open issues is told so', async () => {
  const started = await start()
  await using _ = started.double
  started.double.addToken('reader', { contents: 'read', issues: 'read' })
  expect(await forge(started, 'reader').incident(marker, '<!-- one -->', 't', 'b')).toHaveProperty('denied')
})
