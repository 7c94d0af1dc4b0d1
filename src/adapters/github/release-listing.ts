import { atMost } from '../../core/at-most.ts'
import { requireModel, requireTag } from '../../core/lineage/release.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ModelStore, StoredRelease } from '../../ports/model-store.ts'
import type { Client, Repository } from './client.ts'
import { GitHubError, statusOf } from './errors.ts'
import { allPages, firstPages } from './pages.ts'
import { type Asset, type AssetTools, knownDigest } from './release-assets.ts'

export type Release = Awaited<ReturnType<Client['repos']['getRelease']>>['data']

/** A listing that names this many assets of a release may have left out others. */
const inlineAssets = 30

/** So that publishing costs the same however many versions there are. */
const newestPages = 3

/**
 * When a release was changed last, by all that GitHub says of it: what it calls its creation is the date of the commit it is for, by which a draft that is being
 * filled would look old.
 */
const changedAt = ({ created_at: created, published_at: published, updated_at: updated, assets }: Release): number =>
  Math.max(...[created, published, updated, ...assets.map(asset => asset.updated_at)].map(time => Date.parse(time ?? '') || 0))

/** What is in a repository's releases, and taking it away. */
export interface ReleaseListing extends Pick<ModelStore, 'releases' | 'remove' | 'removeDrafts'> {
  /** The newest few hundred releases of the repository, drafts included where the token may see them. */
  newest(): Promise<readonly Release[]>
  /** The published releases of a model. */
  published(model: string): Promise<readonly Release[]>
  /** The published release behind a tag, or null. */
  byTag(tag: string): Promise<Release | null>
}

export const releaseListing = (
  client: Client,
  repository: Repository,
  clock: Pick<Clock, 'now'>,
  assets: Pick<AssetTools, 'list'>,
): ReleaseListing => {
  const at = { owner: repository.owner, repo: repository.name }

  const all = (): Promise<readonly Release[]> =>
    allPages(client.paginate.iterator(client.repos.listReleases, { ...at, per_page: 100 }), 'releases')

  const ofModel = async (model: string): Promise<readonly Release[]> => {
    requireModel(model)
    return (await all()).filter(release => release.tag_name.startsWith(`refline/${model}/`))
  }

  const byTag = async (tag: string): Promise<Release | null> => {
    try {
      return (await client.repos.getReleaseByTag({ ...at, tag })).data
    } catch (error) {
      if (statusOf(error) === 404) return null
      throw error
    }
  }

  /** Deletes by an operation that may have been done before. GitHub says 404 of a release and 422 of a ref that is not there. */
  const gone = async (deletion: Promise<unknown>, refusal: RegExp | null = null): Promise<void> => {
    try {
      await deletion
    } catch (error) {
      if (statusOf(error) === 404) return
      if (refusal !== null && error instanceof GitHubError && error.status === 422 && refusal.test(error.message)) return
      throw error
    }
  }

  /** Commits that the tags of a model sit on, all from one request. A tag object of its own is none of ours. */
  const commits = async (model: string): Promise<ReadonlyMap<string, string>> => {
    const { data } = await client.git.listMatchingRefs({ ...at, ref: `tags/refline/${model}/` })
    return new Map(
      data.flatMap(({ ref, object }) => (object.type === 'commit' ? [[ref.slice('refs/tags/'.length), object.sha] as const] : [])),
    )
  }

  const shown = (release: Release, listed: readonly Asset[], commit: string | null): StoredRelease => ({
    tag: release.tag_name,
    title: release.name ?? '',
    draft: release.draft,
    immutable: release.immutable === true,
    changedAt: changedAt(release),
    commit,
    assets: listed.map(asset => ({ name: asset.name, size: asset.size, digest: knownDigest(asset), state: asset.state })),
  })

  return {
    newest: () => firstPages(client.paginate.iterator(client.repos.listReleases, { ...at, per_page: 100 }), newestPages),
    byTag,
    published: async model => (await ofModel(model)).filter(release => !release.draft),
    async releases(model) {
      const found = await ofModel(model)
      const tagged = await commits(model)
      const complete = new Map<number, readonly Asset[]>()
      const long = found.filter(release => release.assets.length >= inlineAssets)
      await atMost(3, long, async release => void complete.set(release.id, await assets.list(release.id)))
      return found.map(release =>
        shown(release, complete.get(release.id) ?? release.assets, release.draft ? null : (tagged.get(release.tag_name) ?? null)),
      )
    },
    async remove(tag) {
      requireTag(tag)
      const release = await byTag(tag)
      if (release !== null) await gone(client.repos.deleteRelease({ ...at, release_id: release.id }))
      await gone(client.git.deleteRef({ ...at, ref: `tags/${tag}` }), /does not exist/i)
    },
    async removeDrafts(model, olderThan) {
      const old = (await ofModel(model)).filter(release => release.draft && clock.now() - changedAt(release) > olderThan)
      for (const draft of old) await gone(client.repos.deleteRelease({ ...at, release_id: draft.id }))
      return old.map(draft => draft.tag_name)
    },
  }
}
