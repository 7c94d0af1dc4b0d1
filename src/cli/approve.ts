import { UserError } from '../core/errors.ts'
import type { LedgerState } from '../core/lineage/events.ts'
import { requestId } from '../core/lineage/keys.ts'
import { moment } from '../core/report/rollout-evidence.ts'
import { type AwaitedApproval, awaitedApprovals } from '../core/rollout/approvals.ts'
import { duration } from '../core/rollout/words.ts'
import { around } from './around.ts'
import type { Typed } from './command.ts'
import type { Work } from './commands.ts'

/** Gives the approval that a rollout waits for. */
export const approve: Work = async (typed, terminal) => {
  const look = around(typed, terminal)
  const model = await look.model()
  const ledger = await look.ledger()
  const before = await ledger.read(model)
  const awaited = theOne(before, typed)
  const { environment, rollout } = awaited
  const { step, version } = rollout
  await terminal.requireWriter?.(`approve a step of ${model} v${version} in ${environment}`)
  const reason = (typed.options.reason ?? '').slice(0, 2000)
  const { outcome, seq } = await ledger.append(
    model,
    {
      id: requestId('approve', environment, `${rollout.rollout}-${step}`, look.request()),
      subject: `approve ${model} v${version} in ${environment} at ${rollout.percent} %: ${reason}`,
    },
    head => {
      const now = awaitedApprovals(head).find(one => one.rollout.rollout === rollout.rollout && one.rollout.step === step)
      if (now === undefined) throw new UserError(`${whereWords(awaited)} was moved on meanwhile: ${nothingWaits(head)}`)
      return { events: [{ kind: 'approve', environment, rollout: rollout.rollout, step, reason }] }
    },
  )
  const { percent } = rollout
  if (typed.flags.has('json'))
    terminal.document({
      schema: 1,
      model,
      environment,
      rollout: rollout.rollout,
      version,
      step: step + 1,
      percent,
      since: awaited.since === null ? null : new Date(awaited.since * 1000).toISOString(),
      outcome,
      seq,
    })
  else terminal.say(`approved ${whereWords(awaited)} (seq ${seq})`)
  return {}
}

const whereWords = ({ environment, rollout, since }: AwaitedApproval): string => {
  const waited = since === null ? '' : `, which waited since ${moment(since)}`
  return `step ${rollout.step + 1} (${rollout.percent} %) of v${rollout.version} in ${environment}${waited}`
}

/** Why nobody has to approve anything, by environment. */
const nothingWaits = (state: LedgerState): string => {
  const words = Object.entries(state.environments).map(([environment, { rollout, live }]) => {
    if (rollout === null) return `no rollout is under way in ${environment}, live is ${live === null ? 'nothing' : `v${live.version}`}`
    const { step, approved, percent, version, steps, waits = [] } = rollout
    const at = `v${version} is at ${percent} % in ${environment}`
    if (approved === step) return `${at}, and this step was approved already`
    const next = waits.find(wait => wait.approval !== undefined && wait.step > step)
    return next === undefined
      ? `${at}, and no step of it needs an approval now`
      : `${at}, and an approval comes after ${steps[next.step]} %`
  })
  return words.join('; ') || `${state.model} was never rolled out`
}

const theOne = (state: LedgerState, typed: Typed): AwaitedApproval => {
  const [named] = typed.operands
  const { environment } = typed.options
  const all = awaitedApprovals(state)
  const meant = all.filter(
    one => (named === undefined || one.rollout.rollout === named) && (environment === undefined || one.environment === environment),
  )
  const [only, ...others] = meant
  if (only === undefined) {
    const asked = [named, environment].filter(word => word !== undefined).map(word => JSON.stringify(word.slice(0, 60)))
    const elsewhere = all.map(one => `${one.rollout.rollout} in ${one.environment}`).join(', ')
    throw new UserError(
      all.length > 0
        ? `no approval is waited for that fits ${asked.join(' and ')}; there is one for rollout ${elsewhere}`
        : `no approval is waited for: ${nothingWaits(state)}`,
    )
  }
  if (others.length > 0)
    throw new UserError(
      `${meant.length} approvals are waited for; name the rollout: ${meant.map(one => `${one.rollout.rollout} (v${one.rollout.version} in ${one.environment}, ${waiting(one)})`).join(', ')}`,
    )
  return only
}

const waiting = ({ since, within }: AwaitedApproval): string =>
  since === null ? `within ${duration(within)}` : `since ${moment(since)}, within ${duration(within)}`
