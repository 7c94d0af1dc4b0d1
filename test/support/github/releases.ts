import {
  type Answer,
  author,
  type Endpoints,
  flag,
  invalid,
  mayWrite,
  need,
  notFound,
  page,
  Refusal,
  type RepositoryCall,
  text,
} from './answer.ts'
import { commitOf, gitText } from './git-store.ts'
import { releaseOf, releaseShape } from './release-shapes.ts'
import { now, type ReleaseState } from './state.ts'

const published = (call: RepositoryCall, tag: string): ReleaseState | undefined =>
  [...call.repository.releases.values()].find(release => !release.draft && release.tag === tag)

const checkTag = async (call: RepositoryCall, tag: string): Promise<void> => {
  const valid = await gitText(call.repository.bare, ['check-ref-format', `refs/tags/${tag}`])
  if (valid === null || tag.startsWith('-')) throw invalid('Release', 'custom', 'tag_name', 'tag_name is not a valid tag')
}

/** Makes a draft public: the tag is put on the target where it is not there yet, and a taken tag is refused. */
const publish = async (call: RepositoryCall, release: ReleaseState): Promise<void> => {
  const other = published(call, release.tag)
  if (other !== undefined && other !== release) throw invalid('Release', 'already_exists', 'tag_name')
  if (call.repository.usedTags.has(release.tag)) {
    throw invalid('Release', 'custom', 'tag_name', 'tag_name was used by an immutable release')
  }
  const bare = call.repository.bare
  if ((await commitOf(bare, `refs/tags/${release.tag}`)) === null) {
    const commit = await commitOf(bare, release.target)
    if (commit === null) throw invalid('Release', 'invalid', 'target_commitish')
    await gitText(bare, ['update-ref', `refs/tags/${release.tag}`, commit])
  }
  // asked again, since another publication may have come first while git worked
  const faster = published(call, release.tag)
  if (faster !== undefined && faster !== release) throw invalid('Release', 'already_exists', 'tag_name')
  release.draft = false
  release.publishedAt = now()
  release.immutable = call.repository.immutableReleases
  if (release.immutable) call.repository.usedTags.add(release.tag)
}

const checkBody = (body: string | undefined): void => {
  if (body !== undefined && body.length > 125_000)
    throw invalid('Release', 'custom', 'body', 'body is too long (maximum is 125000 characters)')
}

const create = async (call: RepositoryCall): Promise<Answer> => {
  need(call, ['contents'], 'write')
  const tag = text(call.body, 'tag_name') ?? ''
  await checkTag(call, tag)
  checkBody(text(call.body, 'body'))
  const release: ReleaseState = {
    id: call.state.nextId(),
    tag,
    target: text(call.body, 'target_commitish') ?? 'main',
    name: text(call.body, 'name') ?? null,
    body: text(call.body, 'body') ?? null,
    draft: true,
    prerelease: flag(call.body, 'prerelease') ?? false,
    immutable: false,
    createdAt: now(),
    publishedAt: null,
    author: author(call),
    assets: new Map(),
  }
  if (flag(call.body, 'draft') !== true) await publish(call, release)
  call.repository.releases.set(release.id, release)
  return { status: 201, body: releaseShape(call, release) }
}

const update = async (call: RepositoryCall): Promise<Answer> => {
  need(call, ['contents'], 'write')
  const release = releaseOf(call)
  const tag = text(call.body, 'tag_name')
  const target = text(call.body, 'target_commitish')
  const draft = flag(call.body, 'draft')
  checkBody(text(call.body, 'body'))
  if (tag !== undefined && tag !== release.tag) {
    if (release.immutable) throw new Refusal(422, 'Cannot change the tag of an immutable release')
    await checkTag(call, tag)
  }
  if (draft === true && release.immutable) throw new Refusal(422, 'Cannot make an immutable release a draft')
  const before = { tag: release.tag, target: release.target }
  release.tag = tag ?? release.tag
  release.target = target ?? release.target
  try {
    if (release.draft && draft === false) await publish(call, release)
    else if (!release.draft && draft === true) release.draft = true
  } catch (error) {
    Object.assign(release, before)
    throw error
  }
  release.name = text(call.body, 'name') ?? release.name
  release.body = text(call.body, 'body') ?? release.body
  release.prerelease = flag(call.body, 'prerelease') ?? release.prerelease
  return { status: 200, body: releaseShape(call, release) }
}

/** Releases, with the life that GitHub gives them: draft, published, and immutable where the repository says so. */
export const releases: Endpoints = {
  'GET /repos/{owner}/{repo}/releases': call => {
    need(call, ['contents'], 'read')
    const visible = [...call.repository.releases.values()].filter(release => !release.draft || mayWrite(call, 'contents')).reverse()
    const { items, headers } = page(call, visible)
    return { status: 200, body: items.map(release => releaseShape(call, release)), headers }
  },
  'POST /repos/{owner}/{repo}/releases': create,
  'GET /repos/{owner}/{repo}/releases/{release_id}': call => {
    need(call, ['contents'], 'read')
    return { status: 200, body: releaseShape(call, releaseOf(call)) }
  },
  'GET /repos/{owner}/{repo}/releases/tags/{tag}': call => {
    need(call, ['contents'], 'read')
    const release = published(call, call.parameters.tag ?? '')
    if (release === undefined) throw notFound()
    return { status: 200, body: releaseShape(call, release) }
  },
  'PATCH /repos/{owner}/{repo}/releases/{release_id}': update,
  'DELETE /repos/{owner}/{repo}/releases/{release_id}': call => {
    need(call, ['contents'], 'write')
    call.repository.releases.delete(releaseOf(call).id)
    return { status: 204 }
  },
}
