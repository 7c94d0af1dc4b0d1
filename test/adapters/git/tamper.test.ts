import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runTyped } from '../../../src/cli/run.ts'
import { terminalOn } from '../../../src/cli/terminal.ts'
import type { LedgerEvent, LedgerRecord } from '../../../src/core/lineage/events.ts'
import { makeWorlds, start, type World, type Worlds } from './tamper-world.ts'
import { consistent, decisions, type Loose, putTogether, recordOf, recordsOf, run, wellFormed } from './tampering.ts'

let worlds: Worlds
beforeAll(async () => {
  worlds = await makeWorlds()
}, 120_000)
afterAll(async () => {
  await worlds[Symbol.asyncDispose]()
})

const day = 86_400_000

/** The chain with one commit changed, put together again from there on. */
const withChanged = (world: World, seq: number, change: (loose: Loose) => Loose): void => {
  const changed = world.chain.map((loose, index) => (index === seq - 1 ? change(loose) : loose))
  putTogether(world.bare, changed.slice(seq - 1), world.ids[seq - 2] ?? null)
}
const withFile =
  (name: string, edit: (text: string) => string) =>
  (loose: Loose): Loose => ({
    ...loose,
    files: { ...loose.files, [name]: edit(loose.files[name] ?? '') },
  })
/** Puts one commit more on top. */
const append = (world: World, loose: Loose): void => {
  putTogether(world.bare, [loose], world.ids.at(-1) as string)
}
const stateOf = (world: World): string => world.chain.at(-1)?.files['state.json'] ?? ''
const recordAt = (world: World, seq: number): LedgerRecord => recordOf(world.chain[seq - 1] as Loose)
/** The next record, made of these events as Refline itself would, for `writer`. */
const next = (world: World, events: LedgerEvent[], writer: Partial<LedgerRecord['writer']> = {}): Loose => {
  const last = recordAt(world, 13)
  const at = new Date(Date.parse(last.writer.at) + 3_600_000).toISOString()
  const record = { ...last, request: 'story:-:14:77', writer: { ...last.writer, at, ...writer }, events } as LedgerRecord
  return consistent([...recordsOf(world.chain), record]).at(-1) as Loose
}
/** Makes the ledger anew from a seq on, so that nothing in it contradicts anything else. */
const rewrite = (
  world: World,
  from: number,
  change: (records: ReturnType<typeof recordsOf>) => ReturnType<typeof recordsOf>,
): readonly string[] => putTogether(world.bare, consistent(change(recordsOf(world.chain))).slice(from - 1), world.ids[from - 2] ?? null)
const withoutPin = (records: ReturnType<typeof recordsOf>) => records.filter((_, index) => index !== 9 && index !== 12)
const quietly = (records: ReturnType<typeof recordsOf>) =>
  records.map((record, index) => (index === 3 ? { ...record, writer: { ...record.writer, actor: 'mallory' } } : record))
const moveTag = (world: World, version: number, commit: string | undefined): void => {
  run(world.bare, ['update-ref', `refs/tags/${world.tagOf(version)}`, commit as string])
}
const releaseOf = (world: World, version: number) => {
  const release = [...world.control.state.releases.values()].find(({ tag }) => tag === world.tagOf(version))
  const asset = [...(release?.assets.values() ?? [])].find(({ name }) => name === 'model.bin')
  if (release === undefined || asset === undefined) throw new Error('there is no such release')
  return { release, asset }
}
const upload = async (world: World, id: number, name: string, content: string): Promise<void> => {
  const { data } = await world.client.repos.getRelease({ ...world.place, release_id: id })
  await world.client.request({
    method: 'POST',
    url: data.upload_url,
    name,
    data: content,
    headers: { 'content-type': 'application/octet-stream' },
  })
}
/** Deletes an asset and uploads another one of the same name, as the web page lets one do. */
const replace = async (world: World, version: number, content: string): Promise<void> => {
  const { release, asset } = releaseOf(world, version)
  await world.client.repos.deleteReleaseAsset({ ...world.place, asset_id: asset.id })
  await upload(world, release.id, asset.name, content)
}
const release = (world: World, tag: string, draft: boolean) =>
  world.client.repos.createRelease({ ...world.place, tag_name: tag, name: 'mine', draft, target_commitish: 'main' })
