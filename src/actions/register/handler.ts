import type { RunnerContext } from '../../adapters/runner/context.ts'
import { UserError } from '../../core/errors.ts'
import { digest } from '../../core/lineage/canonical.ts'
import type { EventOf, LedgerState } from '../../core/lineage/events.ts'
import { requestId } from '../../core/lineage/keys.ts'
import { isCollected } from '../../core/lineage/preconditions.ts'
import { registration } from '../../core/lineage/registration.ts'
import { registrationWords } from '../../core/report/registration.ts'
import type { Outcome } from '../../kernel/action.ts'
import { type Failpoint, within } from '../../kernel/failpoint.ts'
import type { Appended, Ledger, Proposal } from '../../ports/ledger.ts'
import type { ModelStore, Published, Upload } from '../../ports/model-store.ts'
import type { Log } from '../../ports/report.ts'
import type { RunFolders } from '../../ports/run-folders.ts'
import { requireDecidingRef } from '../deciding-ref.ts'
import { gateFailure, type Judged, type JudgePorts, type JudgeRequest, judge } from '../judge/gather.ts'
import { cardOf } from '../judge/report.ts'
import type { spec } from './spec.ts'

/** What registering a judged run needs of the world. */
export interface RegisterJudgedPorts {
  readonly context: RunnerContext
  readonly ledger: Ledger
  readonly store: ModelStore
  readonly runs: Pick<RunFolders, 'writeState'>
  readonly log: Log
  /** Packs the model files of a run for the store. `digest` is of the manifest of model files only. */
  readonly pack: (judged: Judged) => Promise<{ readonly digest: string; readonly bytes: number; readonly uploads: readonly Upload[] }>
  /** What is kept beside the model files: predictions (as far as `keep` allows), run.json, result.json. */
  readonly evidence: (judged: Judged) => Promise<readonly Upload[]>
  readonly failpoint: Failpoint
}

export interface RegisterPorts extends JudgePorts, RegisterJudgedPorts {
  readonly runs: RunFolders
}

export interface RegisterRequest extends JudgeRequest {
  readonly when: 'promote' | 'pass'
  readonly alias: string | undefined
  readonly allowRef: string | undefined
}

type RegisterOutcome = Outcome<(typeof spec)['outputs']>

/** Judges the digest-checked run once more and registers it. */
export const register = async (request: RegisterRequest, ports: RegisterPorts): Promise<RegisterOutcome> => {
  await requireDecidingRef(ports.context, ports.forge, request.allowRef, {
    refused: 'nothing is registered from',
    done: 'versions are registered',
  })
  return registerJudged(await judge(request, ports), request, ports)
}

/**
 * Registers a judged run: files first, then the record, then the pointers, so that whatever is named exists. Every step may be repeated after a crash and gives
 * the same version.
 */
