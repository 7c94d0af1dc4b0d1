/** One change of the sources: the text is there exactly once, or the mutant no longer says what it did. */
export interface Patch {
  readonly file: string
  readonly find: string
  readonly replace: string
}

/** A mistake that somebody could make, and where the simulator looks for it. */
export interface Mutant {
  readonly name: string
  /** What is taken out, and which second guard with it. */
  readonly breaks: string
  readonly patches: readonly Patch[]
  /** Worlds that schedules begin with; all where none is named. */
  readonly worlds?: string
  readonly seed: number
  readonly schedules: number
}

const patch = (file: string, find: string, replace: string): Patch => ({ file, find, replace })

const ledger = 'adapters/git/ledger.ts'
const loop = 'adapters/git/compare-and-swap.ts'
const fold = 'core/lineage/fold.ts'
const register = 'actions/register/handler.ts'
const releases = 'adapters/github/releases.ts'
const assets = 'adapters/github/release-assets.ts'
const comments = 'adapters/github/comments.ts'
const moving = 'actions/traffic/moving.ts'
const begin = 'actions/canary-deploy/begin.ts'
const rollback = 'actions/rollback/handler.ts'
const rollbackTraffic = 'actions/rollback/traffic.ts'

/** The twelve protocol mutants of the plan: what a simulator that is worth its time must find. */
const protocol: readonly Mutant[] = [
  {
    name: 'no key',
    breaks: 'a request is recognised by the digest of its own record only, and the fold takes a request twice',
    patches: [
      patch(
        ledger,
        'const seq = rememberedAt(head.state, requestPrefix(id))',
        `if (head.record !== null || head.commit === null)
      return head.record !== null && attempt.written.has(encodeRecord(head.record).digest)
        ? { outcome: 'appended', seq: head.state.seq, events: head.record.events, state: head.state }
        : null
    const seq = rememberedAt(head.state, requestPrefix(id))`,
      ),
      patch(fold, 'if (rememberedAt(state, prefix) !== null)', 'if (false)'),
    ],
    seed: 1,
    schedules: 2000,
  },
  {
    name: 'blind comment POST',
    breaks: 'nobody looks for the comment before it is created, nor for twins after',
    patches: [
      patch(comments, 'const [oldest, ...younger] = await ownOnes(client, before)', 'const [oldest, ...younger] = [] as Comment[]'),
      patch(
        comments,
        'const [oldest, ...younger] = [...ours].sort((a, b) => a.id - b.id)',
        'const [oldest, ...younger] = ours.slice(0, 0)',
      ),
    ],
    seed: 1,
    schedules: 2000,
  },
  {
    name: 'version computed outside the loop',
    breaks: 'the number is that of the state that was judged by, and the fold takes any number',
    patches: [
      patch(register, 'events: [registration(publication, head)]', 'events: [registration(publication, judged.state)]'),
      patch(fold, 'if (version.version !== state.versions + 1)', 'if (false)'),
    ],
    worlds: 'empty,one,twins,rivals',
    seed: 1,
    schedules: 2000,
  },
  {
    name: 'no `from` check',
    breaks: 'an alias is moved from where it was when the run was judged, and neither the handler nor the fold looks where it is',
    patches: [
      patch(register, 'const from = head.aliases[alias] ?? null', 'const from = judged.state.aliases[alias] ?? null'),
      patch(register, 'if (instead !== null && (head.aliases.champion ?? null) === instead.of)', 'if (instead !== null)'),
      patch(fold, 'assertAliasAt(state, event.alias, event.from)', ''),
    ],
    worlds: 'empty,one,twins,rivals',
    seed: 1,
    schedules: 2000,
  },
  {
    name: 'force push',
    breaks: 'the remote takes every push, whatever stands there',
    patches: [patch(loop, 'write.ref, callTimeout(settings, end))', 'write.ref, callTimeout(settings, end), true)')],
    seed: 1,
    schedules: 2000,
  },
  {
    name: 'gate skipped',
    breaks: 'a verdict of fail keeps nobody out, and neither does a comparison that does not say promote',
    patches: [
      patch(register, 'if (failure !== null)', 'if (false)'),
      patch(register, "if (request.when === 'promote' && assessment.decision !== 'promote' && !known)", 'if (false)'),
    ],
    worlds: 'empty,one,twins,rivals',
    seed: 1,
    schedules: 2000,
  },
  {
    name: 'asset not verified',
    breaks: 'what arrived is taken for what was sent, before and after publication',
    patches: [
      patch(assets, "asset.state === 'uploaded' && asset.size === wanted.bytes && (await sha256(asset)) === wanted.sha256", 'true'),
      patch(
        assets,
        'for (const file of wanted) {\n        const asset = found.get(file.path)',
        'for (const file of wanted.slice(0, 0)) {\n        const asset = found.get(file.path)',
      ),
    ],
    worlds: 'empty,one,twins,rivals',
    seed: 1,
    schedules: 3000,
  },
  {
    name: 'error treated as success',
    breaks: 'a push is believed to have landed whatever was answered, and nothing is read again',
    patches: [
      patch(loop, "if (answer.said === 'done') continue", 'return (write as unknown as { assume: () => T }).assume()'),
      patch(
        ledger,
        'attempt.written.add(built.digest)',
        "attempt.written.add(built.digest)\n        assumed = { outcome: 'appended', seq: state.seq + 1, events: proposal.events, state: JSON.parse(built.files['state.json']) }",
      ),
      patch(ledger, 'let texts: readonly string[] = []', 'let texts: readonly string[] = []\n    let assumed: unknown'),
      patch(ledger, 'find: head => findRequest(', 'assume: () => assumed,\n      find: head => findRequest('),
      patch('adapters/git/run-log.ts', 'refused: () => null,', 'refused: () => null,\n    assume: () => tried.size,'),
    ],
    seed: 1,
    schedules: 2000,
  },
  {
    name: 'no fencing',
    breaks: 'whoever comes late tells the target the seq that it knows already, and expects no weight',
    patches: [
      patch(
        moving,
        '() => ports.target.set(slot, percent, expecting, seq)',
        'async () => ports.target.set(slot, percent, null, Math.max(seq, (await ports.target.read()).seq ?? 0))',
      ),
    ],
    worlds: 'live,halfway,second,overtaken',
    seed: 1,
    schedules: 2000,
  },
  {
    name: 'register before publish',
    breaks: 'the record is written while the files are still a draft',
    patches: [
      patch(
        register,
        'const published = await ports.store.publish({',
        `const early = (request: { digest: string; uploads: readonly { path: string; bytes: number; sha256: string }[] }) => ({
    request,
    tag: \`refline/churn/\${request.digest.slice(0, 12)}\`,
    url: '',
    existing: false,
    assets: request.uploads.map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 })),
  })
  const published = early({`,
      ),
      patch(
        register,
        "const made = appended.events.find(event => event.kind === 'register')",
        "await ports.store.publish(published.request)\n  const made = appended.events.find(event => event.kind === 'register')",
      ),
    ],
    worlds: 'empty,one,twins,rivals',
    seed: 1,
    schedules: 500,
  },
  {
    name: 'publish before upload',
    breaks: 'the release is made public first and filled afterwards',
    patches: [
      patch(releases, '      await assets.complete(draft, uploads, onBoundary)\n', ''),
      patch(
        releases,
        'refusal = await makePublic(draft, tag, commit, publishedName(model, digest))',
        'refusal = await makePublic(draft, tag, commit, publishedName(model, digest))\n      await assets.complete(draft, uploads, onBoundary)',
      ),
    ],
    worlds: 'empty,one,twins,rivals',
    seed: 1,
    schedules: 500,
  },
  {
    name: 'shared draft',
    breaks: 'runs of the same bytes fill one draft, so that one publishes it while the other replaces a file in it',
    patches: [patch(releases, 'draft ??= await openDraft(owner, base, commit)', 'draft ??= await openDraft(base, base, commit)')],
    worlds: 'twins',
    seed: 1,
    schedules: 20_000,
  },
]

