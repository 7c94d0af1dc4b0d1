import { UserError } from '../core/errors.ts'
import { requestId } from '../core/lineage/keys.ts'
import { aliasOf, assertRegistered, isCollected, isQuarantined } from '../core/lineage/preconditions.ts'
import { plainLine } from '../core/report/escape.ts'
import { quarantineReason } from '../core/rollout/quarantine-reason.ts'
import { around } from './around.ts'
import type { Work } from './commands.ts'
import { versionNumber } from './version-number.ts'

/** Takes a version out of quarantine, so that it may go live again. */
export const release: Work = async (typed, terminal) => {
  const look = around(typed, terminal)
  const [model, version] = [await look.model(), versionNumber(typed.operands[0])]
  const ledger = await look.ledger()
  await terminal.requireWriter?.(`release ${model} v${version} from quarantine`)
  const reason = (typed.options.reason ?? '').slice(0, 2000)
  const { outcome, seq, state } = await ledger.append(
    model,
    { id: requestId('release', null, `v${version}`, look.request()), subject: `release ${model} v${version} from quarantine: ${reason}` },
    head => {
      assertRegistered(head, version)
      if (!isQuarantined(head, version)) {
        const champion = aliasOf(head, 'champion') === version ? ', and it is champion' : ''
        throw new UserError(`${model} v${version} is not quarantined${champion}, so there is nothing to release`)
      }
      return { events: [{ kind: 'release', version, reason }] }
    },
  )
  // The state no longer says why; the record of the quarantine stays.
  const was = plainLine(quarantineReason(state, await ledger.records(model), version), 300)
  const gone = isCollected(state, version) ? '; its files were deleted, so it cannot go live all the same' : ''
  if (typed.flags.has('json')) terminal.document({ schema: 1, model, version, quarantined_for: was, outcome, seq })
  else terminal.say(`released ${model} v${version} (seq ${seq}); it was quarantined for: ${was}${gone}`)
  return {}
}
