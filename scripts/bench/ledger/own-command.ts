import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freshLedger, registerNext, resolveChampion } from './registry.ts'

// `node own-command.ts register|resolve <remote> <model> <behind>`: the ledger's part of a step in a process of its own, as a job runs it

const [verb, remote = '', model = '', behind = '0'] = process.argv.slice(2)
const ledger = freshLedger(remote, mkdtempSync(join(tmpdir(), 'refline-bench-own-')), Number(behind))
console.log(
  verb === 'register' ? await registerNext(ledger, model, `command ${process.pid} ${Date.now()}`) : await resolveChampion(ledger, model),
)
