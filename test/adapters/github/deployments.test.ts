import { expect, test } from 'vitest'
import { githubDeployments } from '../../../src/adapters/github/deployments.ts'
import { clientOf, place, start } from './support.ts'

type Started = Awaited<ReturnType<typeof start>>
const deployments = ({ double }: Started, token?: string) => githubDeployments(clientOf(double, token), place)
const all = async ({ repository }: Started) =>
  (await repository.dump()).deployments.map(({ id, environment, statuses }) => ({
    id,
    environment,
    states: statuses.map(status => status.state),
  }))

test('a rollout has one deployment, whatever happens to the answer and however often it begins', async () => {
  const started = await start()
  await using _ = started.double
  started.double.fault({ method: 'POST', path: '/deployments$', kind: 'drop-after' })
  const begun = await deployments(started).begin('production', 'aaaaaaaaaaaa', started.first, 'churn v2')
  expect(await deployments(started).begin('production', 'aaaaaaaaaaaa', started.first, 'churn v2')).toEqual(begun)
  expect(await all(started)).toEqual([{ id: begun?.id, environment: 'production', states: [] }])
})

test('a status is written once, at most 140 characters long, although its answer is lost', async () => {
  const started = await start()
  await using _ = started.double
  const begun = await deployments(started).begin('production', 'aaaaaaaaaaaa', started.first, 'x'.repeat(500))
  started.double.fault({ method: 'POST', path: '/statuses$', kind: 'status-after', status: 500 })
  await deployments(started).status(begun?.id ?? 0, 'in_progress', `5 % ${'😀'.repeat(100)}`)
  await deployments(started).status(begun?.id ?? 0, 'success', 'live')
  await deployments(started).status(begun?.id ?? 0, 'success', 'live')
  expect((await all(started))[0]?.states).toEqual(['in_progress', 'success'])
  expect((await started.repository.dump()).deployments[0]?.statuses[0]?.description.isWellFormed()).toBe(true)
})

test('a deployment is over once its newest status says how it ended, and where it cannot be seen', async () => {
  const started = await start()
  await using _ = started.double
  const port = deployments(started)
  const begun = await port.begin('production', 'aaaaaaaaaaaa', started.first, 'churn v2')
  const id = begun?.id ?? 0
  expect(await port.isOver(id)).toBe(false)
  const expected = { queued: false, in_progress: false, success: true, failure: true, error: true, inactive: true } as const
  for (const state of Object.keys(expected) as (keyof typeof expected)[]) {
    await port.status(id, state, 'as it is')
    expect(await port.isOver(id), state).toBe(expected[state])
  }
  await port.status(id, 'in_progress', 'a runner that wakes up late')
  expect(await port.isOver(id)).toBe(true)
  expect(await port.isOver(id + 1000)).toBe(true)
})

test('every status says where the environment is seen and which run wrote it, and one that says the same is written once', async () => {
  const started = await start()
  await using _ = started.double
  const logUrl = 'https://github.test/acme/churn/actions/runs/7'
  const port = githubDeployments(clientOf(started.double), place, { serverUrl: 'https://github.test', logUrl })
  const begun = await port.begin('production', 'aaaaaaaaaaaa', started.first, 'churn v2')
  expect(begun?.url).toBe('https://github.test/acme/churn/deployments/production')
  const states = ['queued', 'in_progress', 'success', 'failure', 'error', 'inactive'] as const
  for (const state of states)
    for (const _again of [1, 2]) await port.status(begun?.id ?? 0, state, '5 % of the traffic', 'https://churn.example/status')
  await port.status(begun?.id ?? 0, 'inactive', '5 % of the traffic')
  const [deployment] = (await started.repository.dump()).deployments
  expect(deployment?.statuses.map(({ state, environmentUrl }) => `${state} ${environmentUrl}`)).toEqual([
    ...states.map(state => `${state} https://churn.example/status`),
    'inactive ',
  ])
  expect(new Set(deployment?.statuses.map(status => status.logUrl))).toEqual(new Set([logUrl]))
})

test('what is superseded becomes inactive; deployments of others and of other environments stay', async () => {
  const started = await start()
  await using _ = started.double
  const port = deployments(started)
  const begin = async (environment: string, key: string) => (await port.begin(environment, key, started.first, key))?.id ?? 0
  const [old, elsewhere, current] = [await begin('production', 'a'), await begin('staging', 'b'), await begin('production', 'c')]
  const foreign = await clientOf(started.double).repos.createDeployment({
    owner: place.owner,
    repo: place.name,
    ref: started.first,
    environment: 'production',
    auto_merge: false,
    required_contexts: [],
  })
  for (const id of [old, elsewhere, current]) await port.status(id, 'success', 'live')
  await port.supersede('production', current)
  await port.supersede('production', current)
  expect(Object.fromEntries((await all(started)).map(({ id, states }) => [id, states]))).toEqual({
    [old]: ['success', 'inactive'],
    [elsewhere]: ['success'],
    [current]: ['success'],
    [(foreign.data as { id: number }).id]: [],
  })
})

test('a token without the permission is no error', async () => {
  const started = await start()
  await using _ = started.double
  started.double.addToken('reader', { contents: 'read' })
  const port = deployments(started, 'reader')
  expect(await port.begin('production', 'a', started.first, 'x')).toBeNull()
  await port.status(1, 'success', 'x')
  await port.supersede('production', 1)
})
