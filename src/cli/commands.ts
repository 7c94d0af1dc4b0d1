import type { CommandSpec, Typed } from './command.ts'
import { approveSpec, releaseSpec } from './specs/decide.ts'
import { completionSpec, helpSpec } from './specs/help.ts'
import { evaluateSpec, importSpec, judgeSpec } from './specs/judge.ts'
import { backupSpec, collectSpec, compactSpec, gcSpec, pinSpec, repairSpec, restoreSpec, unpinSpec, verifySpec } from './specs/keep.ts'
import { historySpec, lineageSpec, logSpec, runsSpec, showSpec, statusSpec } from './specs/look.ts'
import type { Terminal } from './terminal.ts'

/** What a command does with what was typed. A `failure` is a verdict that says no (exit code 1); what cannot be done throws a UserError (2). */
export type Work = (typed: Typed, terminal: Terminal) => Promise<{ readonly failure?: string }>

interface Command {
  readonly spec: CommandSpec
  /** Loads the command's own code, which is done only where it is asked for. */
  readonly load: () => Promise<Work>
}

/** All commands, as they are listed within their group. One more is one line here, a spec and a file with its work. */
export const table: readonly Command[] = [
  { spec: statusSpec, load: async () => (await import('./status.ts')).status },
  { spec: logSpec, load: async () => (await import('./log.ts')).log },
  { spec: showSpec, load: async () => (await import('./show.ts')).show },
  { spec: runsSpec, load: async () => (await import('./runs.ts')).runs },
  { spec: historySpec, load: async () => (await import('./history.ts')).history },
  { spec: lineageSpec, load: async () => (await import('./lineage.ts')).lineage },
  { spec: evaluateSpec, load: async () => (await import('./evaluate.ts')).evaluate },
  { spec: importSpec, load: async () => (await import('./import.ts')).importThresholds },
  { spec: judgeSpec, load: async () => (await import('./replay.ts')).replay },
  { spec: approveSpec, load: async () => (await import('./approve.ts')).approve },
  { spec: releaseSpec, load: async () => (await import('./release.ts')).release },
  { spec: verifySpec, load: async () => (await import('./verify.ts')).verify },
  { spec: repairSpec, load: async () => (await import('./repair.ts')).repair },
  { spec: gcSpec, load: async () => (await import('./gc.ts')).gc },
  { spec: pinSpec, load: async () => (await import('./pin.ts')).pin },
  { spec: unpinSpec, load: async () => (await import('./pin.ts')).unpin },
  { spec: backupSpec, load: async () => (await import('./backup.ts')).backup },
  { spec: restoreSpec, load: async () => (await import('./backup.ts')).restore },
  { spec: compactSpec, load: async () => (await import('./compact.ts')).compact },
  { spec: collectSpec, load: async () => (await import('./collect.ts')).collect },
  { spec: helpSpec, load: async () => (await import('./guide.ts')).guide },
  { spec: completionSpec, load: async () => (await import('./completion.ts')).completion },
]

/** What is known of all commands. */
export const commands: readonly CommandSpec[] = table.map(({ spec }) => spec)