export const registerJudged = async (
  judged: Judged,
  request: Pick<RegisterRequest, 'when' | 'alias'>,
  ports: RegisterJudgedPorts,
): Promise<RegisterOutcome> => {
  const { assessment, rules } = judged
  const failure = gateFailure(judged)
  if (failure !== null)
    return kept(judged, ports, `${rules.name} is not registered, its gate did not pass: ${assessment.headline}`, failure)

  // What is decided here everything after it builds on; and the newest state alone, which was judged by, could be anybody's who may push.
  await ports.ledger.records(rules.name)

  const packed = await within(ports.failpoint, 'register-pack', () => ports.pack(judged))
  const known = Object.values(judged.state.records).some(version => version.digest === packed.digest)
  if (request.when === 'promote' && assessment.decision !== 'promote' && !known)
    return kept(judged, ports, `nothing is registered, the champion stays: ${assessment.headline}`)

  const commit = await ports.ledger.head(rules.name)
  const published = await ports.store.publish({
    model: rules.name,
    digest: packed.digest,
    owner: judged.run.record.run,
    commit,
    uploads: [...packed.uploads, ...(await ports.evidence(judged))],
  })
  // A release that was there before may sit on an older head, or on a commit of the code.
  const tagged = published.commit === commit ? commit : null
  const asked = ports.context.runId ?? judged.run.record.run
  const appended = await within(ports.failpoint, 'register-record', () =>
    ports.ledger.append(
      rules.name,
      {
        id: requestId('register', null, judged.run.record.run, asked),
        subject: events => subjectOf(rules.name, registrationWords(assessment), events[0]),
      },
      head => propose(judged, ports, packed, { ...published, tagged }, head),
    ),
  )
  const made = appended.events.find(event => event.kind === 'register')
  const version = versionOf(appended, packed.digest)
  if (made !== undefined)
    await within(ports.failpoint, 'register-notes', () =>
      ports.store.describe(published.tag, `${rules.name} v${version}`, cardOf(judged, made.version, ports.context)),
    )

  // What counts is the judgement that is recorded with the version: a re-run that comes late was judged against somebody else.
  const proof = made ?? { decision: assessment.decision, champion: judged.state.aliases.champion ?? null }
  const instead = proof.decision === 'promote' && !hasEnvironment(judged) ? { of: proof.champion } : null
  await pointAt(judged, ports, version, instead, request.alias, asked)

  const outcome = appended.outcome === 'appended' && made !== undefined ? 'created' : 'existing'
  const reason =
    outcome === 'created'
      ? `registered ${rules.name} v${version}: ${registrationWords(assessment)}`
      : `${rules.name} v${version} was registered before with the same bytes`
  await writeState(judged, ports, version, reason)
  ports.log.info(`${reason} (${published.url})`)
  return {
    outputs: { version, outcome, digest: packed.digest, releaseUrl: published.url, reason, result: judged.result.path },
  }
}

const kept = async (judged: Judged, ports: RegisterJudgedPorts, reason: string, failure?: string): Promise<RegisterOutcome> => {
  await within(ports.failpoint, 'register-kept', () => recordKept(judged, ports, reason))
  await writeState(judged, ports, null, reason)
  ports.log.info(reason)
  return {
    outputs: { version: '', outcome: 'kept', digest: '', releaseUrl: '', reason, result: judged.result.path },
    ...(failure === undefined ? {} : { failure }),
  }
}

/** What later steps of this job find out from. */
const writeState = (judged: Judged, ports: RegisterJudgedPorts, version: number | null, reason: string): Promise<string> =>
  within(ports.failpoint, 'register-state', () =>
    ports.runs.writeState({ schema: 1, model: judged.rules.name, run: judged.run.record.run, version, reason }),
  )

/** The decision not to register, for the audit trail and the count of what this holdout has decided. It changes nothing that is live, so where it cannot be written that is said and no more. */
const recordKept = async (judged: Judged, ports: RegisterJudgedPorts, reason: string): Promise<void> => {
  const { assessment, rules, run } = judged
  const model = rules.name
  const champion = assessment.opponent.kind === 'first' ? null : assessment.opponent.version
  try {
    await ports.ledger.append(
      model,
      {
        id: requestId('keep', null, run.record.run, ports.context.runId ?? run.record.run),
        subject: `keep ${model} ${champion === null ? 'without a champion' : `v${champion}`}: run ${run.record.run} is not registered: ${assessment.headline}`,
      },
      () => ({
        events: [
          {
            kind: 'kept',
            run: run.record.run,
            holdout: assessment.holdout?.digest ?? null,
            verdict: assessment.verdict,
            decision: assessment.decision,
            champion,
            policy: rules.policy.digest,
            reason: reason.slice(0, 1900).toWellFormed(),
          },
        ],
      }),
    )
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    ports.log.warning(`this decision is not in the ledger, and this use of the holdout is not counted: ${error.message}`)
  }
}

