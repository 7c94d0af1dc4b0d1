import { runnerContext } from '../adapters/runner/context.ts'
import { release } from '../kernel/release.ts'
import { around, configurationAround } from './around.ts'
import type { Work } from './commands.ts'
import { type Repaired, repairModel } from './repairing.ts'
import type { Terminal } from './terminal.ts'

const jobUrlOf = ({ env }: Terminal) => {
  const { repository, serverUrl } = runnerContext({ ...env, GITHUB_EVENT_PATH: undefined })
  return (run: string): string | null =>
    repository === null || !/^\d+$/.test(run) ? null : `${serverUrl}/${repository.owner}/${repository.name}/actions/runs/${run}`
}

const linesOf = (model: string, { proposals }: Repaired, apply: boolean): readonly string[] => [
  proposals.length === 0
    ? `${model}: nothing is half-finished`
    : `${model}: ${proposals.length === 1 ? '1 thing is' : `${proposals.length} things are`} half-finished`,
  ...proposals.flatMap(({ what, why, would, done, failed, repair }) => [
    `${what}`,
    `  why: ${why}`,
    failed !== null
      ? `  FAILED: ${failed}`
      : done
        ? `  done: ${would}`
        : repair.action === 'nothing'
          ? `  --apply would do ${would}`
          : `  --apply would ${would}`,
  ]),
  ...(apply || proposals.every(({ repair }) => repair.action === 'nothing') ? [] : ['nothing was done; --apply does it']),
]

/** Proposes, and with --apply completes, what stopped jobs left half-finished. */
export const repair: Work = async (typed, terminal) => {
  const look = around(typed, terminal, typed.operands[0])
  const [model, settings] = [await look.model(), await look.settings()]
  const apply = typed.flags.has('apply')
  const configuration = (await configurationAround(typed, terminal))?.of
  const own = configuration?.models[model]
  const repaired = await repairModel(model, apply ? look.request() : null, {
    ledger: await look.ledger(),
    store: await look.store(),
    clock: settings.clock,
    release,
    configured:
      configuration === undefined || own === undefined
        ? null
        : {
            rolledOut: Object.values(configuration.environments ?? {}).some(({ models }) => models === undefined || models.includes(model)),
            card: own.card ?? {},
          },
    jobUrl: jobUrlOf(terminal),
  })
  if (typed.flags.has('json'))
    terminal.document({
      schema: 1,
      model,
      applied: apply,
      proposals: repaired.proposals.map(({ repair: { action }, ...proposal }) => ({ ...proposal, action })),
    })
  else terminal.say(linesOf(model, repaired, apply).join('\n'))
  const failed = repaired.proposals.filter(proposal => proposal.failed !== null).length
  return failed === 0 ? {} : { failure: `${failed} of them could not be done` }
}
