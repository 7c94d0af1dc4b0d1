import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll } from 'vitest'
import { gitLedger, type LedgerSettings } from '../../../src/adapters/git/ledger.ts'
import type { Clock } from '../../../src/ports/clock.ts'
import type { Ledger } from '../../../src/ports/ledger.ts'

const realClock: Clock = { now: () => Date.now(), sleep: milliseconds => sleep(milliseconds) }

// a test worker is ended without the event that a ledger removes its folders at
const temp = mkdtempSync(join(tmpdir(), 'refline-ledgers-'))
afterAll(() => rmSync(temp, { recursive: true, force: true }))

/** A ledger on a remote, with a real clock and real waits. */
export const ledgerOn = (remote: string, settings: Partial<LedgerSettings> = {}): Ledger =>
  gitLedger({
    remote,
    environment: {},
    writer: { actor: 'ann', workflow_run: '77', workflow: 'acme/churn/.github/workflows/train.yml@refs/heads/main', commit: null },
    clock: realClock,
    random: Math.random,
    release: '0.2.0',
    deadlineSeconds: 60,
    temp,
    ...settings,
  })
