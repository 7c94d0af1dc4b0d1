import { deserialize, serialize } from 'node:v8'

/** What a token may do; absent means nothing. `metadata` is always readable. */
export type Permissions = Readonly<Partial<Record<'contents' | 'issues' | 'pull-requests' | 'deployments' | 'actions', 'read' | 'write'>>>

export interface Actor {
  readonly login: string
  readonly type: 'Bot' | 'User'
  readonly permissions: Permissions
}

export const everyPermission: Permissions = {
  contents: 'write',
  issues: 'write',
  'pull-requests': 'write',
  deployments: 'write',
  actions: 'write',
}

export interface AssetState {
  readonly id: number
  name: string
  label: string | null
  readonly contentType: string
  readonly size: number
  readonly digest: string | null
  readonly state: 'uploaded' | 'starter'
  readonly file: string
  readonly createdAt: string
  readonly uploader: Actor
  downloads: number
}

export interface ReleaseState {
  readonly id: number
  tag: string
  target: string
  name: string | null
  body: string | null
  draft: boolean
  prerelease: boolean
  immutable: boolean
  readonly createdAt: string
  publishedAt: string | null
  readonly author: Actor
  readonly assets: Map<number, AssetState>
}

export interface CommentState {
  readonly id: number
  readonly issue: number
  body: string
  readonly author: Actor
  readonly createdAt: string
  updatedAt: string
}

export interface PullRequestState {
  readonly base: string
  readonly head: string
  baseSha: string
  headSha: string
  /** The trial merge while open, then what landed on the base branch. */
  mergeSha: string
  mergedAt: string | null
}

export interface IssueState {
  readonly id: number
  readonly number: number
  title: string
  body: string | null
  state: 'open' | 'closed'
  labels: readonly string[]
  readonly author: Actor
  readonly createdAt: string
  closedAt: string | null
  readonly pull: PullRequestState | null
}

export interface StatusState {
  readonly id: number
  readonly state: string
  readonly description: string
  readonly environmentUrl: string
  readonly logUrl: string
  readonly createdAt: string
  readonly creator: Actor
}

export interface DeploymentState {
  readonly id: number
  readonly sha: string
  readonly ref: string
  readonly task: string
  readonly environment: string
  readonly payload: unknown
  readonly description: string | null
  readonly transient: boolean
  readonly production: boolean
  readonly createdAt: string
  readonly creator: Actor
  /** Oldest first. */
  readonly statuses: StatusState[]
}

export interface ArtifactState {
  readonly id: number
  /** `owner/name`. */
  readonly repository: string
  readonly runId: number
  readonly runBackendId: string
  readonly jobBackendId: string
  readonly name: string
  readonly contentType: string
  readonly file: string
  readonly createdAt: string
  size: number
  digest: string | null
  finalized: boolean
}

export interface CacheState {
  readonly id: number
  /** `owner/name`. */
  readonly repository: string
  readonly key: string
  readonly version: string
  readonly file: string
  readonly createdAt: string
  finalized: boolean
}

export interface WorkflowRunState {
  readonly id: number
  readonly actor: string
  readonly headSha: string
  /** `.github/workflows/train.yml`. */
  readonly path: string
  readonly event: string
  readonly createdAt: string
  /** Null while it runs. */
  readonly updatedAt: string | null
}

export interface RepositoryState {
  readonly id: number
  readonly owner: string
  readonly name: string
  /** Path of the bare repository. */
  readonly bare: string
  readonly private: boolean
  immutableReleases: boolean
  readonly releases: Map<number, ReleaseState>
  /** Tags that an immutable release once had: never to be used again. */
  readonly usedTags: Set<string>
  readonly issues: Map<number, IssueState>
  readonly comments: Map<number, CommentState>
  readonly deployments: Map<number, DeploymentState>
  readonly workflowRuns: Map<number, WorkflowRunState>
  /** Role of people: admin, maintain, write, triage, read. */
  readonly roles: Map<string, string>
}

/** Everything the double remembers. Ids are counted from 1 in one sequence, so that no id is mistaken for another kind of thing. */
export class State {
  readonly root: string
  readonly repositories = new Map<string, RepositoryState>()
  readonly tokens = new Map<string, Actor>()
  readonly artifacts = new Map<number, ArtifactState>()
  readonly caches = new Map<number, CacheState>()
  /** Largest page that is given, whatever `per_page` asks for. */
  pageSize = 100
  /** Whether new assets get a digest, as on github.com; old servers of enterprises have none. */
  digests = true
  /** Set by the server when it knows its ports. */
  url = ''
  storageUrl = ''
  #id = 0

  constructor(root: string) {
    this.root = root
  }

  get apiUrl(): string {
    return `${this.url}/api/v3`
  }

  nextId(): number {
    this.#id += 1
    return this.#id
  }

  /** Everything that clients have made, for `load`. What lies in files below `root` is not in it. */
  save(): Uint8Array {
    return serialize({ id: this.#id, repositories: this.repositories, artifacts: this.artifacts, caches: this.caches })
  }

  /** Goes back to what `save` gave; repositories that were made since are forgotten. */
  load(saved: Uint8Array): void {
    const before = deserialize(saved) as { id: number } & Pick<State, 'repositories' | 'artifacts' | 'caches'>
    this.#id = before.id
    for (const name of this.repositories.keys()) if (!before.repositories.has(name)) this.repositories.delete(name)
    // Whoever holds a repository goes on seeing it.
    for (const [name, repository] of before.repositories) Object.assign(this.repositories.get(name) ?? {}, repository)
    for (const kind of ['artifacts', 'caches'] as const) {
      this[kind].clear()
      for (const [id, thing] of before[kind]) this[kind].set(id, thing as never)
    }
  }

  repository(owner: string, name: string): RepositoryState | undefined {
    return this.repositories.get(`${owner}/${name}`.toLowerCase())
  }
}

/** The present second, as GitHub writes it. */
export const now = (): string => new Date().toISOString().replace(/\.\d+Z$/, 'Z')
