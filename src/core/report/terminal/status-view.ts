import type { StatusDocument } from '../../lineage/views/status.ts'
import { plainLine } from '../escape.ts'
import { factLines, textTable, type Width } from './lines.ts'

type Environment = StatusDocument['environments'][number]

const rolloutWords = ({ rollout, rollback }: Environment): string => {
  if (rollback !== null) return `rollback v${rollback.from} → v${rollback.to} begun, not confirmed`
  if (rollout === null) return ''
  const setting = rollout.setting === null ? '' : `, ${rollout.setting} % about to be set`
  return `v${rollout.version} at ${rollout.percent} %${setting}`
}

const judgements = (environments: readonly Environment[]): readonly string[] =>
  environments.flatMap(({ environment, rollout }) =>
    rollout === null ? [] : [`rollout ${rollout.rollout} in ${environment}: ${plainLine(rollout.judgement, 400)}`],
  )

/** What is live where, as lines. */
export const statusLines = (document: StatusDocument, width: Width): readonly string[] => {
  const { model, environments, quarantined, pinned, aliases, seq, versions } = document
  if (seq === 0) return [`${model}: the ledger has no record, so nothing was registered yet`]
  const others = Object.entries(aliases).filter(([alias]) => alias !== 'champion' && alias !== 'challenger')
  const table = textTable(
    [
      { title: 'environment' },
      { title: 'live' },
      { title: 'slot' },
      { title: 'under way', least: 16 },
      { title: 'live before', least: 12 },
    ],
    environments.map(one => [
      one.environment,
      one.live === null ? 'nothing' : `v${one.live.version}`,
      one.live?.slot ?? '',
      rolloutWords(one),
      one.previous.map(version => `v${version}`).join(', '),
    ]),
    width,
  )
  return [
    `${model}: ${versions} ${versions === 1 ? 'version' : 'versions'}, ledger at seq ${seq}`,
    ...factLines([
      ['champion', document.champion === null ? 'none' : `v${document.champion}`],
      ['challenger', document.challenger === null ? null : `v${document.challenger}`],
      ...others.map(([alias, version]) => [alias, `v${version}`] as const),
    ]),
    ...(pinned.length === 0 ? [] : [`  pinned: ${pinned.map(version => `v${version}`).join(', ')}`]),
    ...(environments.length === 0 ? ['nothing was rolled out yet'] : ['', ...table]),
    ...judgements(environments),
    ...(quarantined.length === 0 ? [] : ['', 'quarantined, may not go live again:']),
    ...factLines(
      quarantined.map(({ version, reason }) => [
        `v${version}`,
        reason === null ? `refline show v${version} tells why` : plainLine(reason, 400),
      ]),
    ),
  ]
}