const grow = (world: World): void => {
  for (const one of world.control.state.releases.values())
    if (one.name === 'mine')
      for (const part of [one, ...one.assets.values()])
        Object.assign(part, { createdAt: new Date(start).toISOString(), publishedAt: new Date(start).toISOString() })
}

interface Attack {
  readonly name: string
  readonly attack: (world: World) => unknown
  /** What `verify` must say: every finding, in order. */
  readonly says: readonly RegExp[]
  readonly deep?: boolean
  /** Held against a copy that was made before. */
  readonly against?: boolean
}

const onHistory: readonly Attack[] = [
  {
    name: 'force-push back, seen by a tag',
    attack: ({ bare, ids }) => run(bare, ['update-ref', decisions, ids[3] as string]),
    says: [
      /^error 5: The newest events were taken away: the ledger ends at seq 4 \(commit \w{12}, 2026-11-20T14:00:00.000Z\), and the tag refline\/churn\/\w{12} \(seq 7 of 2026-11-20T17:00:00.000Z\) has events after it$/,
      /^warning -: The release refline\/churn\/\w{12} is no version of churn: its registration is under way/,
    ],
  },
  {
    name: 'force-push back, seen by a copy alone',
    attack: ({ bare, ids }) => run(bare, ['update-ref', decisions, ids[10] as string]),
    against: true,
    says: [
      /^error 12: The newest events were taken away: the ledger ends at seq 11 .*, and the copy \S+\.git \(seq 13 of .*\) has events after it$/,
    ],
  },
  {
    name: 'an event dropped in the middle, the others linked again',
    attack: ({ bare, chain, ids }) => putTogether(bare, chain.slice(10), ids[8] as string),
    says: [
      /^error 11: seq 11 \(commit \w{12}, 2026-11-20T21:00:00.000Z\) follows seq 9: seq 10 is missing, dropped after they were written$/,
    ],
  },
  {
    name: 'the oldest events cut off',
    attack: ({ bare, chain }) => putTogether(bare, chain.slice(8)),
    says: [
      /^error 1: The ledger was replaced by another history/,
      /^error 9: seq 9 .* follows nothing: seq 1 to 8 are missing/,
      /warning/,
      /warning/,
      /warning/,
    ],
  },
  {
    name: 'events reordered',
    attack: ({ bare, chain, ids }) => putTogether(bare, [chain[10], chain[9], chain[11], chain[12]] as Loose[], ids[8] as string),
    says: [/^error 11: seq 11 .* stands where seq 10 is expected, which stands elsewhere: events were reordered$/],
  },
  {
    name: 'a consistent rewrite after a witness: every digest, number, state, date and trailer right',
    attack: world => rewrite(world, 4, quietly),
    says: [
      /^error 4: History was rewritten from seq 4 on at the latest: the tag refline\/churn\/\w{12} \(seq 7 of .*\) has other events after seq 3 \(commit \w{12}, 2026-11-20T13:00:00.000Z\), the newest that both have$/,
    ],
  },
  {
    name: 'a consistent rewrite whose tags were moved along',
    attack: world => moveTag(world, 3, rewrite(world, 4, quietly)[3]),
    says: [/^error 8: History was rewritten before seq 8: v3 was published on commit \w{12}, which is not in the ledger$/],
  },
  {
    name: 'a consistent rewrite of what no tag has seen, held against a copy',
    attack: world => rewrite(world, 10, withoutPin),
    against: true,
    says: [/^error 10: History was rewritten from seq 10 on at the latest: the copy \S+ \(seq 13 of .*\) has other events after seq 9 /],
  },
  {
    name: 'a second genesis on top',
    attack: world => append(world, consistent([recordsOf(world.chain)[0] as LedgerRecord])[0] as Loose),
    says: [
      /^error 1: seq 1 .* is the record of seq 1 a second time, after seq 13: it was replayed$/,
      /^warning \d+: .* is dated \d+ h before/,
    ],
  },
  {
    name: 'a second genesis of other events on top',
    attack: world => append(world, consistent([{ ...recordAt(world, 1), request: 'mine' }])[0] as Loose),
    says: [
      /^error 1: seq 1 .* begins the ledger a second time, after seq 13: there can be only one first event$/,
      /^warning 1: .* is dated 12 h before/,
    ],
  },
  {
    name: 'other history merged into it',
    attack: ({ bare, ids }) => {
      const tree = run(bare, ['rev-parse', `${decisions}^{tree}`]).trim()
      const merge = run(bare, ['commit-tree', tree, '-p', ids[11] as string, '-p', 'refs/heads/main', '-m', 'merge']).trim()
      run(bare, ['update-ref', decisions, merge])
    },
    says: [
      /^error 13: seq 13 .* has 2 parents: other history was merged into the ledger/,
      /^error 13: seq 13 .* was written by "Test <test@example.com>" and not by Refline$/,
    ],
  },
  {
    name: 'the ref deleted',
    attack: ({ bare }) => run(bare, ['update-ref', '-d', decisions]),
    says: [
      /^error 1: The ledger of churn is gone: its ref does not exist, and the tag \S+ \(seq [27] of .*\) and 1 more have events of it$/,
      /^warning/,
      /^warning/,
      /^warning/,
    ],
  },
  {
    name: 'the ref moved to a branch of the code',
    attack: ({ bare }) => run(bare, ['update-ref', decisions, 'refs/heads/main']),
    says: [
      /^error 1: The ledger was replaced by another history: the tag .* and 1 more have events of which not one is in it$/,
      /^error -: commit \w{12} has no record.json$/,
      /^warning/,
      /^warning/,
      /^warning/,
    ],
  },
  {
    name: 'the ref moved to a ledger of somebody else',
    attack: world =>
      rewrite(world, 1, ([first]) => [
        { ...first, request: 'mine', writer: { ...(first as LedgerRecord).writer, actor: 'mallory' } } as LedgerRecord,
      ]),
    says: [
      /^error 1: The ledger was replaced by another history: .* and 1 more have events of which not one is in it$/,
      /^warning/,
      /^warning/,
    ],
  },
]

