import type { RunRecord } from './run.ts'

/** A run as the log of runs has it: for people, dashboards and reuse. Nothing is decided from it. */
export const loggedRun = (record: RunRecord): { readonly key: string; readonly entry: Readonly<Record<string, unknown>> } => ({
  key: record.run,
  entry: { kind: 'run', run: record.run, created: record.created, input: record.input, reported: record.reported },
})
