import type { Interval } from '../../../src/core/statistics/interval.ts'
import { type Bound, check, type Held } from './bounds.ts'
import type { Section } from './sections.ts'
import type { Cell, Tally } from './trials.ts'

/** A cell and what it came to. */
export interface Result {
  readonly cell: Cell
  readonly tally: Tally
}
export interface SectionResult {
  readonly section: Section
  readonly results: readonly Result[]
}

const whole = (value: number): string => Math.round(value).toLocaleString('en-US')
const percent = (share: number): string => {
  if (share === 0 || share === 1) return `${100 * share} %`
  return `${(100 * share).toFixed(share < 0.0995 ? 2 : 1)} %`
}
const shareOf = (count: number, { runs }: Tally): string => percent(count / runs)

const minutesOf = (value: number, { cell }: Result): string => {
  if (Number.isNaN(value)) return '-'
  return Number.isFinite(value) ? String(value) : `> ${cell.minutes - (cell.onset ?? 0)}`
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] => [
  `| ${head.join(' | ')} |`,
  `|${head.map((_, column) => (column === 0 ? ' --- ' : ' ---: ')).join('|')}|`,
  ...rows.map(row => `| ${row.join(' | ')} |`),
]

/** One row of the tables of decisions, for which test/simulation/judge.test.ts looks in the page. */
export const decisionRow = (result: Result): readonly string[] => {
  const { cell, tally } = result
  return [
    cell.rule.name,
    whole(cell.requests),
    shareOf(tally.rolledBack, tally),
    shareOf(tally.promoted, tally),
    shareOf(tally.held, tally),
    minutesOf(tally.medianMinutes, result),
    whole(tally.canaryRequests.mean),
    tally.badResponses.toFixed(1),
  ]
}

const decisions = (results: readonly Result[]): readonly string[] =>
  table(
    ['rule', 'requests/min', 'rolled back', 'promoted', 'held', 'median min', 'canary requests', 'bad responses'],
    results.map(decisionRow),
  )

const delays = (results: readonly Result[]): readonly string[] =>
  table(
    ['rule', 'requests/min', 'rolled back before', 'after', 'never', 'median delay, min', '90 % within, min'],
    results.map(result => {
      const { cell, tally } = result
      return [
        cell.rule.name,
        whole(cell.requests),
        shareOf(tally.early, tally),
        shareOf(tally.rolledBack, tally),
        shareOf(tally.held, tally),
        minutesOf(tally.medianMinutes, result),
        minutesOf(tally.lateMinutes, result),
      ]
    }),
  )

/** Three cells a row: a bad canary, a good one, and one without errors. */
const requests = (results: readonly Result[]): readonly string[] =>
  table(
    ['', '1 -> 2 %: mean requests', 'median min', '90 % within, min', 'false rollback', 'no errors: mean requests', 'most'],
    results.flatMap((result, index) => {
      if (index % 3 !== 0) return []
      const [good, clean] = [results[index + 1], results[index + 2]]
      if (!good || !clean) return []
      const { mean, error } = result.tally.canaryRequests
      return [
        [
          result.cell.rule.name,
          `${whole(mean)} ± ${whole(1.96 * error)}`,
          minutesOf(result.tally.medianMinutes, result),
          minutesOf(result.tally.lateMinutes, result),
          shareOf(good.tally.rolledBack, good.tally),
          whole(clean.tally.canaryRequests.mean),
          whole(clean.tally.canaryRequests.most),
        ],
      ]
    }),
  )

const splits = (results: readonly Result[]): readonly string[] =>
  table(
    ['the canary gets', 'noticed', 'median min', '90 % within, min', 'requests until then'],
    results.map(result => {
      const { cell, tally } = result
      const total = Number.isFinite(tally.medianMinutes) ? whole(tally.medianMinutes * cell.requests) : '-'
      return [
        cell.rule.name,
        shareOf(tally.rolledBack, tally),
        minutesOf(tally.medianMinutes, result),
        minutesOf(tally.lateMinutes, result),
        total,
      ]
    }),
  )

