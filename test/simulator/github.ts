import { hash } from 'node:crypto'
import type { Manner } from './scheduler.ts'

export interface HeldAsset {
  readonly id: number
  readonly name: string
  readonly state: 'starter' | 'uploaded'
  readonly size: number
  readonly digest: string | null
}

export interface HeldRelease {
  readonly id: number
  tag_name: string
  name: string
  body: string
  draft: boolean
  readonly assets: Map<string, HeldAsset>
}

export interface HeldComment {
  readonly id: number
  readonly issue: number
  body: string
  readonly user: { readonly login: string; readonly type: string }
}

/** What GitHub answers: a status and a body. */
export interface Answer {
  readonly status: number
  readonly data: unknown
}

const ok = (data: unknown, status = 200): Answer => ({ status, data })
const refuse = (status: number, message: string, code?: string): Answer => ({
  status,
  data: { message, errors: code === undefined ? [] : [{ code }] },
})

const described = (asset: HeldAsset) => ({ ...asset })
const released = (release: HeldRelease) => ({
  id: release.id,
  tag_name: release.tag_name,
  name: release.name,
  body: release.body,
  draft: release.draft,
  immutable: !release.draft,
  html_url: `https://github.test/releases/${release.id}`,
  upload_url: `https://uploads.test/${release.id}{?name,label}`,
  assets: [...release.assets.values()].map(described),
})

/** Where a tag is put that names no commit. */
const headOfMain = 'a'.repeat(40)

/** Releases, tags and comments of one repository in memory, with the rules of GitHub that matter here: tags are unique, published releases immutable. */
export class GitHub {
  readonly releases = new Map<number, HeldRelease>()
  /** Tags, each with the commit that it sits on. */
  readonly tags = new Map<string, string>()
  readonly comments = new Map<number, HeldComment>()
  onPublished: (release: HeldRelease) => void = () => {}
  private id = 0

  constructor(from?: GitHub) {
    if (from === undefined) return
    for (const release of from.releases.values()) this.releases.set(release.id, { ...release, assets: new Map(release.assets) })
    for (const [tag, commit] of from.tags) this.tags.set(tag, commit)
    for (const comment of from.comments.values()) this.comments.set(comment.id, { ...comment })
    this.id = from.id
  }

  private next(): number {
    this.id += 1
    return this.id
  }

  /** A list, newest first; a lagging one lacks what was created last. */
  private listed<T extends { readonly id: number }>(items: Iterable<T>, manner: Manner): readonly T[] {
    const all = [...items].sort((a, b) => b.id - a.id)
    return manner === 'lagging' ? all.slice(1) : all
  }

  listReleases(manner: Manner): Answer {
    return ok(this.listed(this.releases.values(), manner).map(released))
  }

  byId(id: number): Answer {
    const release = this.releases.get(id)
    return release === undefined ? refuse(404, 'Not Found') : ok(released(release))
  }

  byTag(tag: string): Answer {
    const found = this.published(tag)
    return found === null ? refuse(404, 'Not Found') : ok(released(found))
  }

  published(tag: string): HeldRelease | null {
    for (const release of this.releases.values()) if (!release.draft && release.tag_name === tag) return release
    return null
  }

  ref(ref: string): Answer {
    const sha = this.tags.get(ref.replace(/^tags\//, ''))
    return sha === undefined ? refuse(404, 'Not Found') : ok({ ref: `refs/${ref}`, object: { type: 'commit', sha } })
  }

  createRelease(of: { readonly tag_name: string; readonly name: string; readonly body: string }): Answer {
    const release: HeldRelease = { id: this.next(), tag_name: of.tag_name, name: of.name, body: of.body, draft: true, assets: new Map() }
    this.releases.set(release.id, release)
    return ok(released(release), 201)
  }

  updateRelease(id: number, change: { readonly [field: string]: unknown }): Answer {
    const release = this.releases.get(id)
    if (release === undefined) return refuse(404, 'Not Found')
    const tag = String(change.tag_name ?? release.tag_name)
    const publishes = release.draft && change.draft === false
    if (!release.draft && tag !== release.tag_name) return refuse(422, 'tag_name cannot be changed on an immutable release')
    if (publishes && this.published(tag) !== null) return refuse(422, 'Validation Failed', 'already_exists')
    release.tag_name = tag
    release.name = String(change.name ?? release.name)
    release.body = String(change.body ?? release.body)
    if (publishes) {
      release.draft = false
      this.tags.set(tag, String(change.target_commitish ?? headOfMain))
      this.onPublished(release)
    }
    return ok(released(release))
  }

  deleteRelease(id: number): Answer {
    const release = this.releases.get(id)
    if (release === undefined) return refuse(404, 'Not Found')
    if (!release.draft) return refuse(422, 'an immutable release cannot be deleted')
    this.releases.delete(id)
    return ok('', 204)
  }

  listAssets(id: number): Answer {
    const release = this.releases.get(id)
    return release === undefined ? refuse(404, 'Not Found') : ok([...release.assets.values()].map(described))
  }

  /** A damaged upload arrives changed, or breaks off and leaves its name blocked by an asset that was never completed. */
  upload(id: number, name: string, content: string, manner: 'whole' | 'changed' | 'broken'): Answer {
    const release = this.releases.get(id)
    if (release === undefined) return refuse(404, 'Not Found')
    if (!release.draft) return refuse(422, 'an immutable release takes no assets')
    if (release.assets.has(name)) return refuse(422, 'Validation Failed', 'already_exists')
    const body = manner === 'changed' ? content.replace(/.$/s, '\0') : content
    const asset: HeldAsset =
      manner === 'broken'
        ? { id: this.next(), name, state: 'starter', size: 0, digest: null }
        : { id: this.next(), name, state: 'uploaded', size: Buffer.byteLength(body), digest: `sha256:${hash('sha256', body)}` }
    release.assets.set(name, asset)
    return manner === 'broken' ? refuse(502, 'Bad Gateway') : ok(described(asset), 201)
  }

  deleteAsset(id: number): Answer {
    for (const release of this.releases.values())
      for (const asset of release.assets.values())
        if (asset.id === id) {
          if (!release.draft) return refuse(422, 'an immutable release keeps its assets')
          release.assets.delete(asset.name)
          return ok('', 204)
        }
    return refuse(404, 'Not Found')
  }

  listComments(issue: number, manner: Manner): Answer {
    const found = [...this.comments.values()].filter(comment => comment.issue === issue)
    return ok(
      this.listed(found, manner)
        .map(comment => this.commented(comment))
        .toReversed(),
    )
  }

  private commented(comment: HeldComment) {
    return { ...comment, html_url: `https://github.test/pull/${comment.issue}#${comment.id}` }
  }

  createComment(issue: number, body: string): Answer {
    const comment: HeldComment = { id: this.next(), issue, body, user: { login: 'github-actions[bot]', type: 'Bot' } }
    this.comments.set(comment.id, comment)
    return ok(this.commented(comment), 201)
  }

  updateComment(id: number, body: string): Answer {
    const comment = this.comments.get(id)
    if (comment === undefined) return refuse(404, 'Not Found')
    comment.body = body
    return ok(this.commented(comment))
  }

  deleteComment(id: number): Answer {
    return this.comments.delete(id) ? ok('', 204) : refuse(404, 'Not Found')
  }
}
