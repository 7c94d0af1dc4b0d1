import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { UserError } from '../../core/errors.ts'
import { assetName, manifestName } from '../../core/lineage/manifest.ts'
import { modelFilesOf, requirePublishable, tagsOf } from '../../core/lineage/release.ts'
import type { DigestedFile } from '../../core/lineage/run.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ModelStore, Published, Upload } from '../../ports/model-store.ts'
import type { Client, Repository } from './client.ts'
import { GitHubError, statusOf } from './errors.ts'
import { type AssetBoundary, assetTools } from './release-assets.ts'
import { type Release, releaseListing } from './release-listing.ts'

/** The writes to GitHub that a process may be stopped around. */
export type ReleaseBoundary = 'draft' | AssetBoundary | 'publish'

const systemClock: Clock = { now: () => Date.now(), sleep: milliseconds => sleep(milliseconds) }
const draftTries = 3
const longestNotes = 120_000

const samePlainText = (a: string | null | undefined, b: string): boolean =>
  (a ?? '').replaceAll('\r\n', '\n') === b.replaceAll('\r\n', '\n')

/**
 * Releases of a repository as the model store, by DESIGN section 6: every run fills its own draft, GitHub's digests are verified, and publishing under the
 * digest's tag decides who was first. `onBoundary` is called around each write.
 */