/** Mistakes that our own sources had until the simulator found them. Each takes back one mending. */
const ours: readonly Mutant[] = [
  {
    name: 'a late re-run takes the champion',
    breaks: 'a re-run moves the champion although it was judged against one that is gone',
    patches: [
      patch(
        register,
        'if (instead !== null && (head.aliases.champion ?? null) === instead.of)',
        'if (instead !== null && head.aliases.champion === judged.state.aliases.champion)',
      ),
    ],
    worlds: 'rivals',
    seed: 1,
    schedules: 6000,
  },
  {
    name: 'the same bytes twice',
    breaks: 'who published the files does not look for the version that another run made of them meanwhile',
    patches: [
      patch(
        register,
        'if (!published.existing && head.versions === judged.state.versions) return null',
        'if (!published.existing) return null',
      ),
    ],
    worlds: 'twins',
    seed: 1,
    schedules: 6000,
  },
  {
    name: 'withdrawn under traffic',
    breaks: 'a job whose deploy fails ends the rollout although another job of it has moved traffic',
    patches: [patch(begin, 'at.step >= 0 || at.intent !== null', 'false')],
    worlds: 'live,second',
    seed: 1,
    schedules: 6000,
  },
  {
    name: 'a rollback that is over',
    breaks: 'traffic is moved although another rollback has finished and others have decided since',
    patches: [
      patch(rollback, 'const underWay = now.move?.from === plan.from && now.move.to === plan.to', 'const underWay = true as boolean'),
    ],
    worlds: 'second,pressed',
    seed: 1,
    schedules: 6000,
  },
  {
    name: 'an unfenced deploy',
    breaks:
      'a canary that was overtaken brings its version up in a slot that has all the traffic by now, and has not told the target its seq before',
    patches: [
      patch(begin, 'if (rollout.from !== null) await setWeight(ports, rollout.canary, 0, 0, seq)', ''),
      patch(
        begin,
        '() => ports.target.deploy(rollout.canary, release, seq)',
        '() => ports.target.deploy(rollout.canary, release, Number.MAX_SAFE_INTEGER)',
      ),
    ],
    worlds: 'overtaken',
    seed: 1,
    schedules: 6000,
  },
  {
    name: 'a stale plan',
    breaks: 'a rollback goes by the slots as they were before another one gave them away',
    patches: [patch(rollback, 'if (!sameEnvironment(head, state, context)) await planAgain(head)', '')],
    worlds: 'second',
    seed: 1,
    schedules: 6000,
  },
  {
    name: 'traffic taken back',
    breaks: 'a job that joins a rollback clears the slot that another job of it has filled meanwhile',
    patches: [patch(rollbackTraffic, 'there = isThere(plan, traffic)', '')],
    worlds: 'pressed',
    seed: 1,
    schedules: 6000,
  },
  {
    name: 'a contested slot',
    breaks: 'traffic in a slot is taken for the own although another version was brought up there',
    patches: [patch('actions/rollback/plan.ts', 'return to === null ? null : contested', 'return null')],
    worlds: 'second',
    seed: 1,
    schedules: 6000,
  },
]

export const protocolMutants = protocol
export const ownMutants = ours
