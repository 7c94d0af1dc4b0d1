import { expect, test } from 'vitest'
import type { Chance } from '../../support/git-chance.ts'
import { gitFixture } from '../../support/git-fixture.ts'
import { spawnGitHttp } from '../../support/git-http-process.ts'
import { expectExactlyOnce } from './exactly-once.ts'
import { mixedSteps, prepareWriters, secondsOf } from './writers.ts'

const lostAnswers: readonly Chance[] = [{ fault: 'drop-after', share: 0.2, service: 'git-receive-pack', step: 'exchange' }]

test('8 processes of 10 decisions and lines over HTTP, a fifth of the answers lost after the effect: 0 lost, 0 doubled, in order', async () => {
  await using fixture = await gitFixture()
  await using server = await spawnGitHttp({ root: fixture.root, seed: '8 of 10', chances: lostAnswers })
  const plans = Array.from({ length: 8 }, (_, index) => {
    const name = `writer-${index}`
    return { name, remote: `${server.url}/acme/churn.git`, model: 'churn', deadlineSeconds: 300, steps: mixedSteps(name, 10) }
  })
  const writers = await (await prepareWriters(plans, 320_000)).begin()
  await expectExactlyOnce(fixture.bare, 'churn', writers)
  const { faults, pushes, requests } = await server.close()
  expect(faults).toBeGreaterThan(8)
  console.log(
    `8 x 10 in ${secondsOf(writers).toFixed(1)} s: ${pushes} pushes and ${requests} requests for 80 writes, ${faults} answers lost`,
  )
}, 330_000)
