import type { JudgeSettings, JudgeState } from './judge-state.ts'
import { answered, type Observed } from './observed.ts'
import { emptySignalOf, signalAfter } from './signal-evidence.ts'

/**
 * Carries the judge's state over what late labels say of requests that were made at earlier weights: one batch for each weight, of those signals only that have counts in it.
 * The sample ratio, the looks of the threshold rule and all other signals stay as they are. Evidence is a product over batches, so their order does not matter; the newest
 * batch has to be judged after these.
 */
export const judgeLate = (settings: JudgeSettings, state: JudgeState, late: readonly Readonly<Record<string, Observed>>[]): JudgeState => {
  const signals = { ...state.signals }
  for (const batch of late)
    for (const [name, observed] of Object.entries(batch)) {
      const signal = settings.signals[name]
      if (signal !== undefined && answered(observed))
        signals[name] = signalAfter(settings, signal, signals[name] ?? emptySignalOf(signal), observed)
    }
  return { ...state, signals }
}
