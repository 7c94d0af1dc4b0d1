import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { packModel } from '../../../src/adapters/files/model-package.ts'
import { readForAudit, signing } from '../../../src/adapters/git/audit-source.ts'
import { githubClient } from '../../../src/adapters/github/client.ts'
import { githubReleases } from '../../../src/adapters/github/releases.ts'
import { githubWorkflowRuns } from '../../../src/adapters/github/workflow-runs.ts'
import { type VerifyRequest, verifyModel } from '../../../src/cli/verifying.ts'
import type { Audit } from '../../../src/core/lineage/audit/audit.ts'
import { canonicalJson, digest } from '../../../src/core/lineage/canonical.ts'
import type { LedgerEvent, LedgerState } from '../../../src/core/lineage/events.ts'
import type { Ledger } from '../../../src/ports/ledger.ts'
import { registerEvent, rolloutEvents } from '../../core/lineage/events-for-tests.ts'
import type { RepositoryControl } from '../../support/github/repository-control.ts'
import { type GitHubDouble, startGitHub } from '../../support/github/server.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { hastyClock } from '../github/support.ts'
import { ledgerOn } from './ledgers.ts'
import { type Loose, run, takeApart } from './tampering.ts'

const hour = 3_600_000
export const start = Date.parse('2026-11-20T10:00:00.000Z')
const code = 'c'.repeat(40)

/** A repository of its own with the same ledger, tags and releases as all others: to be tampered with. */
export interface World {
  readonly bare: string
  readonly control: RepositoryControl
  /** The ledger before it is tampered with, oldest first, and the ids of its commits. */
  readonly chain: readonly Loose[]
  readonly ids: readonly string[]
  readonly client: ReturnType<typeof githubClient>
  readonly place: { readonly owner: string; readonly repo: string }
  /** The tag of the n-th version. */
  readonly tagOf: (version: number) => string
  verify(request?: Partial<VerifyRequest>): Promise<Audit>
  /** The sentences that a verification finds, each with its seq. */
  findings(request?: Partial<VerifyRequest>): Promise<readonly string[]>
}

export interface Worlds extends AsyncDisposable {
  readonly double: GitHubDouble
  fresh(): Promise<World>
}

/** Three versions with their releases, an alias, a rollout with evidence that was withdrawn, a run that was kept out and a quarantine: 13 records. */
const build = async (double: GitHubDouble, folder: string): Promise<readonly string[]> => {
  const control = double.repository('acme', 'churn')
  await control.commit({ 'refline.yml': 'models: {}\n' })
  let now = start
  const clock = { now: () => now, sleep: async () => {} }
  const writer = { actor: 'ann', workflow_run: '77', workflow: 'acme/churn/.github/workflows/train.yml@refs/heads/main', commit: code }
  const ledger: Ledger = ledgerOn(control.bare, { clock, writer })
  const store = githubReleases(githubClient({ token: double.token, apiUrl: double.apiUrl, clock: hastyClock() }), {
    owner: 'acme',
    name: 'churn',
  })
  const tags: string[] = []
  const append = async (events: (state: LedgerState) => readonly LedgerEvent[], evidence?: string): Promise<void> => {
    now += hour
    const seq = (await ledger.read('churn')).seq + 1
    const id = `story:-:${seq}:77`
    await ledger.append('churn', { id, subject: `event ${seq}` }, state => ({
      events: events(state),
      ...(evidence === undefined ? {} : { evidence }),
    }))
  }
  const register = async (version: number): Promise<void> => {
    const content = `model ${version}`
    await writeFile(`${folder}/model.bin`, content)
    const packed = await packModel(folder, [{ path: 'model.bin', bytes: content.length, sha256: digest(content) }], `${folder}/work`)
    const commit = await ledger.head('churn')
    const published = await store.publish({
      model: 'churn',
      digest: packed.digest,
      owner: `churn-${String(version).padStart(12, '0')}`,
      commit,
      uploads: packed.uploads,
    })
    const facts = {
      digest: packed.digest,
      tag: published.tag,
      assets: [...published.assets],
      ...(commit === null ? {} : { tagged: commit }),
    }
    await append(() => [registerEvent(version, 'churn', facts)])
    await store.describe(published.tag, `churn v${version}`, 'the card')
    tags.push(published.tag)
  }
  const alias = (name: string, from: number | null, to: number): LedgerEvent => ({ kind: 'alias', alias: name, from, to })
  const evidence = canonicalJson({ batches: [1, 2] })
  const seen: LedgerEvent = {
    kind: 'evidence',
    environment: 'production',
    rollout: '000000000002',
    until: 5,
    judge: { signals: {}, sampleRatio: { weight: 0.1, canary: 0, stable: 0 } },
    judgement: 'hold',
    evidence: digest(evidence),
  }
  await register(1)
  await append(() => [alias('challenger', null, 1), alias('champion', null, 1)])
  await register(2)
  await append(() => [alias('challenger', 1, 2)])
  await append(() => [rolloutEvents.start(2, null, 'blue')])
  await append(() => [seen], evidence)
  await append(() => [rolloutEvents.end(2, 'withdrawn')])
  await register(3)
  await append(() => [alias('challenger', 2, 3)])
  await append(() => [{ kind: 'pin', version: 1, reason: 'for the report' }])
  await append(() => [{ kind: 'quarantine', version: 2, reason: 'it errs' }])
  await append(() => [{ kind: 'tombstone', version: 2, reason: 'it errs' }])
  await append(() => [{ kind: 'unpin', version: 1, reason: 'the report is written' }])
  return tags
}