const onRecords: readonly Attack[] = [
  {
    name: 'a record edited',
    attack: world =>
      withChanged(
        world,
        10,
        withFile('record.json', text => text.replace('for the report', 'for no reason!')),
      ),
    says: [
      /^error 11: seq 11 .* was written after another seq 10 than the one that stands there \(\w{12}, found \w{12}\): seq 10 was edited or replaced$/,
    ],
  },
  {
    name: 'the newest record edited',
    attack: world =>
      withChanged(
        world,
        13,
        withFile('record.json', text => text.replace('the report is written', 'nobody knows')),
      ),
    says: [/^error 13: state.json at seq 13 .* belongs to another record than the one beside it .*: one of the two was edited$/],
  },
  {
    name: 'the state edited',
    attack: world =>
      withChanged(
        world,
        13,
        withFile('state.json', text => text.replace('"champion":1', '"champion":3')),
      ),
    says: [/^error 13: state.json at seq 13 .* is not what its records make: aliases.champion is 3, the records make it 1$/],
  },
  {
    name: 'the state deleted',
    attack: world => withChanged(world, 13, ({ files, ...loose }) => ({ ...loose, files: { 'record.json': files['record.json'] ?? '' } })),
    says: [/^error 13: state.json at seq 13 .* is missing$/],
  },
  {
    name: 'evidence changed',
    attack: world => {
      const index = world.chain.findIndex(({ files }) => 'evidence.json' in files)
      withChanged(
        world,
        index + 1,
        withFile('evidence.json', text => text.replace('2', '3')),
      )
    },
    says: [/^error 6: seq 6 .* has evidence that was changed after it was judged$/, /^error 6: History was rewritten from seq 6 on/],
  },
  {
    name: 'evidence deleted',
    attack: world =>
      withChanged(world, 6, ({ files, ...loose }) => ({
        ...loose,
        files: { 'record.json': files['record.json'] ?? '', 'state.json': files['state.json'] ?? '' },
      })),
    says: [/^error 6: seq 6 .* names evidence that is missing$/, /^error 6: History was rewritten from seq 6 on/],
  },
  {
    name: 'JSON that says the same in other bytes',
    attack: world =>
      withChanged(
        world,
        13,
        withFile('record.json', text => text.replace('{"events"', '{ "events"')),
      ),
    says: [
      /^error -: commit \w{12} has a record.json that is not canonical JSON, so it was not written by Refline; it stands after seq 12$/,
    ],
  },
  {
    name: 'a record of more than 64 KB',
    attack: world =>
      withChanged(
        world,
        13,
        withFile('record.json', text => `${text}${' '.repeat(70_000)}`),
      ),
    says: [/^error -: commit \w{12} has a record.json of more than 65536 bytes/],
  },
  {
    name: 'an event of an unknown kind',
    attack: world =>
      withChanged(
        world,
        13,
        withFile('record.json', text => text.replace('"kind":"unpin"', '"kind":"forget"')),
      ),
    says: [/^error -: commit \w{12} has a record.json that Refline does not write \(events\.0\.kind: /],
  },
  {
    name: 'a record of another model',
    attack: world =>
      withChanged(
        world,
        13,
        withFile('record.json', text => text.replace('"model":"churn"', '"model":"fraud"')),
      ),
    says: [/^error -: commit \w{12} has a record of another model, fraud/],
  },
  {
    name: 'a newer schema',
    attack: world =>
      withChanged(
        world,
        13,
        withFile('record.json', text => text.replace('"schema":2', '"schema":7').replace('"release":"0.2.0"', '"release":"3.1.4"')),
      ),
    says: [/^error -: commit \w{12} cannot be checked by this release: .* was written by Refline 3.1.4 .* Use release 3.1.4 or newer/],
  },
  {
    name: 'an event replayed under a new number',
    attack: world => {
      const last = recordAt(world, 13)
      const old = recordAt(world, 10)
      const record = { ...old, seq: 14, prev: JSON.parse(stateOf(world)).head, writer: { ...old.writer, at: last.writer.at } }
      append(world, wellFormed(record as LedgerRecord, stateOf(world)))
    },
    says: [/^error 14: seq 14 .* was asked for by story:-:10:77, as seq 10 was: an event was replayed$/],
  },
  {
    name: 'a record replayed as it was',
    attack: world => append(world, world.chain[9] as Loose),
    says: [
      /^error 10: seq 10 .* is the record of seq 10 a second time, after seq 13: it was replayed$/,
      /^warning \d+: .* is dated \d+ h before/,
    ],
  },
  {
    name: 'files given up before their 30 days are over',
    attack: world => {
      const record = {
        ...recordOf(next(world, [{ kind: 'pin', version: 1, reason: 'x' }])),
        events: [{ kind: 'collected', version: 2, tag: world.tagOf(2) }],
      }
      append(world, wellFormed(record as LedgerRecord, stateOf(world)))
    },
    says: [
      /^error 14: seq 14 .* does not follow from the events before it: the files of v2 may be deleted in 29 days at the earliest$/,
      /^warning 14: The files of v2 were given up at seq 14, and its release refline\/churn\/\w{12} is still there$/,
    ],
  },
  {
    name: 'a quarantined version made champion',
    attack: world => {
      const record = {
        ...recordOf(next(world, [{ kind: 'pin', version: 1, reason: 'x' }])),
        events: [{ kind: 'alias', alias: 'champion', from: 1, to: 2 }],
      }
      append(world, wellFormed(record as LedgerRecord, stateOf(world)))
    },
    says: [/^error 14: seq 14 .* does not follow from the events before it: churn v2 is quarantined/],
  },
  {
    name: 'an event dated back',
    attack: world => append(world, next(world, [{ kind: 'pin', version: 3, reason: 'x' }], { at: new Date(start).toISOString() })),
    says: [/^warning 14: seq 14 .* is dated 13 h before an event that stands before it$/],
  },
]

const onWriters: readonly Attack[] = [
  {
    name: 'a forged author',
    attack: world => withChanged(world, 13, loose => ({ ...loose, author: 'mallory <mallory@example.com>' })),
    says: [/^error 13: seq 13 .* was written by "mallory <mallory@example.com>" and not by Refline$/],
  },
  {
    name: 'a forged committer',
    attack: world => withChanged(world, 13, loose => ({ ...loose, committer: 'mallory <mallory@example.com>' })),
    says: [/^error 13: seq 13 .* was committed by "mallory <mallory@example.com> \d+ \+0000" and not by its author/],
  },
  {
    name: 'a forged trailer',
    attack: world => withChanged(world, 13, loose => ({ ...loose, message: loose.message.replace('Actor: ann', 'Actor: bob') })),
    says: [/^error 13: seq 13 .* has a message whose trailers are not those of its record: the message was edited/],
  },
  {
    name: 'a commit made anew at another time',
    attack: world => withChanged(world, 13, loose => ({ ...loose, seconds: loose.seconds + 3600 })),
    says: [/^error 13: seq 13 .* is dated 2026-11-21T00:00:00.000Z, its record 2026-11-20T23:00:00.000Z: it was made anew/],
  },
  {
    name: 'a well-formed append that names no workflow run',
    attack: world =>
      append(world, next(world, [{ kind: 'pin', version: 3, reason: 'x' }], { at: new Date().toISOString(), workflow_run: '4711' })),
    deep: true,
    says: [/^error 14: Seq 14 .* says that workflow run 4711 wrote it, and GitHub knows no such run: it was forged/],
  },
  {
    name: 'a well-formed append in the name of a workflow run that was over',
    attack: world =>
      append(world, next(world, [{ kind: 'pin', version: 3, reason: 'x' }], { at: new Date(start + 3 * day).toISOString() })),
    deep: true,
    says: [
      /^error 14: Seq 14 .* was not written by workflow run 77, as it says: it is dated 2026-11-23T10:00:00.000Z, and that run was at work from 2026-11-20T10:00:00.000Z to 2026-11-21T01:00:00.000Z$/,
    ],
  },
  {
    name: 'a well-formed append in the name of another actor',
    attack: world => append(world, next(world, [{ kind: 'pin', version: 3, reason: 'x' }], { actor: 'bob' })),
    deep: true,
    says: [/^error 14: Seq 14 .* was not written by workflow run 77, as it says: it names the actor bob, and ann started that run$/],
  },
]

const onFiles: readonly Attack[] = [
  {
    name: 'a tag moved',
    attack: world => moveTag(world, 3, world.ids[1]),
    says: [/^error 8: The tag refline\/churn\/\w{12} of v3 was moved: it sits on commit \w{12}, recorded at seq 8 was \w{12}$/],
  },
  {
    name: 'a tag of the first version moved into the ledger',
    attack: world => moveTag(world, 1, world.ids[11]),
    says: [
      /^error 1: The tag refline\/churn\/\w{12} of v1 was moved: it sits on seq 12, which was written when v1 \(seq 1\) had its files already$/,
    ],
  },
  {
    name: 'a tag deleted',
    attack: world => run(world.bare, ['update-ref', '-d', `refs/tags/${world.tagOf(3)}`]),
    says: [/^error 8: The tag refline\/churn\/\w{12} of v3 \(seq 8\) was deleted; it belongs on commit \w{12}$/],
  },
  {
    name: 'an asset swapped for one of the same size',
    attack: world => replace(world, 3, 'MODEL 3'),
    says: [
      /^error 8: The files of v3 \(release \S+, seq 8\) are not those that were registered: model.bin has SHA-256 \w{12}, recorded was \w{12}: it was replaced$/,
    ],
  },
  {
    name: 'an asset swapped where the store has no digest',
    attack: async world => {
      await replace(world, 3, 'MODEL 3')
      const { release: at, asset } = releaseOf(world, 3)
      at.assets.set(asset.id, { ...asset, digest: null })
    },
    deep: true,
    says: [/^error 8: The files of v3 .* are not those that were registered: model.bin has SHA-256 \w+, recorded was \w+$/],
  },
  {
    name: 'an asset truncated',
    attack: world => replace(world, 3, 'mod'),
    says: [/^error 8: The files of v3 .*: model.bin has 3 bytes, recorded were 7: it was replaced$/],
  },
  {
    name: 'an asset that was never uploaded whole',
    attack: world => {
      const { release: at, asset } = releaseOf(world, 3)
      at.assets.set(asset.id, { ...asset, state: 'starter' })
    },
    says: [/^error 8: The files of v3 .*: model.bin is not whole \(it is in state starter\)$/],
  },
  {
    name: 'an asset deleted',
    attack: world => world.client.repos.deleteReleaseAsset({ ...world.place, asset_id: releaseOf(world, 3).asset.id }),
    says: [/^error 8: The files of v3 .*: model.bin is missing$/],
  },
  {
    name: 'an asset added',
    attack: world => upload(world, releaseOf(world, 3).release.id, 'extra.bin', 'x'),
    says: [/^error 8: The files of v3 .*: "extra.bin" was added$/],
  },
  {
    name: 'a release deleted',
    attack: world => world.client.repos.deleteRelease({ ...world.place, release_id: releaseOf(world, 2).release.id }),
    says: [/^error 3: v2 \(seq 3\) has no release: refline\/churn\/\w{12} was deleted, and its files with it$/],
  },
  {
    name: 'a release renamed',
    attack: world => world.client.repos.updateRelease({ ...world.place, release_id: releaseOf(world, 2).release.id, name: 'churn v9' }),
    says: [/^warning 3: The release refline\/churn\/\w{12} is called "churn v9" and not churn v2/],
  },
  {
    name: 'a release without a version',
    attack: async world => {
      await release(world, 'refline/churn/0123456789ab', false)
      grow(world)
    },
    says: [
      /^error -: The release refline\/churn\/0123456789ab is no version of churn: its registration was stopped before the record, or nobody of ours made it$/,
    ],
  },
  {
    name: 'a draft left for days',
    attack: async world => {
      await release(world, 'refline/churn/0123456789ab', true)
      grow(world)
    },
    says: [/^warning -: A draft for refline\/churn\/0123456789ab is older than a day/],
  },
]

describe('an untouched ledger', () => {
  test('has no finding', async () => {
    const world = await worlds.fresh()
    expect(await world.findings({ deep: true })).toEqual([])
    const copy = await worlds.fresh()
    expect(await world.verify({ against: copy.bare })).toMatchObject({ events: 13, witnesses: 3, releases: 3, unproven: [], findings: [] })
  })
  test('is verified at a terminal, with releases and workflow runs by its token', async () => {
    const { place, control } = await worlds.fresh()
    const { double } = worlds
    const env = { GITHUB_SERVER_URL: double.url, GITHUB_API_URL: double.apiUrl, GH_TOKEN: double.token }
    const printed: string[] = []
    const terminal = terminalOn(text => printed.push(text), { width: null, env, folder: control.bare })
    const ended = await runTyped(['verify', 'churn', '--deep', '--ledger', double.gitUrl(place.owner, place.repo)], terminal)
    expect([ended, printed.join('')]).toEqual([
      {},
      expect.stringMatching(/^churn: chain verified: 13 events, 3 versions, 2 witnesses, 3 releases, 1 workflow run in \d+\.\d s\n$/),
    ])
  })
  test('has none either when it has grown since the copy was made', async () => {
    const [world, copy] = [await worlds.fresh(), await worlds.fresh()]
    append(world, next(world, [{ kind: 'pin', version: 3, reason: 'x' }]))
    expect(await world.findings({ against: copy.bare })).toEqual([])
  })
})

const tables = { 'the history': onHistory, 'one record': onRecords, 'who wrote it': onWriters, 'tags and files': onFiles }
// Most of the time of one is waiting for processes of git.
describe.concurrent.each(Object.entries(tables))('tampering with %s', (_, attacks) => {
  test.each(attacks)('$name', async ({ attack, says, deep = false, against = false }) => {
    const world = await worlds.fresh()
    await attack(world)
    const found = await world.findings({ deep, against: against ? (await worlds.fresh()).bare : null })
    for (const [index, sentence] of says.entries()) expect(found[index]).toMatch(sentence)
    expect(found).toHaveLength(says.length)
  })
})
