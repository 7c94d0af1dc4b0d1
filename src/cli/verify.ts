import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { readForAudit, signing } from '../adapters/git/audit-source.ts'
import { unbundled } from '../adapters/git/bundle.ts'
import { UserError } from '../core/errors.ts'
import { auditDocument, auditLines, failed } from '../core/lineage/audit/report.ts'
import { type Around, around, unknownModel } from './around.ts'
import type { Work } from './commands.ts'
import { verifyModel } from './verifying.ts'

/** A path is meant from the folder that it is typed in; everything else goes to git as it is. */
const copyOf = async (typed: string | undefined, folder: string): Promise<string | null> => {
  if (typed === undefined) return null
  const path = resolve(folder, typed)
  if ((await stat(path).catch(() => null)) !== null) return path
  if (/^[A-Za-z0-9+.-]+:/.test(typed) && !typed.startsWith('-')) return typed
  throw new UserError(`--against names ${JSON.stringify(typed.slice(0, 200))}, and there is no such file or folder`)
}

/** The releases, where they can be reached. Only --deep makes it an error that they cannot. */
const storeOrNull = async (look: Around, deep: boolean) => {
  try {
    return await look.store()
  } catch (error) {
    if (!(error instanceof UserError) || deep) throw error
    return null
  }
}

/** Verifies a model's ledger, witnesses and releases. The failure is the verdict: exit code 1. */
export const verify: Work = async (typed, terminal) => {
  const look = around(typed, terminal, typed.operands[0])
  const [model, settings] = [await look.model(), await look.settings()]
  const deep = typed.flags.has('deep')
  const against = await copyOf(typed.options.against, terminal.folder)
  const store = await storeOrNull(look, deep)
  const start = performance.now()
  const audit = await verifyModel(
    { model, deep, against },
    {
      read: async (name, copy) => {
        if (copy === null) return readForAudit(settings, name)
        if ((await stat(copy).catch(() => null))?.isFile() !== true) return readForAudit(settings, name, { name: copy, remote: copy })
        return unbundled(copy, settings.temp, remote => readForAudit(settings, name, { name: copy, remote }))
      },
      signing,
      store,
      workflowRuns: deep && typed.options.store === undefined ? await look.workflowRuns() : null,
      clock: settings.clock,
    },
  )
  const seconds = (performance.now() - start) / 1000
  if (audit.events === 0 && audit.findings.length === 0) throw await unknownModel(typed, terminal, model, settings.remote)
  if (typed.flags.has('json')) terminal.document({ schema: 1, ...auditDocument(audit), seconds: Math.round(seconds * 1000) / 1000 })
  else {
    terminal.say(auditLines(audit, seconds).join('\n'))
    if (store === null) terminal.say('note: releases were not read: set GH_TOKEN, or name a folder with --store')
  }
  return failed(audit) ? { failure: `the ledger of ${model} could not be verified` } : {}
}
