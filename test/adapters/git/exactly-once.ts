import { expect } from 'vitest'
import { git } from '../../support/git-fixture.ts'
import { ledgerOn } from './ledgers.ts'
import type { StepResult, Writer } from './writers.ts'

/** The keys of all lines of a log of runs as they stand in its commits, oldest first, doubles among them. */
const linesInOrder = async (bare: string, model: string): Promise<readonly string[]> => {
  const ref = `refs/refline/models/${model}/runs`
  if ((await git(bare, ['for-each-ref', ref])) === '') return []
  expect(await git(bare, ['rev-list', '--min-parents=2', ref])).toBe('')
  const commits = (await git(bare, ['rev-list', '--reverse', ref])).split('\n')
  const printed = await git(bare, ['cat-file', '--batch'], { input: commits.map(id => `${id}:record.json\n`).join('') })
  const records = printed.split('\n').filter((_, index) => index % 2 === 1)
  return records.flatMap(text => (JSON.parse(text) as { lines: { key: string }[] }).lines.map(({ key }) => key))
}

/** What returned before another write began must stand before it. `results` are in the order of the log. */
const expectTrueOrder = (results: readonly StepResult[]): void => {
  let earliest = Number.POSITIVE_INFINITY
  for (const { key, began, ended } of results.toReversed()) {
    expect(earliest, `a write that stands after ${key} returned before ${key} began`).toBeGreaterThanOrEqual(began)
    earliest = Math.min(earliest, ended)
  }
}

/**
 * Every writer ended well, every acknowledged write is in its log exactly once and nothing else is, each writer's own writes stand in its order, and
 * none stands before one that had returned when it began.
 */
export const expectExactlyOnce = async (bare: string, model: string, writers: readonly Writer[]): Promise<void> => {
  for (const { plan, results, ending } of writers) {
    expect(results.map(({ kind, key, outcome }) => ({ kind, key, outcome }))).toEqual(
      plan.steps.map(step => ({ ...step, outcome: 'appended' })),
    )
    expect({ name: plan.name, ...ending }).toEqual({ name: plan.name, code: 0, stderr: '' })
  }
  const results = writers.flatMap(writer => writer.results)
  const records = await ledgerOn(bare).records(model)
  const logs = { decision: records.map(({ request }) => request.split(':')[2] as string), line: await linesInOrder(bare, model) }
  for (const [kind, keys] of Object.entries(logs)) {
    const mine = new Map(results.filter(result => result.kind === kind).map(result => [result.key, result]))
    expect(keys.toSorted()).toEqual([...mine.keys()].toSorted())
    const ordered = keys.map(key => mine.get(key) as StepResult)
    if (kind === 'decision') expect(ordered.map(({ seq }) => seq)).toEqual(records.map(({ seq }) => seq))
    expectTrueOrder(ordered)
    for (const { plan } of writers) {
      const own = new Set(plan.steps.filter(step => step.kind === kind).map(({ key }) => key))
      expect(keys.filter(key => own.has(key))).toEqual([...own])
    }
  }
}
