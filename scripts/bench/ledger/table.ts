import { goal, inWords, kilobytes, median, row, times, whole } from './figures.ts'
import type { PeerTimes } from './gto.ts'
import { type OwnCosts, ratioOf, type Way } from './ours.ts'
import type { RunTimes } from './runs.ts'
import type { Measured, Peers } from './sizes.ts'

type Verb = 'resolve' | 'register'
type AllPeers = ReadonlyMap<number, Peers>

const heading = (words: string, found: readonly Measured[]): void => {
  console.log(`\n${words}`)
  row(
    '',
    found.map(({ versions }) => whole(versions)),
    'versions',
  )
}
const line = (label: string, found: readonly Measured[], of: (one: Measured) => string, note = ''): void => row(label, found.map(of), note)

/** Milliseconds of every turn, of what our ledger does for a verb and of bare git's part of the same. */
const ownTurns = (costs: OwnCosts, verb: Verb): readonly number[] => (verb === 'resolve' ? costs.resolve : costs.append).milliseconds
const bareTurns = (costs: OwnCosts, verb: Verb): readonly number[] => (verb === 'resolve' ? costs.fetch : costs.fetchAndPush)

/** Times of one kind of operation beside the peers', and how many times faster than GTO. */
const beside = (words: string, verb: Verb, found: readonly Measured[], peers: AllPeers, patience: number): void => {
  const waited = (milliseconds: number | undefined): string => {
    if (milliseconds === undefined) return '-'
    return Number.isFinite(milliseconds) ? inWords(milliseconds) : `> ${patience} s`
  }
  const own = (one: Measured) => median(ownTurns(one.http, verb))
  const gto = ({ versions }: Measured) => peers.get(versions)?.gto
  heading(words, found)
  line('Refline over HTTP, from nothing', found, one => inWords(own(one)))
  line('Refline in a bare folder, from nothing', found, one => inWords(median(ownTurns(one.folder, verb))))
  if (peers.size > 0) {
    line('GTO, in a running Python, its clone made before', found, one => waited(gto(one)?.inside[verb]))
    line('GTO, in a running Python, with its clone over HTTP', found, one => waited(withClone(gto(one), 'inside', verb)))
    const mlflow = ({ versions }: Measured) => peers.get(versions)?.mlflow
    line(
      'MLflow on SQLite, in a running Python',
      found,
      one => waited(mlflow(one)?.inside[verb]),
      'a local file: no network, one machine only',
    )
    line('as a process: Refline over HTTP, from nothing', found, one => inWords(one.command[verb]))
    line('as a process: GTO, its clone made before', found, one => waited(gto(one)?.command[verb]))
    line('as a process: GTO, with its clone over HTTP', found, one => waited(withClone(gto(one), 'command', verb)))
    line('as a process: MLflow on SQLite', found, one => waited(mlflow(one)?.command[verb]), 'a script; the local file again')
    const faster = (theirs: number | undefined, ours: number): string => {
      if (theirs === undefined) return '-'
      return Number.isFinite(theirs) ? times(theirs / ours) : `> ${times((patience * 1000) / ours)}`
    }
    const asked = found.find(one => one.versions === 1500 && gto(one) !== undefined)
    const reached = asked === undefined ? '' : goal((gto(asked)?.inside[verb] ?? 0) >= 10 * own(asked), '>= 10 x at 1,500')
    line('Refline from nothing is faster than GTO with its clone by', found, one => faster(gto(one)?.inside[verb], own(one)), reached)
    line('as a process, both from nothing, by', found, one => faster(withClone(gto(one), 'command', verb), one.command[verb]))
  }
}

const withClone = (gto: Peers['gto'] | undefined, kind: 'inside' | 'command', verb: keyof PeerTimes): number | undefined =>
  gto === undefined ? undefined : gto.clone + gto[kind][verb]

