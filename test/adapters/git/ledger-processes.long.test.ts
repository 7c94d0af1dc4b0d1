import { describe, expect, test } from 'vitest'
import type { Chance } from '../../support/git-chance.ts'
import { gitFixture } from '../../support/git-fixture.ts'
import { type GitServerPlan, spawnGitHttp } from '../../support/git-http-process.ts'
import { expectExactlyOnce } from './exactly-once.ts'
import { mixedSteps, prepareWriters, type Step, secondsOf, type Writer, type WriterPlan } from './writers.ts'

// What DESIGN section 15 and issue 4 promise of many processes that write through real git over HTTP. The figures are printed.

const lostAnswers: readonly Chance[] = [{ fault: 'drop-after', share: 0.2, service: 'git-receive-pack', step: 'exchange' }]

/** A network's time on the way, for every request. A push is two of them and so is a fetch. */
const networkMilliseconds = 80

const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.ceil(values.length * share) - 1] as number

const durations = (writers: readonly Writer[]): readonly number[] =>
  writers.flatMap(({ results }) => results.map(({ began, ended }) => (ended - began) / 1000))

const steps = (name: string, kind: Step['kind'], count: number): readonly Step[] =>
  Array.from({ length: count }, (_, index) => ({ kind, key: `${name}-${index}` }))

const world = async (plan: Omit<GitServerPlan, 'root'>) => {
  const fixture = await gitFixture()
  const server = await spawnGitHttp({ root: fixture.root, ...plan })
  const writer = (name: string, own: Pick<WriterPlan, 'steps'> & Partial<WriterPlan>): WriterPlan => {
    return { name, remote: `${server.url}/acme/churn.git`, model: 'churn', deadlineSeconds: 300, ...own }
  }
  const close = async () => {
    await server.close()
    await fixture[Symbol.asyncDispose]()
  }
  return { bare: fixture.bare, server, writer, [Symbol.asyncDispose]: close }
}

describe('processes of their own over HTTP', () => {
  test('32 of 20, a fifth of the answers lost after the effect: 0 lost, 0 doubled, in order', async () => {
    const run = async (names: readonly string[], count: number) => {
      await using at = await world({ seed: `${names.length} of ${count}`, chances: lostAnswers })
      const plans = names.map(name => at.writer(name, { steps: mixedSteps(name, count) }))
      const writers = await (await prepareWriters(plans, 3_000_000)).begin()
      await expectExactlyOnce(at.bare, 'churn', writers)
      return { seconds: secondsOf(writers), waits: durations(writers), ...(await at.server.close()) }
    }
    const alone = await run(['alone'], 640)
    const many = await run(
      Array.from({ length: 32 }, (_, index) => `writer-${index}`),
      20,
    )
    for (const [name, { seconds, waits, pushes, faults }] of Object.entries({ '1 x 640': alone, '32 x 20': many })) {
      const [half, most] = [0.5, 0.95].map(share => percentile(waits, share).toFixed(2))
      console.log(
        `${name}: ${seconds.toFixed(0)} s, ${pushes} pushes for 640 writes, ${faults} answers lost; a write took ${half} s (median), ${most} s (95 %), ${Math.max(...waits).toFixed(1)} s (longest)`,
      )
    }
    console.log(`32 x 20 took ${(many.seconds / alone.seconds).toFixed(2)} x as long as one after another`)
  }, 3_600_000)

  test('32 decisions at once all land within a minute', async () => {
    await using at = await world({ seed: '32 of 1', chances: [], delay: networkMilliseconds })
    const plans = Array.from({ length: 32 }, (_, index) =>
      at.writer(`writer-${index}`, { steps: steps(`writer-${index}`, 'decision', 1), deadlineSeconds: 60 }),
    )
    const writers = await (await prepareWriters(plans, 120_000)).begin()
    await expectExactlyOnce(at.bare, 'churn', writers)
    const { pushes } = await at.server.close()
    console.log(
      `32 x 1 decisions, ${networkMilliseconds} ms a request: all landed after ${secondsOf(writers).toFixed(1)} s, ${pushes} pushes`,
    )
  }, 180_000)

  // 32 jobs of a sweep that end now and then, 96 lines a minute in all: nearly what one ref takes at 80 ms a request (a write is five to seven requests long, so
  // 100 to 150 a minute), so that they are in each other's way all the time; more would only queue.
  test('a decision during a storm of runs waits at most half as long again', async () => {
    await using at = await world({ seed: 'storm', chances: [], delay: networkMilliseconds })
    // As many decisions before, during and after: what else the machine does is then in both figures.
    const decisions = (name: string) => prepareWriters([at.writer(name, { steps: steps(name, 'decision', 40) })], 900_000)
    const jobs = Array.from({ length: 32 }, (_, index) =>
      at.writer(`run-${index}`, { steps: steps(`run-${index}`, 'line', 4), pauseMilliseconds: 20_000 }),
    )
    const idle = [...(await (await decisions('before')).begin())]
    const [storm, during] = [await prepareWriters(jobs, 900_000), await decisions('during')]
    const [stormed, decided] = await Promise.all([storm.begin(), during.begin()])
    idle.push(...(await (await decisions('after')).begin()))
    await expectExactlyOnce(at.bare, 'churn', [...stormed, ...idle, ...decided])
    const ending = Math.max(...stormed.flatMap(({ results }) => results.map(({ ended }) => ended)))
    expect(Math.max(...decided.flatMap(({ results }) => results.map(({ ended }) => ended)))).toBeLessThan(ending)
    const [calm, busy] = [idle, decided].map(writers => percentile(durations(writers), 0.95)) as [number, number]
    const line = percentile(durations(stormed), 0.95)
    console.log(
      `a decision took ${calm.toFixed(2)} s (95 %) idle and ${busy.toFixed(2)} s while ${4 * 32} lines were logged in ${secondsOf(stormed).toFixed(0)} s (a line took ${line.toFixed(1)} s): ${(busy / calm).toFixed(2)} x`,
    )
    expect(busy).toBeLessThanOrEqual(1.5 * calm)
  }, 1_200_000)
})
