import { expect, test } from 'vitest'
import { githubComments } from '../../../src/adapters/github/comments.ts'
import { clientOf, place, start } from './support.ts'

const marker = '<!-- refline churn model-pr.yml -->'
const at = { owner: place.owner, repo: place.name }
type Started = Awaited<ReturnType<typeof start>>
const comments = ({ double }: Started, token?: string) => githubComments(clientOf(double, token), place)
const ours = ({ repository, number }: Started) => repository.comments(number).filter(comment => comment.body.startsWith(marker))

test('it is created once, edited after, and left alone where nothing changed', async () => {
  const started = await start()
  await using _ = started.double
  const first = await comments(started).upsert(started.number, marker, 'one')
  const second = await comments(started).upsert(started.number, marker, 'two')
  expect(second).toEqual(first)
  expect(started.repository.comments(started.number).map(comment => comment.body)).toEqual([`${marker}\ntwo`])
  await comments(started).upsert(started.number, marker, 'two')
  expect(started.double.requests.filter(request => request.method === 'PATCH')).toHaveLength(1)
})

test('on the third page of 30 it is still found', async () => {
  const started = await start({ pageSize: 30 })
  await using _ = started.double
  started.double.addToken('alice', { issues: 'write' }, 'alice')
  const alice = clientOf(started.double, 'alice')
  const chatter = async (count: number) => {
    for (let index = 0; index < count; index += 1)
      await alice.issues.createComment({ ...at, issue_number: started.number, body: `chat ${index}` })
  }
  await chatter(65)
  await comments(started).upsert(started.number, marker, 'one')
  await chatter(5)
  await comments(started).upsert(started.number, marker, 'two')
  expect(ours(started).map(comment => comment.body)).toEqual([`${marker}\ntwo`])
})

test('a marker that a person planted is neither edited nor deleted', async () => {
  const started = await start()
  await using _ = started.double
  started.double.addToken('mallory', { issues: 'write' }, 'mallory')
  const planted = `${marker}\nall is well`
  await clientOf(started.double, 'mallory').issues.createComment({ ...at, issue_number: started.number, body: planted })
  await comments(started).upsert(started.number, marker, 'one')
  await comments(started).upsert(started.number, marker, 'two')
  expect(ours(started).map(comment => [comment.login, comment.body])).toEqual([
    ['mallory', planted],
    ['github-actions[bot]', `${marker}\ntwo`],
  ])
})

test('a marker that is not in the first line is only quoted', async () => {
  const started = await start()
  await using _ = started.double
  await clientOf(started.double).issues.createComment({ ...at, issue_number: started.number, body: `> ${marker}\n\n${marker}` })
  await comments(started).upsert(started.number, marker, 'one')
  expect(started.repository.comments(started.number)).toHaveLength(2)
})

test.each(['status-after', 'drop-after'] as const)('created with the answer lost (%s): one comment', async kind => {
  const started = await start()
  await using _ = started.double
  started.double.fault({ method: 'POST', path: '/comments$', kind, status: 500 })
  expect(await comments(started).upsert(started.number, marker, 'one')).toHaveProperty('url')
  expect(ours(started)).toHaveLength(1)
})

test('not created and answered with an error: it is created after looking', async () => {
  const started = await start()
  await using _ = started.double
  started.double.fault({ method: 'POST', path: '/comments$', kind: 'status', status: 502 })
  expect(await comments(started).upsert(started.number, marker, 'one')).toHaveProperty('url')
  expect(ours(started)).toHaveLength(1)
})

test('of twins that two jobs made at once the older stays, with the newest text', async () => {
  const started = await start()
  await using _ = started.double
  await Promise.all(['one', 'two', 'three'].map(body => comments(started).upsert(started.number, marker, body)))
  await comments(started).upsert(started.number, marker, 'last')
  expect(ours(started).map(comment => comment.body)).toEqual([`${marker}\nlast`])
})

test('another model and another author keep their own', async () => {
  const started = await start()
  await using _ = started.double
  started.double.addToken('bob', { issues: 'write' }, 'bob')
  await comments(started).upsert(started.number, marker, 'by the app')
  await comments(started, 'bob').upsert(started.number, marker, 'by bob')
  await comments(started, 'bob').upsert(started.number, marker, 'by bob again')
  await comments(started).upsert(started.number, '<!-- refline fraud model-pr.yml -->', 'of fraud')
  expect(started.repository.comments(started.number).map(comment => comment.body.split('\n')[1])).toEqual([
    'by the app',
    'by bob again',
    'of fraud',
  ])
})

test('a token that may not comment is told so, with the permission it lacks', async () => {
  const started = await start()
  await using _ = started.double
  started.double.addToken('fork', { contents: 'read', issues: 'read', 'pull-requests': 'read' })
  const answer = await comments(started, 'fork').upsert(started.number, marker, 'one')
  expect('denied' in answer && answer.denied).toContain('under `permissions:`')
  expect(started.repository.comments(started.number)).toEqual([])
})

test('a body that is too long is cut between characters', async () => {
  const started = await start()
  await using _ = started.double
  expect(await comments(started).upsert(started.number, marker, '😀\n\n'.repeat(40_000))).toHaveProperty('url')
  const [comment] = ours(started)
  expect(comment?.body.length).toBeLessThanOrEqual(60_000)
  expect(comment?.body.isWellFormed()).toBe(true)
  expect(comment?.body).toContain('cut here')
})

test('an evaluation costs few requests', async () => {
  const started = await start()
  await using _ = started.double
  await comments(started).upsert(started.number, marker, 'one')
  const created = started.double.requests.length
  await comments(started).upsert(started.number, marker, 'two')
  expect(created).toBeLessThanOrEqual(3)
  expect(started.double.requests.length - created).toBeLessThanOrEqual(3)
})