/** Makes the ledger once, on real git and the double's releases, and a copy of it for every attack. */
export const makeWorlds = async (): Promise<Worlds> => {
  const folder = await temporaryFolder('refline-tamper-')
  const double = await startGitHub()
  const tags = await build(double, folder.path)
  const original = double.repository('acme', 'churn')
  const chain = takeApart(original.bare)
  const ids = run(original.bare, ['rev-list', '--reverse', 'refs/refline/models/churn/decisions']).trim().split('\n')
  let count = 0

  const fresh = async (): Promise<World> => {
    count += 1
    const name = `churn-${count}`
    const control = await double.createRepository('acme', name)
    rmSync(control.bare, { recursive: true })
    mkdirSync(control.bare)
    cpSync(original.bare, control.bare, { recursive: true })
    for (const [id, release] of original.state.releases)
      control.state.releases.set(id, { ...release, assets: new Map([...release.assets].map(([key, asset]) => [key, { ...asset }])) })
    control.state.workflowRuns.set(77, {
      id: 77,
      actor: 'ann',
      headSha: code,
      path: '.github/workflows/train.yml',
      event: 'push',
      createdAt: new Date(start).toISOString(),
      updatedAt: new Date(start + 15 * hour).toISOString(),
    })
    const client = githubClient({ token: double.token, apiUrl: double.apiUrl, clock: hastyClock() })
    const repository = { owner: 'acme', name }
    const verify: World['verify'] = request =>
      verifyModel(
        { model: 'churn', deep: false, against: null, ...request },
        {
          read: (model, against) =>
            readForAudit(
              { remote: control.bare, environment: {}, clock: hastyClock(), random: Math.random, deadlineSeconds: 20 },
              model,
              against === null ? null : { name: against, remote: against },
            ),
          signing,
          store: githubReleases(client, repository),
          workflowRuns: githubWorkflowRuns(client, repository),
          clock: { now: () => Date.now() },
        },
      )
    return {
      bare: control.bare,
      control,
      chain,
      ids,
      client,
      place: { owner: 'acme', repo: name },
      tagOf: version => tags[version - 1] as string,
      verify,
      findings: async request =>
        (await verify(request)).findings.map(({ severity, seq, sentence }) => `${severity} ${seq ?? '-'}: ${sentence}`),
    }
  }
  return {
    double,
    fresh,
    [Symbol.asyncDispose]: async () => {
      await double.close()
      await folder[Symbol.asyncDispose]()
    },
  }
}