export const githubReleases = (
  client: Client,
  repository: Repository,
  options: {
    readonly clock?: Clock
    /** What runs download-thread.ts; without it large files are downloaded in this thread. */
    readonly thread?: string | URL | null
    readonly onBoundary?: (boundary: ReleaseBoundary, moment: 'before' | 'after') => void
  } = {},
): ModelStore => {
  const clock = options.clock ?? systemClock
  const assets = assetTools(client, repository, clock, options.thread ?? null)
  const at = { owner: repository.owner, repo: repository.name }
  const listing = releaseListing(client, repository, clock, assets)
  const { byTag } = listing
  const onBoundary = options.onBoundary ?? (() => {})

  const required = async (tag: string): Promise<Release> => {
    const release = await byTag(tag)
    if (release === null) throw new UserError(`There is no release with the tag ${tag} in ${at.owner}/${at.repo}; its files are gone.`)
    return release
  }

  /** Whether there is a tag, and the commit that it sits on. A tag object of its own is none of ours. */
  const tagAt = async (tag: string): Promise<{ readonly commit: string | null } | null> => {
    try {
      const { object } = (await client.git.getRef({ ...at, ref: `tags/${tag}` })).data
      return { commit: object.type === 'commit' ? object.sha : null }
    } catch (error) {
      if (statusOf(error) === 404) return null
      throw error
    }
  }

  /** The name a release is published under, until it is described. */
  const publishedName = (model: string, digest: string): string => `${model} ${digest.slice(0, 12)}`
  const undescribedName = (model: string, release: Release): string => publishedName(model, release.tag_name.split('/')[2] ?? '')

  const draftName = (owner: string): string => `refline draft ${owner}`

  /** A draft of this run is among the newest releases; one that is missed is begun anew, and `refline repair` deletes what is left over. */
  const ownDrafts = async (owner: string): Promise<Release[]> =>
    (await listing.newest()).filter(release => release.draft && release.name === draftName(owner)).sort((a, b) => a.id - b.id)

  /** The draft of this run: the one an earlier attempt left, else a new one. A creation without an answer is looked for before it is tried again. */
  const openDraft = async (owner: string, tag: string, commit: string | null): Promise<Release> => {
    for (let attempt = 1; ; attempt += 1) {
      const [found] = await ownDrafts(owner)
      if (found !== undefined) return found
      try {
        const body = 'Files of a version under way. Refline publishes this draft or deletes it.'
        const target = commit === null ? {} : { target_commitish: commit }
        const draft = { tag_name: tag, name: draftName(owner), body, draft: true, make_latest: 'false' as const, ...target }
        onBoundary('draft', 'before')
        const { data } = await client.repos.createRelease({ ...at, ...draft })
        onBoundary('draft', 'after')
        return data
      } catch (error) {
        if (!(error instanceof GitHubError) || !error.uncertain || attempt === draftTries) throw error
      }
      await clock.sleep(2 ** attempt * 250)
    }
  }

  const dropDrafts = async (owner: string): Promise<void> => {
    for (const draft of await ownDrafts(owner)) {
      try {
        await client.repos.deleteRelease({ ...at, release_id: draft.id })
      } catch (error) {
        if (statusOf(error) !== 404) throw error
      }
    }
  }

  const outcome = async (release: Release, existing: boolean, commit: string | null): Promise<Published> => {
    const listed = await assets.list(release.id)
    const digested = await Promise.all(
      listed
        .filter(asset => asset.state === 'uploaded' && assetName.safeParse(asset.name).success)
        .map(async asset => ({ path: asset.name, bytes: asset.size, sha256: await assets.sha256(asset) })),
    )
    const sorted = digested.sort((a, b) => (a.path < b.path ? -1 : 1))
    return { tag: release.tag_name, url: release.html_url, assets: sorted, existing, commit }
  }

  /** Publishes the draft under a tag; the refusal where GitHub says that it cannot be this tag. */
  const makePublic = async (draft: Release, tag: string, commit: string | null, title: string): Promise<GitHubError | null> => {
    const target = commit === null ? {} : { target_commitish: commit }
    onBoundary('publish', 'before')
    try {
      const body = 'The model card follows once the version has its number.'
      const change = { tag_name: tag, name: title, body, draft: false, make_latest: 'false' as const, ...target }
      await client.repos.updateRelease({ ...at, release_id: draft.id, ...change })
      return null
    } catch (error) {
      if (error instanceof GitHubError && error.status === 422) return error
      throw error
    } finally {
      onBoundary('publish', 'after')
    }
  }

  const publish: ModelStore['publish'] = async request => {
    requirePublishable(request)
    const { model, digest, owner, commit, uploads } = request
    const listed = uploads.find(upload => upload.path === manifestName) as Upload
    const core = modelFilesOf(uploads, await readFile(listed.from, 'utf8'))
    const tags = tagsOf(model, digest)
    const [base = ''] = tags
    let draft: Release | null = null
    let refusal: GitHubError | null = null
    for (const tag of tags) {
      // The tag is asked for first: a release that is published in between is then still found behind it.
      const taken = await tagAt(tag)
      const before = await byTag(tag)
      if (before !== null) {
        if ((await assets.problem(before.id, core)) !== null) continue
        await dropDrafts(owner)
        return outcome(before, true, taken?.commit ?? null)
      }
      if (taken !== null) continue
      draft ??= await openDraft(owner, base, commit)
      await assets.complete(draft, uploads, onBoundary)
      refusal = await makePublic(draft, tag, commit, publishedName(model, digest))
      const there = await byTag(tag)
      if (there === null) continue
      const problem = await assets.problem(there.id, there.id === draft.id ? uploads : core)
      if (problem !== null && there.id === draft.id)
        throw new UserError(`The release ${tag} was published with other files than were uploaded: ${problem}. Delete it and run again.`)
      if (problem !== null) continue
      await dropDrafts(owner)
      return there.id === draft.id ? outcome(there, false, commit) : outcome(there, true, (await tagAt(tag))?.commit ?? null)
    }
    if (refusal !== null) throw refusal
    throw new UserError(`The tags ${base} to ${tags.at(-1)} are all taken by other files. Remove those that are not Refline's.`)
  }

  return {
    publish,
    async describe(tag, title, notes) {
      const release = await required(tag)
      const body = notes.length <= longestNotes ? notes : `${notes.slice(0, longestNotes).toWellFormed()}\n\n(cut)`
      if (samePlainText(release.name, title) && samePlainText(release.body, body)) return
      await client.repos.updateRelease({ ...at, release_id: release.id, name: title, body, make_latest: 'false' })
    },
    async fetch(tag, wanted, folder) {
      const release = await required(tag)
      await assets.download({ id: release.id, tag }, wanted, folder)
    },
    async prove(tag, wanted: readonly DigestedFile[]) {
      const release = await byTag(tag)
      return release === null ? `no release stands behind the tag ${tag}` : assets.problem(release.id, wanted)
    },
    tags: async model => (await listing.published(model)).map(release => release.tag_name),
    described: async model =>
      (await listing.published(model)).filter(release => release.name !== undescribedName(model, release)).map(release => release.tag_name),
    releases: listing.releases,
    remove: listing.remove,
    removeDrafts: listing.removeDrafts,
  }
}
