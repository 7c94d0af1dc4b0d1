import type { Bound } from './bounds.ts'
import { kayenta } from './kayenta.ts'
import { argo, flagger, peekedZTest } from './other-rules.ts'
import { type Environment, refline, splitCheck } from './refline.ts'
import { errors, type Rule, tenSteps } from './rule.ts'
import type { Cell } from './trials.ts'
import {
  aftermath,
  bad,
  boundary,
  bursty,
  clean,
  defaultBuckets,
  fineBuckets,
  good,
  incident,
  latency,
  lateTraffic,
  noErrors,
  rareBad,
  rareGood,
  sixNames,
  sixSignals,
  stormy,
  type World,
} from './worlds.ts'

/** Cells that are one table. `columns` says which. */
export interface Section {
  readonly id: string
  readonly title: string
  readonly words: string
  readonly columns: 'decisions' | 'delays' | 'requests' | 'splits'
  readonly cells: readonly Cell[]
}

/** What the issue promises. */
const falseRollback: Bound = { of: 'false rollback', most: 0.01 }
const badPromotion: Bound = { of: 'bad promotion', most: 0.05 }
/** No guarantee covers errors in bursts; this is what knowing them has to come to. */
const falseRollbackInBursts: Bound = { of: 'false rollback', most: 0.02 }

const rates: readonly number[] = [200, 1_000, 6_000, 60_000]
/** The rules of others are over in 20 minutes. */
const hour = 60

const others: readonly Rule[] = [
  flagger(99, 10),
  flagger(98.5, 5),
  argo(0.985, 0),
  argo(0.985, 3),
  argo(0.95, 3),
  peekedZTest,
  kayenta(1),
  kayenta(6),
]

/** Refline under one environment. */
interface Ours {
  readonly rule: Rule
  /** `max_duration`. */
  readonly minutes: number
  /** Share of bad requests below which nothing is unacceptable. */
  readonly acceptable: number
  /** Minutes of the past that it knows; none by default. */
  readonly history?: number
  /** false: a threshold, which promises no error rate. */
  readonly isProven?: boolean
}
const ours = (name: string, environment: Environment = {}): Ours => ({
  rule: refline(name, environment),
  minutes: environment.horizon ?? hour,
  acceptable: Number(environment.signal?.acceptable ?? 0.01),
})
const byDefault = ours('**Refline**')
const longer = ours('**Refline**, max_duration 5h', { horizon: 300 })
const counted = ours('**Refline**, dispersion off', { signal: { dispersion: 'off' } })
const informed: Ours = { ...ours('**Refline**, an hour of history'), history: hour }
const threshold: Ours = {
  ...ours('Refline, rule: threshold, max 1.5 %', { signal: { max: 0.015 }, judge: { rule: 'threshold' } }),
  isProven: false,
}
/** Nobody steps on proof here: any weights that are decided from the past are allowed, so these are, too. */
const ramped: Ours = {
  ...byDefault,
  rule: refline('**Refline**, moved up every minute', {}, { by: 'ramp', through: tenSteps }),
}
const stricter = ours('**Refline**, acceptable 0.1 %', { signal: { acceptable: 0.001 } })

const boundsOf = (world: World, { acceptable, isProven = true, history = 0 }: Ours): readonly Bound[] => {
  if (!isProven) return []
  if (world.traffic.burst !== 1) return world.isHarmless && history > 0 ? [falseRollbackInBursts] : []
  return [...(world.isHarmless ? [falseRollback] : []), ...(world.unacceptable >= acceptable ? [badPromotion] : [])]
}

const grid = (world: World, judged: (requests: number) => readonly Ours[]): Section => ({
  id: world.id,
  title: world.title,
  words: world.words,
  columns: 'decisions',
  cells: rates.flatMap(requests => [
    ...others.map(rule => ({ id: `${world.id} ${requests} ${rule.name}`, rule, traffic: world.traffic, requests, minutes: hour })),
    ...judged(requests).map(one => ({
      id: `${world.id} ${requests} ${one.rule.name}`,
      rule: one.rule,
      traffic: world.traffic,
      requests,
      minutes: one.minutes,
      history: one.history ?? 0,
      bounds: boundsOf(world, one),
    })),
  ]),
})

