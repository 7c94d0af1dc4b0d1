import { goal, inWords, kilobytes, row, times, whole } from './figures.ts'
import type { PeerTimes } from './gto.ts'
import type { OwnCosts } from './ours.ts'
import type { Measured } from './sizes.ts'

type Verb = 'resolve' | 'register'

const heading = (words: string, found: readonly Measured[]): void => {
  console.log(`\n${words}`)
  row(
    '',
    found.map(({ versions }) => whole(versions)),
    'versions',
  )
}

/** A peer's time, or how long it was waited for. */
const waited = (milliseconds: number | undefined, patience: number): string => {
  if (milliseconds === undefined) return '-'
  return Number.isFinite(milliseconds) ? inWords(milliseconds) : `> ${patience} s`
}

const own = (costs: OwnCosts, verb: Verb): number => (verb === 'resolve' ? costs.resolve : costs.append).milliseconds

/** Times of one kind of operation beside the peers', and how many times faster than GTO. */
const beside = (words: string, verb: Verb, found: readonly Measured[], patience: number): void => {
  const ofGto = (kind: 'inside' | 'command', cloned: boolean) =>
    found.map(({ gto }) => (gto === null ? undefined : gto[kind][verb] + (cloned ? gto.clone : 0)))
  const line = (label: string, values: readonly (number | undefined)[], note = '') =>
    row(
      label,
      values.map(value => waited(value, patience)),
      note,
    )
  heading(words, found)
  line(
    'Refline over HTTP, from nothing',
    found.map(({ http }) => own(http, verb)),
  )
  line(
    'Refline in a bare folder, from nothing',
    found.map(({ folder }) => own(folder, verb)),
  )
  line('GTO over HTTP, in a running Python, the clone at hand', ofGto('inside', false))
  line('GTO over HTTP, in a running Python, from nothing', ofGto('inside', true))
  line(
    'MLflow on SQLite, in a running Python',
    found.map(({ mlflow }) => mlflow?.inside[verb]),
    'a local file: no network, one machine',
  )
  line(
    'as a process: Refline, from nothing',
    found.map(({ command }) => command[verb]),
  )
  line('as a process: GTO, the clone at hand', ofGto('command', false))
  line('as a process: GTO, from nothing', ofGto('command', true))
  line(
    'as a process: MLflow on SQLite',
    found.map(({ mlflow }) => mlflow?.command[verb]),
    'no command of its own: a script',
  )
  const ratio = (clone: number, theirs: PeerTimes | undefined, ours: number, at: number): string => {
    if (theirs === undefined) return '-'
    return Number.isFinite(theirs[verb])
      ? times((theirs[verb] + clone) / ours)
      : `> ${times((patience * 1000) / ours)} ${at === 0 ? '' : ''}`.trimEnd()
  }
  const inside = found.map(({ gto, http }, at) => ratio(0, gto?.inside, own(http, verb), at))
  const asked = found.find(({ versions, gto }) => versions === 1500 && gto !== null)
  const reached =
    asked === undefined
      ? ''
      : goal((asked.gto as NonNullable<Measured['gto']>).inside[verb] >= 10 * own(asked.http, verb), '>= 10 x at 1,500')
  row('faster than GTO in Python with the clone at hand, by', inside, reached)
  row(
    'faster than GTO as a process, both from nothing, by',
    found.map(({ gto, command }, at) => ratio(gto?.clone ?? 0, gto?.command, command[verb], at)),
  )
}

/** Costs beside bare git's, and beside our own with the smallest ledger. */
const flatness = (words: string, found: readonly Measured[], kind: 'http' | 'folder'): void => {
  const [first] = found
  if (first === undefined) return
  heading(words, found)
  row(
    'events',
    found.map(({ events }) => whole(events)),
  )
  const goalAt = found.find(({ versions }) => versions === 10_000)
  for (const verb of ['register', 'resolve'] as const) {
    const bare = (one: Measured) => (verb === 'resolve' ? one[kind].fetch : one[kind].fetchAndPush)
    const ofBare = (one: Measured) => own(one[kind], verb) / bare(one)
    const ofFirst = (one: Measured) => own(one[kind], verb) / own(first[kind], verb)
    row(
      verb === 'resolve' ? 'bare git fetch --depth=1' : 'bare git fetch --depth=1 and git push',
      found.map(one => inWords(bare(one))),
    )
    row(
      verb === 'resolve' ? 'resolve the champion' : 'append',
      found.map(one => inWords(own(one[kind], verb))),
    )
    row(
      '  to bare git',
      found.map(one => times(ofBare(one))),
      goalAt === undefined ? '' : goal(ofBare(goalAt) <= 2, '<= 2 x at 10,000'),
    )
    row(
      `  to its own at ${whole(first.versions)}`,
      found.map(one => times(ofFirst(one))),
      goalAt === undefined || first.versions !== 100 ? '' : goal(ofFirst(goalAt) <= 1.5, '<= 1.5 x at 10,000'),
    )
  }
}

const traffic = (found: readonly Measured[]): void => {
  heading('what goes over HTTP, headers included, and what stays', found)
  for (const [label, of] of [
    ['append', (one: Measured) => one.http.append],
    ['resolve', (one: Measured) => one.http.resolve],
  ] as const) {
    row(
      `${label}: requests`,
      found.map(one => String(of(one).requests)),
    )
    row(
      `${label}: downloaded`,
      found.map(one => kilobytes(of(one).downloaded)),
    )
    row(
      `${label}: uploaded`,
      found.map(one => kilobytes(of(one).uploaded)),
    )
  }
  row(
    'repository, per event, as pushed (loose)',
    found.map(one => kilobytes(one.looseBytes)),
  )
  row(
    'repository, per event, after git gc',
    found.map(one => kilobytes(one.packedBytes)),
  )
}

const verifying = (found: readonly Measured[]): void => {
  heading('fetching and verifying every record over HTTP', found)
  const at = found.find(({ versions }) => versions === 10_000)
  row(
    'Refline',
    found.map(one => inWords(one.verify)),
    at === undefined ? '' : goal(at.verify < 10_000, '< 10 s at 10,000'),
  )
}

/** Prints everything that was measured. */
export const printTable = (found: readonly Measured[], patience: number): void => {
  beside('registering one more version (medians)', 'register', found, patience)
  beside('resolving the champion (medians)', 'resolve', found, patience)
  flatness('over smart HTTP, beside bare git (medians, taking turns)', found, 'http')
  flatness('in a bare folder, beside bare git (medians, taking turns)', found, 'folder')
  traffic(found)
  verifying(found)
}
