import type { ActionSpec } from './action.ts'
import { checkInputs } from './run.ts'

/** The two halves of an action. The spec is light; the main brings everything that the action needs. */
export interface Entry {
  readonly spec: () => Promise<{ readonly spec: object }>
  readonly main: () => Promise<{ readonly main: () => Promise<void> }>
}

/** Starts an action by its name. Bad inputs end the process before the action's own code is loaded. */
export const dispatch = async (entries: Readonly<Record<string, Entry>>, name: string): Promise<void> => {
  const entry = entries[name]
  if (entry === undefined) throw new Error(`there is no action ${name}`)
  const { spec } = await entry.spec()
  await checkInputs(spec as ActionSpec)
  const { main } = await entry.main()
  await main()
}
