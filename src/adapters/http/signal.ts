import { UserError } from '../../core/errors.ts'
import type { Slot } from '../../core/lineage/events.ts'
import { requireEdge } from '../../core/rollout/histogram.ts'
import { type SlotCounters, summed } from '../../core/rollout/series.ts'
import type { Clock } from '../../ports/clock.ts'
import type { HttpClient } from '../../ports/http-client.ts'
import type { Reading, Signal } from '../../ports/signals.ts'
import { type Answered, answeredBy } from './answer.ts'
import { placeOf } from './client.ts'
import { countersOf, Instances } from './instances.ts'

export interface HttpSignalSettings {
  readonly name: string
  /** With `${slot}` in each; several where each instance has its own address. */
  readonly urls: readonly string[]
  readonly token: string | null
  /** Seconds: requests slower than this are the bad ones, from `slower` of the answer. */
  readonly over?: number
  readonly http: HttpClient
  readonly clock: Clock
  readonly timeoutSeconds?: number
  /** Told by `check` what each slot shows. */
  readonly say?: (line: string) => void
}

const largestAnswer = 65_536
const slots: readonly Slot[] = ['blue', 'green']

/**
 * A signal counted by the service itself: GET of a URL answers `{"total": n, "bad": n}` since its counters began. Anything else (another status, another
 * shape, a redirect, silence) throws a UserError that says what came: an unanswered query is never zero requests.
 */
export const httpSignal = (settings: HttpSignalSettings): Signal => {
  const { name, clock, http, over = null } = settings
  const where = `signal ${name}`
  for (const url of settings.urls)
    if (!url.includes('${slot}'))
      throw new UserError(`${where}: its url lacks \${slot}, so both arms would be counted as one; write it where blue or green belongs`)
  if (new Set(settings.urls).size < settings.urls.length)
    throw new UserError(`${where}: an address stands twice, so its requests would count twice`)

  const addressOf = (text: string, slot: Slot): URL => {
    const filled = text.replaceAll('${slot}', slot)
    if (!URL.canParse(filled)) throw new UserError(`${where}: its url is not a URL once \${slot} is filled in`)
    return new URL(filled)
  }
  const ask = async (url: URL): Promise<Answered> => {
    const place = `${where}: ${placeOf(url)}`
    const { status, text, whole } = await http
      .text({
        url,
        headers: { accept: 'application/json', ...(settings.token === null ? {} : { authorization: `Bearer ${settings.token}` }) },
        largest: largestAnswer,
        seconds: settings.timeoutSeconds ?? 10,
      })
      .catch((error: unknown) => {
        throw error instanceof UserError ? new UserError(`${where}: ${error.message}`, { cause: error }) : error
      })
    if (!whole) throw new UserError(`${place} answered with more than ${largestAnswer} bytes`)
    if (status !== 200) throw new UserError(`${place} answered with status ${status}: ${JSON.stringify(text.slice(0, 120))}`)
    return answeredBy(text, place)
  }
  const instances = new Map(slots.flatMap(slot => settings.urls.map(url => [`${slot} ${url}`, new Instances()] as const)))
  const readSlot = async (slot: Slot): Promise<ReadonlyMap<string, Answered>> => {
    const found = await Promise.all(
      settings.urls.map(async url => {
        const address = addressOf(url, slot)
        const answers = await (instances.get(`${slot} ${url}`) as Instances).ask(() => ask(address))
        return [...answers].map(([instance, answer]) => [`${url} ${instance}`, answer] as const)
      }),
    )
    return new Map(found.flat())
  }
  const edgesOf = (answers: readonly Answered[]): readonly number[] => {
    const [first, ...others] = answers
    const edges = (first?.edges ?? []).filter(edge => others.every(of => of.edges.includes(edge)))
    if (over !== null) requireEdge(edges, over, where)
    return edges
  }

  const read = async (): Promise<Reading> => {
    const [blue, green] = await Promise.all([readSlot('blue'), readSlot('green')])
    const at = clock.now() / 1000
    const edges = edgesOf([...blue.values(), ...green.values()])
    const of = (answers: ReadonlyMap<string, Answered>): Readonly<Record<string, SlotCounters>> =>
      Object.fromEntries([...answers].map(([series, answer]) => [series, countersOf(answer, edges, over)]))
    const series = { blue: of(blue), green: of(green) }
    // One address without a name: another instance may answer next time, so there is no series to follow.
    const isFollowed = settings.urls.length > 1 || [...blue.values(), ...green.values()].every(({ instance }) => instance !== null)
    return {
      at,
      slots: { blue: summed(Object.values(series.blue)), green: summed(Object.values(series.green)) },
      ...(edges.length === 0 ? {} : { edges }),
      ...(isFollowed ? { series } : {}),
    }
  }

  return {
    name,
    read,
    check: async () => {
      // Before the first deployment nothing may answer in the slot that is to become the canary.
      const found = await Promise.allSettled(slots.map(slot => readSlot(slot)))
      const failed = found.flatMap(result => (result.status === 'rejected' ? [result.reason as unknown] : []))
      if (failed.length === slots.length || failed.some(error => !(error instanceof UserError))) throw failed[0]
      for (const [index, result] of found.entries()) {
        if (result.status === 'rejected') settings.say?.(`${result.reason.message}; that is expected only of a slot where nothing runs`)
        else {
          const answers = [...result.value.values()]
          edgesOf(answers)
          const { total, bad } = summed(answers)
          settings.say?.(`${where}: slot ${slots[index]}: ${total} requests, ${bad} bad`)
        }
      }
    },
  }
}