/** Where an hour is too short to say anything, five are shown too. */
const patient = (requests: number): readonly Ours[] => (requests <= 1_000 ? [byDefault, longer] : [byDefault])
const withThreshold = (requests: number): readonly Ours[] => [...patient(requests), threshold]

/** A canary at 5 % that nobody promotes and that goes wrong after an hour. */
const late: Section = {
  id: 'late',
  title: 'A regression that begins late: 1 % in both arms, the canary at 2 % from minute 61 of 120',
  words:
    'The canary stays at 5 % (a pause, an approval that is waited for), and the delay counts from the onset. Without the restart mixture all evidence that it was good has to be overcome first. A rollback before the onset is false.',
  columns: 'delays',
  cells: [1_000, 6_000, 60_000].flatMap(requests =>
    [
      refline('**Refline**', { horizon: 120 }, { by: 'watch', through: [0.05] }),
      refline('the same without the restart mixture', { horizon: 1 }, { by: 'watch', through: [0.05] }),
    ].map(rule => ({
      id: `late ${requests} ${rule.name}`,
      rule,
      traffic: lateTraffic(hour),
      requests,
      minutes: 120,
      onset: hour,
      bounds: [{ of: 'rollback before the onset', most: 0.01 } as const],
    })),
  ),
}

/** What is taken for dispersion makes the judge blind: an incident that is over must not. */
const after: Section = {
  id: 'aftermath',
  title: 'After an incident: 5 % in both arms for 18 minutes of the hour before, then a bad canary, 1 % in stable and 2 % in the canary',
  words: 'The judge knows that hour. Right is to roll back, as soon as without the incident.',
  columns: 'decisions',
  cells: [1_000, 6_000, 60_000].map(requests => ({
    id: `aftermath ${requests}`,
    rule: informed.rule,
    traffic: aftermath,
    requests,
    minutes: hour,
    history: hour,
    bounds: requests < 6_000 ? [badPromotion] : [badPromotion, { of: 'rolled back', least: 0.98 } as const],
  })),
}

const six: Section = {
  id: 'six',
  title: 'Six signals at once',
  words:
    'All of them have to be proven before a step, and any may roll back: on the mean of the six e-values. Each has 1 % in both arms, one of them 2 % in the canary where it says so.',
  columns: 'decisions',
  cells: [1_000, 6_000, 60_000].flatMap(requests =>
    (
      [
        ['all good', sixSignals(0), [falseRollback]],
        ['one bad', sixSignals(1), [badPromotion]],
        ['all bad', sixSignals(6), [badPromotion]],
        ['no errors', noErrors(sixNames), [falseRollback]],
      ] as const
    ).map(([name, traffic, bounds]) => {
      const rule = refline(`**Refline**, ${name}`, { signals: sixNames })
      return { id: `six ${requests} ${name}`, rule, traffic, requests, minutes: hour, bounds }
    }),
  ),
}

