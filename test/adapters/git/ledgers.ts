import { setTimeout as sleep } from 'node:timers/promises'
import { gitLedger, type LedgerSettings } from '../../../src/adapters/git/ledger.ts'
import type { Clock } from '../../../src/ports/clock.ts'
import type { Ledger } from '../../../src/ports/ledger.ts'

export const realClock: Clock = { now: () => Date.now(), sleep: milliseconds => sleep(milliseconds) }

/** A ledger on a remote, with a real clock and real waits. */
export const ledgerOn = (remote: string, settings: Partial<LedgerSettings> = {}): Ledger =>
  gitLedger({
    remote,
    environment: {},
    writer: { actor: 'ann', workflow_run: '77', workflow: 'acme/churn/.github/workflows/train.yml@refs/heads/main', commit: null },
    clock: realClock,
    random: Math.random,
    deadlineSeconds: 60,
    ...settings,
  })
