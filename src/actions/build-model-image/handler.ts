import { readFile, rename, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { RunnerContext } from '../../adapters/runner/context.ts'
import { writeAtomically } from '../../adapters/runner/run-folder.ts'
import type { ModelConfiguration } from '../../core/configuration/schema.ts'
import { UserError } from '../../core/errors.ts'
import { canonicalJson } from '../../core/lineage/canonical.ts'
import type { LedgerRecord, VersionRecord } from '../../core/lineage/events.ts'
import { requestId } from '../../core/lineage/keys.ts'
import { defaultBase, imageLabels, type ServedVersion, servingContext } from '../../core/serving/fastapi.ts'
import type { Outcome } from '../../kernel/action.ts'
import { type Failpoint, within } from '../../kernel/failpoint.ts'
import type { ImageBuilder } from '../../ports/image-builder.ts'
import type { Ledger } from '../../ports/ledger.ts'
import type { Log } from '../../ports/report.ts'
import type { RunFolders } from '../../ports/run-folders.ts'
import { recordOf, registrationOf, versionOfRun } from '../traffic/version.ts'
import type { spec } from './spec.ts'

export interface ImagePorts {
  readonly context: RunnerContext
  readonly ledger: Ledger
  readonly runs: RunFolders
  readonly builder: ImageBuilder
  readonly log: Log
  /** Puts the model files of a version into a folder, checked by digest. */
  readonly fetchModel: (version: VersionRecord, folder: string) => Promise<unknown>
  readonly failpoint: Failpoint
}

export interface ImageRequest {
  readonly name: string
  readonly model: ModelConfiguration
  readonly version: number | undefined
  readonly push: boolean
  readonly skipWithoutEngine: boolean
}

type ImageOutcome = Outcome<(typeof spec)['outputs']>

/** Builds the serving image of the version that was registered, and enters it in the ledger once it is pushed. Where nothing was registered it says so and is done. */
export const buildModelImage = async (request: ImageRequest, ports: ImagePorts): Promise<ImageOutcome> => {
  const { name } = request
  const state = await ports.runs.readState(name)
  if (request.version === undefined && state !== null && state.version === null)
    return nothing(ports.log, `no image is built: ${state.reason}`)
  const unavailable = await ports.builder.unavailable()
  if (unavailable !== null) {
    if (request.skipWithoutEngine) return nothing(ports.log, `the image of ${name} is skipped, ${unavailable}`)
    throw new UserError(
      `the image of ${name} cannot be built, ${unavailable}. Run on a machine with the Docker Engine, or set \`skip-without-engine: true\`.`,
    )
  }
  const version = await findVersion(request, ports, state?.version ?? null)
  const record = await recordOf(ports.ledger, await ports.ledger.read(name), version)
  const records = await ports.ledger.records(name)
  const served = servedVersion(name, record, records)
  const labels = imageLabels(served, ports.context.serverUrl)
  const image = imageName(request, ports.context)
  const entered = request.push ? imageOfRun(records, version, image, ports.context.runId) : null
  if (entered !== null)
    return answer(ports, name, version, entered, labels, `this workflow run has entered ${entered.image} for ${name} v${version} already`)

  const context = await ports.runs.scratch(`image-${name}`)
  const files = join(await ports.runs.scratch(`image-files-${name}`), 'model')
  await within(ports.failpoint, 'image-files', () => ports.fetchModel(record, files))
  await rename(files, join(context, 'model'))
  const base = request.model.image?.base ?? defaultBase
  for (const file of servingContext(served, base, await requirementsOf(request, ports.context.workspace)))
    await writeFile(join(context, file.path), file.text)

  const built = await ports.log.group(`Build the image of ${name} v${version}`, () =>
    ports.builder.build({ context, name: image, tags: [`v${version}`], labels, push: request.push }),
  )
  if (request.push)
    await within(ports.failpoint, 'image-record', () =>
      ports.ledger.append(
        name,
        {
          id: requestId('package', null, `v${version}@${built.digest}`, ports.context.runId ?? record.run),
          subject: `package ${name} v${version}: ${built.image}`,
        },
        head => ({
          events: head.records[String(version)]?.image === built.image ? [] : [{ kind: 'package', version, image: built.image }],
        }),
      ),
    )
  const reason = `built ${built.image} with ${name} v${version}${request.push ? '' : ' in the local engine'}`
  return answer(ports, name, version, built, labels, reason)
}

interface Built {
  readonly image: string
  readonly digest: string
}

const answer = async (
  ports: ImagePorts,
  name: string,
  version: number,
  { image, digest }: Built,
  labels: Readonly<Record<string, string>>,
  reason: string,
): Promise<ImageOutcome> => {
  const result = join(await ports.runs.scratch(`image-result-${name}`), 'image.json')
  await writeAtomically(result, `${canonicalJson({ schema: 1, model: name, version, image, digest, labels })}\n`)
  ports.log.info(reason)
  return { outputs: { image, digest, reason, result } }
}

/** The image that this very workflow run entered for a version before it was stopped: built again it would be another one, and two would be in the ledger. */
const imageOfRun = (records: readonly LedgerRecord[], version: number, name: string, workflowRun: string | null): Built | null => {
  if (workflowRun === null) return null
  const events = records.filter(record => record.writer.workflow_run === workflowRun).flatMap(record => record.events)
  const prefix = `${name}@`
  for (const event of events.toReversed())
    if (event.kind === 'package' && event.version === version && event.image.startsWith(prefix))
      return { image: event.image, digest: event.image.slice(prefix.length) }
  return null
}

const nothing = (log: Log, reason: string): ImageOutcome => {
  log.info(reason)
  return { outputs: { image: '', digest: '', reason, result: '' } }
}

const findVersion = async (request: ImageRequest, ports: ImagePorts, left: number | null): Promise<number> => {
  const named = request.version ?? left
  if (named !== null && named !== undefined) return named
  const registered = versionOfRun(await ports.ledger.records(request.name), ports.context.runId)
  if (registered !== null) return registered
  throw new UserError(
    `no version of ${request.name} was found. Looked for: the input \`version\`; what an earlier step of this job registered; a register event of workflow run ${ports.context.runId ?? '(unknown)'} in the ledger.`,
  )
}

const servedVersion = (name: string, record: VersionRecord, records: readonly LedgerRecord[]): ServedVersion => {
  const registration = registrationOf(records, record.version)
  return {
    model: name,
    version: record.version,
    run: record.run,
    digest: record.digest,
    commit: record.commit,
    repository: registration?.record.lineage.repository ?? null,
    data: registration?.record.lineage.data.map(({ path, sha256 }) => ({ path, sha256 })) ?? [],
    metrics: Object.fromEntries(record.metrics.map(metric => [metric.name, metric.value])),
  }
}

const requirementsOf = async (request: ImageRequest, workspace: string): Promise<string | null> => {
  const path = request.model.image?.requirements
  if (path === undefined) return null
  const file = resolve(workspace, request.model.path ?? '.', path)
  return readFile(file, 'utf8').catch(cause => {
    throw new UserError(`image.requirements names ${path}, which cannot be read`, { cause, place: { file } })
  })
}

const validName = /^[a-z0-9]+([._:/-]+[a-z0-9]+)*$/

const imageName = (request: ImageRequest, context: RunnerContext): string => {
  const { repository } = context
  const inferred = repository === null ? request.name : `ghcr.io/${repository.owner}/${repository.name}/${request.name}`.toLowerCase()
  const name = request.model.image?.name ?? inferred
  if (!validName.test(name))
    throw new UserError(
      `${JSON.stringify(name)} is no image name: expected lower-case letters, digits and . _ - / such as ghcr.io/acme/churn`,
    )
  return name
}