/** Row 9 of the design's section 15. Means want more rollouts than shares do. */
const row9: Section = {
  id: 'row-9',
  title: 'What it takes at 5 % of the traffic',
  words:
    'Canary requests until 1 % -> 2 % is rolled back (however long that takes), false rollbacks within the planned minutes, and requests of an error-free canary until it is proven (the first step up). The weight stays at 5 %.',
  columns: 'requests',
  cells: [1_200, 6_000].flatMap(requests =>
    [1, 6].flatMap(signals =>
      [60, 300].flatMap((horizon): readonly Cell[] => {
        const names = sixNames.slice(0, signals)
        const pick = (traffic: typeof good.traffic) => ({
          ...traffic,
          signals: Object.fromEntries(Object.entries(traffic.signals).slice(0, signals)),
        })
        const name = `${signals === 1 ? 'one signal' : 'six signals'}, batches of ${requests.toLocaleString('en-US')}, horizon ${horizon}`
        const at = { id: `row-9 ${requests} ${signals} ${horizon}`, requests }
        const watched = refline(name, { horizon, signals: names }, { by: 'watch', through: [0.05] })
        const isPromised = requests === 1_200 && signals === 1
        return [
          {
            ...at,
            id: `${at.id} rollback`,
            rule: watched,
            traffic: pick(sixSignals(1)),
            minutes: 100_000,
            times: isPromised ? 4 : 1,
            bounds: isPromised ? [{ of: 'mean requests', most: 1_750 }] : [],
          },
          { ...at, id: `${at.id} false`, rule: watched, traffic: pick(sixSignals(0)), minutes: horizon, bounds: [falseRollback] },
          {
            ...at,
            id: `${at.id} clean`,
            rule: refline(name, { horizon, signals: names }, { by: 'proof', through: [0.05] }),
            traffic: noErrors(names),
            minutes: horizon,
            bounds: [{ of: 'most requests', most: 1_000 }],
          },
        ]
      }),
    ),
  ),
}

/** A target whose weight says 5 %. Without a bad request, so that nothing else is found. */
const split: Section = {
  id: 'split',
  title: 'A split that is not the one that was set: 5 % is set',
  words:
    'The weight was not applied, traffic sticks, instances do not answer: the judge holds and says so, and nothing is promoted. Minutes and requests of both arms until then. At 5 % an alarm is false.',
  columns: 'splits',
  cells: [0, 0.025, 0.04, 0.05, 0.06, 0.1, 0.2].map((seen): Cell => {
    const name = `${100 * seen} % of the requests`
    const bounds = seen === 0.05 ? [falseRollback] : []
    return { id: `split ${seen}`, rule: splitCheck(name, 0.05, seen), traffic: noErrors([errors]), requests: 200, minutes: 300, bounds }
  }),
}

/** The limit, of which acceptance is proven, is a bucket in both: 0.5 s, which a request in 270 of stable exceeds. */
const buckets = [
  ["Prometheus' default buckets", defaultBuckets, 0.5],
  ['ten buckets a decade', fineBuckets, 0.501],
] as const
const slow: Section = {
  id: 'latency',
  title: 'Latency by histogram: log-normal (median 0.1 s, sigma 0.6), the canary slower by a factor',
  words:
    'The canary stays at 5 % and is only watched for an hour: rolled back on the edges of the buckets, which Refline chooses by itself from the first batch. `bad responses` are those above 0.5 s. At x 1 a rollback is false.',
  columns: 'decisions',
  cells: [1_200, 6_000].flatMap(requests =>
    buckets.flatMap(([named, edges, limit]) =>
      [1, 1.1, 1.2, 1.5].map((factor): Cell => {
        const rule = refline(`**Refline**, x ${factor}, ${named}`, { signals: ['latency'] }, { by: 'watch', through: [0.05] })
        const bounds = factor === 1 ? [falseRollback] : []
        return {
          id: `latency ${requests} ${factor} ${named}`,
          rule,
          traffic: latency(factor, edges, limit),
          requests,
          minutes: hour,
          bounds,
        }
      }),
    ),
  ),
}

const hasPower = (cell: Cell): Cell =>
  cell.requests >= 6_000 && cell.rule === byDefault.rule
    ? { ...cell, bounds: [...(cell.bounds ?? []), { of: 'rolled back', least: 0.98 }] }
    : cell
const badGrid = grid(bad, withThreshold)

/** Everything that is simulated, in the order of the page. */
export const sections: readonly Section[] = [
  grid(good, withThreshold),
  { ...badGrid, cells: badGrid.cells.map(hasPower) },
  grid(incident, withThreshold),
  grid(boundary, patient),
  grid(clean, () => [byDefault]),
  grid(rareGood, () => [byDefault, stricter]),
  grid(rareBad, () => [byDefault, stricter]),
  grid(stormy, () => [byDefault, ramped]),
  ...bursty.map(world => grid(world, () => [informed, byDefault, counted])),
  late,
  after,
  six,
  slow,
  split,
  row9,
]
