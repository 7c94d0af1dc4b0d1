import { expect } from 'vitest'
import type { LedgerEvent } from '../../src/core/lineage/events.ts'
import type { StepResult } from '../support/bundle.ts'
import { eventually } from '../support/eventually.ts'
import { pauseOrGoOn } from '../support/paused-process.ts'
import { type End, endOf } from './rollout-crash-audit.ts'
import { wordsOf } from './rollout-crash-matrix.ts'
import type { TargetName } from './rollout-crash-targets.ts'
import type { CrashWorld, Run } from './rollout-crash-world.ts'

const canary: Run = { runId: 2, action: 'canary-deploy' }
const watchdog = (runId: number): Run => ({ runId, action: 'canary-deploy', event: 'schedule', inputs: { resume: 'true' } })

/** Waits until the ledger has an event of v2's rollout. */
const untilRecorded = (world: CrashWorld, what: string, is: (event: LedgerEvent) => boolean): Promise<void> =>
  eventually(`the ledger says ${what}`, async () => (await world.records()).some(({ events }) => events.some(is)), 60)

const halfConfirmed = (event: LedgerEvent): boolean => event.kind === 'weight-confirm' && event.step === 0 && event.percent === 50

const takenBy = async (world: CrashWorld): Promise<readonly string[]> =>
  (await world.records()).flatMap(({ events }) => events.flatMap(event => (event.kind === 'rollout-taken' ? [event.holder] : [])))

/** Whether the numbers of the records that a workflow run wrote are all lower than that of the record which took its rollout away. */
const wroteNothingAfter = async (world: CrashWorld, run: string): Promise<boolean> => {
  const records = await world.records()
  const taken = records.findIndex(({ events }) => events.some(({ kind }) => kind === 'rollout-taken'))
  return records.slice(taken + 1).every(record => record.writer.workflow_run !== run)
}

/** Two runners that want the same rollout at once; each answers with how the world ended, for the comparison with a rollout that nobody disturbed. */
export const pairs: readonly { readonly name: string; readonly meet: (world: CrashWorld, target: TargetName) => Promise<End> }[] = [
  {
    name: 'the watchdog comes while the runner is at work, and leaves it alone',
    meet: async (world, target) => {
      await world.beginWith(target)
      await world.tellOfRun(canary.runId, false)
      // Signals that are silent keep the runner at its first step until the watchdog has come.
      world.counts.silent = true
      const running = world.run(canary)
      await untilRecorded(world, 'half of the traffic', halfConfirmed)
      const watching = await world.run(watchdog(80), { deadline: 120_000 })
      expect(watching.exitCode, wordsOf(watching)).toBe(0)
      expect(watching.stdout).toContain('by workflow run 2, which is at work')
      world.counts.silent = false
      const done = await running
      expect(done.exitCode, wordsOf(done)).toBe(0)
      expect(await takenBy(world)).toEqual([])
      return endOf(world)
    },
  },
  {
    name: 'two watchdogs come to a dead runner at once, and one of them drives',
    meet: async (world, target) => {
      await world.beginWith(target)
      const dead = await world.run(canary, { failpoint: 'canary-evidence:before:1' })
      expect(dead.signal, wordsOf(dead)).toBe('SIGKILL')
      await world.tellOfRun(canary.runId, true)
      await world.tellOfRun(80, false)
      await world.tellOfRun(81, false)
      const both: readonly StepResult[] = await Promise.all([80, 81].map(runId => world.run(watchdog(runId), { deadline: 120_000 })))
      for (const one of both) expect([0, 1], wordsOf(one)).toContain(one.exitCode)
      expect(both.map(({ outputs }) => outputs.decision === 'promoted').toSorted(), both.map(wordsOf).join('\n')).toEqual([false, true])
      expect(await takenBy(world)).toHaveLength(1)
      return endOf(world)
    },
  },
  {
    name: 'a runner that only seemed to be dead wakes up after the watchdog has ended its rollout',
    meet: async (world, target) => {
      await world.beginWith(target)
      let runner = 0
      const running = world.run(canary, {
        deadline: 240_000,
        started: id => {
          runner = id
        },
      })
      await untilRecorded(world, 'half of the traffic', halfConfirmed)
      await pauseOrGoOn(runner, 'SIGSTOP')
      let taken: StepResult
      try {
        await world.tellOfRun(canary.runId, true)
        taken = await world.run(watchdog(80))
      } finally {
        await pauseOrGoOn(runner, 'SIGCONT')
      }
      const woken = await running
      expect(taken.outputs, wordsOf(taken)).toMatchObject({ decision: 'promoted' })
      expect(woken.exitCode, wordsOf(woken)).toBe(1)
      expect(woken.outputs.decision).toBe('held')
      expect(await wroteNothingAfter(world, '2')).toBe(true)
      return endOf(world)
    },
  },
]
