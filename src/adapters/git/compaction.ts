import { type LedgerSettings, refsOf } from './ledger.ts'
import { temporaryRepository } from './repository.ts'
import { compactRuns } from './run-archive.ts'

/**
 * Moves the lines of a model's log of runs into segments where it has more than `threshold` commits. Decisions are never touched. Answers how many lines were moved.
 * Throws a UserError where the remote refuses it.
 */
export const compactRunLog = (settings: LedgerSettings, model: string, threshold?: number): Promise<number> => {
  const deadlineSeconds = settings.deadlineSeconds ?? 300
  const repository = (settings.repository ?? (() => temporaryRepository(settings)))()
  return compactRuns(
    { ...settings, deadlineSeconds, repository },
    { ...refsOf(model, settings.namespace), model, end: settings.clock.now() + deadlineSeconds * 1000 },
    settings,
    threshold,
  )
}