const propose = async (
  judged: Judged,
  ports: RegisterJudgedPorts,
  packed: { readonly digest: string; readonly bytes: number },
  published: Published & { readonly tagged: string | null },
  head: LedgerState,
): Promise<Proposal> => {
  const before = await registeredBefore(judged, ports, packed.digest, published, head)
  const { run } = judged.run.record
  if (before !== null) return { events: before.run === run ? [] : [{ kind: 'seen-again', version: before.version, run }] }
  if (head.aliases.champion !== judged.state.aliases.champion)
    throw new UserError(
      `while ${run} was judged against ${versionText(judged.state.aliases.champion)}, ${versionText(head.aliases.champion)} became champion; run this job again, it is judged against the new one then`,
    )
  const { assessment, rules, result } = judged
  const publication = {
    ...published,
    ...packed,
    assessment,
    run: judged.run.record,
    policy: rules.policy.digest,
    // Where a release of the same bytes was there already, its result is the one that was published then.
    result: published.assets.find(asset => asset.path === 'result.json')?.sha256 ?? digest(result.text),
  }
  return { events: [registration(publication, head)] }
}

/**
 * The version with these bytes. The state knows the ones in use. There can be another one only where the release was there before us, or where somebody who found
 * ours was faster and others came after; then all records are read. One whose files were given up is none: the same bytes become a version anew.
 */
const registeredBefore = async (
  judged: Judged,
  ports: RegisterJudgedPorts,
  digest: string,
  published: Published,
  head: LedgerState,
): Promise<{ readonly version: number; readonly run: string } | null> => {
  const inUse = Object.values(head.records).find(version => version.digest === digest)
  if (inUse !== undefined) return inUse
  if (!published.existing && head.versions === judged.state.versions) return null
  for (const record of await ports.ledger.records(judged.rules.name))
    for (const event of record.events)
      if (event.kind === 'register' && event.version.digest === digest && !isCollected(head, event.version.version)) return event.version
  return null
}

const subjectOf = (model: string, why: string, event: Appended['events'][number] | undefined): string => {
  if (event?.kind === 'register') return `register ${model} v${event.version.version}: ${why}`
  return event?.kind === 'seen-again' ? `seen again ${model} v${event.version}: the same bytes from run ${event.run}` : `register ${model}`
}

const versionOf = (appended: Appended, digest: string): number => {
  for (const event of appended.events) {
    if (event.kind === 'register') return event.version.version
    if (event.kind === 'seen-again') return event.version
  }
  const known = Object.values(appended.state.records).find(version => version.digest === digest)
  if (known === undefined)
    throw new UserError('the ledger has these bytes as a version but no longer carries its record; run this job again')
  return known.version
}

const hasEnvironment = (judged: Judged): boolean =>
  Object.values(judged.rules.configuration.environments ?? {}).some(
    environment => environment.models === undefined || environment.models.includes(judged.rules.name),
  )

const pointAt = async (
  judged: Judged,
  ports: RegisterJudgedPorts,
  version: number,
  /** Which champion it may replace; null: none. */
  instead: { readonly of: number | null } | null,
  extra: string | undefined,
  asked: string,
): Promise<void> => {
  const model = judged.rules.name
  ports.failpoint('register-alias', 'before')
  await ports.ledger.append(
    model,
    {
      id: requestId('alias', null, `v${version}`, asked),
      subject: events => `alias ${model} v${version}: ${events.flatMap(event => (event.kind === 'alias' ? [event.alias] : [])).join(', ')}`,
    },
    head => {
      const events: EventOf<'alias'>[] = []
      const move = (alias: string) => {
        const from = head.aliases[alias] ?? null
        if (from !== version) events.push({ kind: 'alias', alias, from, to: version })
      }
      if (head.quarantine[String(version)] !== undefined) {
        ports.log.warning(`v${version} is quarantined, so no alias is moved to it: ${head.quarantine[String(version)]}`)
        return { events }
      }
      if ((head.aliases.challenger ?? 0) < version) move('challenger')
      if (instead !== null && (head.aliases.champion ?? null) === instead.of) move('champion')
      if (extra !== undefined) move(extra)
      return { events }
    },
  )
  ports.failpoint('register-alias', 'after')
}

const versionText = (version: number | undefined): string => (version === undefined ? 'no champion' : `v${version}`)
