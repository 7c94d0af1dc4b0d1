import { resolve } from 'node:path'
import { readForAudit, signing } from '../adapters/git/audit-source.ts'
import { backUp, type RefRestoration, restore as restoreFrom } from '../adapters/git/backup.ts'
import { unbundled } from '../adapters/git/bundle.ts'
import type { LedgerSettings } from '../adapters/git/ledger.ts'
import { UserError } from '../core/errors.ts'
import { auditChain } from '../core/lineage/audit/chain.ts'
import { around } from './around.ts'
import type { Work } from './commands.ts'

const modelsOf = (refs: readonly string[]): readonly string[] =>
  [...new Set(refs.flatMap(ref => /\/models\/([^/]+)\//.exec(ref)?.[1] ?? []))].sort()

/** Writes all ledgers into a git bundle. */
export const backup: Work = async (typed, terminal) => {
  const settings = await around(typed, terminal).settings()
  const output = typed.options.output as string
  const { refs, leftOut } = await backUp(settings, resolve(terminal.folder, output))
  const tags = refs.filter(ref => ref.startsWith('refs/tags/'))
  if (typed.flags.has('json')) terminal.document({ schema: 1, file: output, refs, left_out: leftOut })
  else {
    terminal.say(`${output}: ${refs.length - tags.length} refs (${modelsOf(refs).join(', ')}), ${tags.length} tags`)
    if (leftOut.length > 0)
      terminal.say(
        `note: ${leftOut.length} tags sit on commits of the code, as that of a first version does, and stay with it: ${leftOut.join(', ')}`,
      )
  }
  return {}
}

const words: Readonly<Record<RefRestoration['what'], string>> = {
  create: 'create',
  'fast-forward': 'bring up to date',
  same: 'is the same',
  newer: 'is newer there and stays',
  differs: 'has other commits there and is not touched',
}

const lineOf = ({ ref, what }: RefRestoration, apply: boolean): string =>
  what === 'create' || what === 'fast-forward' ? `${apply ? 'done:' : 'would'} ${words[what]} ${ref}` : `${ref} ${words[what]}`

/** Checks every ledger of a bundle. Throws a UserError where one is not as it was written: it is not put back. */
const requireSound = async (settings: LedgerSettings, bundle: string, shown: string, refs: readonly string[]): Promise<void> => {
  const models = modelsOf(refs.filter(ref => ref.endsWith('/decisions')))
  const ledgers = await unbundled(bundle, settings.temp, async remote => {
    const read = []
    for (const model of models) read.push((await readForAudit({ ...settings, remote, environment: {} }, model)).ledger)
    return read
  })
  for (const ledger of ledgers) {
    const { model } = ledger
    const bad = auditChain(ledger, signing).findings.find(({ severity }) => severity === 'error')
    if (bad !== undefined)
      throw new UserError(`the ledger of ${model} in ${shown} is not as it was written, so nothing is restored: ${bad.sentence}`)
  }
}

/** Puts ledgers back from a bundle, whose ledgers are checked first; never forced. A ref that differs is a failure: somebody must look at it. */
export const restore: Work = async (typed, terminal) => {
  const settings = await around(typed, terminal).settings()
  const apply = typed.flags.has('apply')
  const shown = typed.operands[0] as string
  const bundle = resolve(terminal.folder, shown)
  const planned = await restoreFrom(settings, bundle, false)
  await requireSound(
    settings,
    bundle,
    shown,
    planned.map(({ ref }) => ref),
  )
  const refs = apply ? await restoreFrom(settings, bundle, true) : planned
  if (typed.flags.has('json')) terminal.document({ schema: 1, applied: apply, refs })
  else {
    for (const ref of refs) terminal.say(lineOf(ref, apply))
    if (!apply && refs.some(({ what }) => what === 'create' || what === 'fast-forward')) terminal.say('nothing was done; --apply does it')
  }
  const differing = refs.filter(({ what }) => what === 'differs').length
  return differing === 0
    ? {}
    : { failure: `${differing} refs have other commits than the bundle; compare them with refline verify --against` }
}
