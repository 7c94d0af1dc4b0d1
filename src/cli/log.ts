import { type EventGroup, eventGroups } from '../core/lineage/views/event-groups.ts'
import { noEnvironment } from '../core/lineage/views/history.ts'
import { logOf } from '../core/lineage/views/log.ts'
import { eventWords } from '../core/report/terminal/event-words.ts'
import { logLines } from '../core/report/terminal/log-view.ts'
import type { Work } from './commands.ts'
import { answer, readAll } from './look.ts'

const shownByDefault = 20

/** Lists the decisions in words, newest first. */
export const log: Work = async (typed, terminal) => {
  const { model, records, chronicle } = await readAll(typed, terminal, { asked: typed.operands[0] })
  const { last, since, environment, kind } = typed.options
  if (environment !== undefined && !chronicle.environments.includes(environment)) throw noEnvironment(chronicle, environment)
  const all = typed.flags.has('all')
  const document = logOf(
    model,
    records,
    {
      last: last === undefined ? (all ? null : shownByDefault) : Number(last),
      since: since === undefined ? null : Date.parse(since),
      environment: environment ?? null,
      group: (eventGroups.find(group => group === kind) ?? null) satisfies EventGroup | null,
      progress: all,
    },
    eventWords,
  )
  return answer(typed, terminal, document, logLines)
}
