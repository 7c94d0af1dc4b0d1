import { UserError } from '../../core/errors.ts'
import type { LedgerState, VersionRecord } from '../../core/lineage/events.ts'
import { whatExists } from './choices.ts'
import { Refused } from './plan.ts'
import type { RollbackContext, RollbackPorts } from './ports.ts'

/** Does what may be refused, and then tells with the refusal what there is to go to. */
export const withChoices = async <T>(ports: RollbackPorts, context: RollbackContext, state: LedgerState, work: () => T): Promise<T> => {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    const lines = await whatExists(ports, state, context.environment)
    const release = 'A version that was not to blame leaves its quarantine by `refline release <version> --reason ...`.'
    throw new UserError([error.message, `Versions of ${context.model}:`, ...lines, release].join('\n'), { cause: error })
  }
}

/** Refuses a version whose files are not there, or are not those that were registered. */
export const refuseFiles = ({ version, tag }: VersionRecord, problem: string): never => {
  throw new Refused(
    `the files of v${version} cannot be proven, so no traffic was touched: ${problem}. They are expected in ${tag}. Name another version in the input \`to\`.`,
  )
}