/** Costs beside bare git's, and beside our own with the smallest ledger, as the middle ratio of each turn. */
const flatness = (words: string, found: readonly Measured[], way: Way): void => {
  const [first] = found
  if (first === undefined) return
  heading(words, found)
  line('events', found, ({ events }) => whole(events))
  const asked = found.find(({ versions }) => versions === 10_000)
  for (const verb of ['register', 'resolve'] as const) {
    const ofBare = (one: Measured) => ratioOf(ownTurns(one[way], verb), bareTurns(one[way], verb))
    const ofFirst = (one: Measured) => ratioOf(ownTurns(one[way], verb), ownTurns(first[way], verb))
    const [bare, own] = verb === 'resolve' ? ['bare git fetch', 'resolve the champion'] : ['bare git fetch and git push', 'append']
    line(bare, found, one => inWords(median(bareTurns(one[way], verb))))
    line(own, found, one => inWords(median(ownTurns(one[way], verb))))
    line('  to bare git', found, one => times(ofBare(one)), asked === undefined ? '' : goal(ofBare(asked) <= 2, '<= 2 x at 10,000'))
    const comparable = asked !== undefined && first.versions === 100
    line(
      `  to its own at ${whole(first.versions)}`,
      found,
      one => times(ofFirst(one)),
      comparable ? goal(ofFirst(asked) <= 1.5, '<= 1.5 x at 10,000') : '',
    )
  }
}

const traffic = (found: readonly Measured[]): void => {
  heading('what goes over HTTP, headers included, and what stays', found)
  for (const kind of ['append', 'resolve'] as const) {
    line(`${kind}: requests`, found, ({ http }) => String(median(http[kind].requests)))
    line(`${kind}: downloaded`, found, ({ http }) => kilobytes(median(http[kind].downloaded)))
    line(`${kind}: uploaded`, found, ({ http }) => kilobytes(median(http[kind].uploaded)))
  }
  line('repository, per event, as pushed (loose objects)', found, one => kilobytes(one.looseBytes))
  line('repository, per event, after git gc', found, one => kilobytes(one.packedBytes))
}

const verifying = (found: readonly Measured[]): void => {
  heading('fetching and verifying every record over HTTP', found)
  const asked = found.find(({ versions }) => versions === 10_000)
  const reached = asked === undefined ? '' : goal(median(asked.verify.ours) < 10_000, '< 10 s at 10,000')
  line('Refline', found, ({ verify }) => inWords(median(verify.ours)), reached)
  line('nothing but git fetch of the same', found, ({ verify }) => inWords(median(verify.bare)))
  line('  to that', found, ({ verify }) => times(ratioOf(verify.ours, verify.bare)))
}

const listing = (found: RunTimes): void => {
  console.log(`\nlisting ${whole(found.runs)} runs over HTTP, from nothing`)
  const judged = found.runs < 10_000 ? '' : goal(median(found.compacted.ours) < 1000, '< 1 s')
  const all = ({ ours, bare }: RunTimes['logged']) => [inWords(median(ours)), inWords(median(bare)), times(ratioOf(ours, bare))]
  row('', ['Refline', 'git fetch', 'ratio'])
  row('all of them, compacted into segments', all(found.compacted), judged)
  row('all of them, each in the commit that its job wrote', all(found.logged), 'before they are compacted')
  row('the newest 20, compacted; before', [inWords(found.newestCompacted), inWords(found.newest)])
  row('compacting them, once', [inWords(found.compacting)])
}

/** Prints everything that was measured. */
export const printTable = (found: readonly Measured[], peers: AllPeers, runs: RunTimes, patience: number): void => {
  beside('registering one more version (medians)', 'register', found, peers, patience)
  beside('resolving the champion (medians)', 'resolve', found, peers, patience)
  flatness('over smart HTTP, beside bare git fetch --depth=1 and git push (medians, taking turns)', found, 'http')
  flatness('in a bare folder, beside the same (medians, taking turns)', found, 'folder')
  traffic(found)
  verifying(found)
  listing(runs)
}
