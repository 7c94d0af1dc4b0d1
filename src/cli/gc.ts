import { UserError } from '../core/errors.ts'
import type { CollectionPlan } from '../core/lineage/collection.ts'
import { around, unknownModel } from './around.ts'
import { collectFiles } from './collecting-files.ts'
import type { Work } from './commands.ts'

const daysOf = (age: string): number => {
  const days = /^(\d{1,5})d?$/.exec(age)?.[1]
  if (days === undefined) throw new UserError(`--older-than is a number of days such as 90d, found ${JSON.stringify(age.slice(0, 40))}`)
  return Number(days)
}

const named = (versions: readonly { readonly version: number }[]): string =>
  versions.length === 0 ? 'none' : versions.map(({ version }) => `v${version}`).join(', ')

const linesOf = (model: string, plan: CollectionPlan, applied: boolean): readonly string[] => [
  `${model}: ${applied ? 'marked' : 'would mark'} ${named(plan.marks)}; ${applied ? 'deleted' : 'would delete'} the files of ${named(plan.deletions)}`,
  ...plan.marks.map(({ version, reason }) => `  v${version}: ${reason}`),
  ...plan.waiting.map(({ version, days }) => `  v${version} is marked and may be deleted in ${days} days`),
  ...plan.staying.map(({ version, why }) => `  v${version} stays: ${why}`),
  ...(applied || plan.marks.length + plan.deletions.length === 0 ? [] : ['nothing was done; --apply does it']),
]

/** Gives up files in two steps; without --apply it only says which. */
export const gc: Work = async (typed, terminal) => {
  const look = around(typed, terminal, typed.operands[0])
  const [model, settings, ledger] = [await look.model(), await look.settings(), await look.ledger()]
  const apply = typed.flags.has('apply')
  const plan = await collectFiles(
    {
      model,
      rules: { olderThanDays: daysOf(typed.options['older-than'] ?? '90d'), keep: Number(typed.options.keep ?? '10') },
      request: apply ? look.request() : null,
    },
    { ledger, store: apply ? await look.store() : null, clock: settings.clock },
  )
  if (plan === null) throw await unknownModel(typed, terminal, model, settings.remote)
  if (typed.flags.has('json'))
    terminal.document({
      schema: 1,
      model,
      applied: apply,
      mark: plan.marks.map(({ version, reason }) => ({ version, reason })),
      delete: plan.deletions.map(({ version, tag }) => ({ version, tag })),
      waiting: plan.waiting,
      staying: plan.staying,
    })
  else terminal.say(linesOf(model, plan, apply).join('\n'))
  return {}
}