/** The three tables that are asked for most in one: false rollback, rollback of a bad canary and how soon, rollback in an incident of both arms. */
const summary = (sections: readonly SectionResult[]): readonly string[] => {
  const of = (id: string) => sections.find(({ section }) => section.id === id)?.results ?? []
  const rates = [...new Set(of('good').map(({ cell }) => cell.requests))]
  const names = [...new Set(of('good').map(({ cell }) => cell.rule.name))]
  const found = (id: string, name: string, rate: number) => of(id).find(({ cell }) => cell.rule.name === name && cell.requests === rate)
  const rows = names.map(name => [
    name,
    ...rates.map(rate => {
      const [good, bad, incident] = [found('good', name, rate), found('bad', name, rate), found('incident', name, rate)]
      if (!good || !bad || !incident) return ''
      const seen = `${shareOf(bad.tally.rolledBack, bad.tally)}, ${minutesOf(bad.tally.medianMinutes, bad)}`
      return `${shareOf(good.tally.rolledBack, good.tally)} / ${seen} / ${shareOf(incident.tally.rolledBack, incident.tally)}`
    }),
  ])
  return table(['rule', ...rates.map(rate => `${whole(rate)} requests/min`)], rows)
}

const isShare = (bound: Bound): boolean => bound.of !== 'mean requests' && bound.of !== 'most requests'
const limitOf = (bound: Bound): string => {
  if (bound.of === 'rolled back') return `>= ${percent(bound.least)}`
  return `<= ${isShare(bound) ? percent(bound.most) : whole(bound.most)}`
}
const figureOf = ({ bound, figure }: Held): string => (isShare(bound) ? percent(figure) : whole(figure))
const intervalOf = (bound: Bound, interval: Interval | null): string => {
  if (interval === null) return ''
  const shown = isShare(bound) ? percent : whole
  return `${shown(interval.low)} to ${shown(interval.high)}`
}

/** All bounds of all cells. */
export const checked = (sections: readonly SectionResult[]): readonly { readonly cell: Cell; readonly held: Held }[] =>
  sections.flatMap(({ results }) =>
    results.flatMap(({ cell, tally }) => (cell.bounds ?? []).map(bound => ({ cell, held: check(bound, tally) }))),
  )

const bounds = (sections: readonly SectionResult[]): readonly string[] =>
  table(
    ['cell', 'what', 'promised', 'found', '95 % interval', 'holds'],
    checked(sections).map(({ cell, held }) => [
      cell.id.replaceAll('**', ''),
      held.bound.of,
      limitOf(held.bound),
      figureOf(held),
      intervalOf(held.bound, held.interval),
      held.holds ? 'yes' : '**no**',
    ]),
  )

const columns = { decisions, delays, requests, splits } as const

/** The page docs/judge-figures.md. */
export const page = (sections: readonly SectionResult[], settings: { readonly runs: number; readonly seed: number }): string =>
  `${[
    '# The judge in figures',
    '',
    `Made by \`npm run bench -- judge\` (seed ${settings.seed}, ${whole(settings.runs)} rollouts a cell), which writes the same page again from the same code and fails where a bound does not hold. What the words mean: [how the judge decides](judge.md).`,
    '',
    'Every rollout is simulated minute by minute. **Refline** is the code that ships, with the defaults of `refline.yml` where nothing else is said: steps of 5, 10, 25 and 50 %, each taken only on proof, and an hour at most, after which an undecided canary is withdrawn ("held"). The rules of others are stated anew from their documentation: a minute each at 5, 10 ... 50 %, then promoted; Kayenta\'s kind of judge an hour at 5 %. A request goes to the canary with the probability of its weight. `canary requests` and `bad responses` are means until the decision, of the canary alone; a bad canary that is promoted goes on doing harm that is not counted here. The median counts undecided rollouts as longer than the time they had.',
    '',
    '## In short',
    '',
    'Good canary (1 % in both arms) rolled back, which is false / bad canary (1 % -> 2 %) rolled back, and the median minutes until then / both arms at 2 % in a shared incident, rolled back, which is false.',
    '',
    ...summary(sections),
    ...sections.flatMap(({ section, results }) => ['', `## ${section.title}`, '', section.words, '', ...columns[section.columns](results)]),
    '',
    '## What must hold',
    '',
    'A bound fails where the true figure is beyond it with 99 % confidence (one-sided: exact for shares, normal for means; "most" counts every rollout). The interval is the usual two-sided one (Wilson).',
    '',
    ...bounds(sections),
  ].join('\n')}\n`
