import type { EventOf } from '../core/lineage/events.ts'
import { requestId } from '../core/lineage/keys.ts'
import { around } from './around.ts'
import type { Typed } from './command.ts'
import type { Work } from './commands.ts'
import type { Terminal } from './terminal.ts'
import { versionNumber } from './version-number.ts'

const decide = async (typed: Typed, terminal: Terminal, kind: 'pin' | 'unpin'): Promise<Record<string, never>> => {
  const look = around(typed, terminal)
  const [model, version] = [await look.model(), versionNumber(typed.operands[0])]
  const event: EventOf<'pin'> | EventOf<'unpin'> = { kind, version, reason: (typed.options.reason ?? '').slice(0, 2000) }
  const { outcome, seq } = await (await look.ledger()).append(
    model,
    { id: requestId(kind, null, `v${version}`, look.request()), subject: `${kind} ${model} v${version}: ${event.reason}` },
    () => ({ events: [event] }),
  )
  if (typed.flags.has('json')) terminal.document({ schema: 1, model, version, outcome, seq })
  else terminal.say(`${kind === 'pin' ? 'pinned' : 'unpinned'} ${model} v${version} (seq ${seq})`)
  return {}
}

/** Keeps the files of a version whatever happens. */
export const pin: Work = (typed, terminal) => decide(typed, terminal, 'pin')

/** Takes a pin away. */
export const unpin: Work = (typed, terminal) => decide(typed, terminal, 'unpin')
