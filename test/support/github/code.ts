import { type Answer, type Endpoints, need, notFound, Refusal, type RepositoryCall, text } from './answer.ts'
import { commitOf, gitBytes, gitText, readCommit } from './git-store.ts'
import { nodeId, repositoryPage, repositoryShape, repositoryUrl, userShape } from './shapes.ts'

const contents = async (call: RepositoryCall): Promise<Answer> => {
  need(call, ['contents'], 'read')
  const bare = call.repository.bare
  const asked = call.query.get('ref') ?? 'HEAD'
  const commit = await commitOf(bare, asked)
  if (commit === null) throw notFound(asked === 'HEAD' ? 'This repository is empty.' : `No commit found for the ref ${asked}`)
  const path = (call.parameters.path ?? '').replace(/^\/+|\/+$/g, '')
  const listed = await gitText(bare, ['ls-tree', '-z', '-l', commit, '--', path])
  const [entry] = (listed ?? '').split('\0').filter(line => line !== '')
  const match = /^(\d+) (\w+) ([0-9a-f]+) +(\d+|-)\t(.*)$/s.exec(entry ?? '')
  if (match === null) throw notFound()
  const [, , kind, sha = '', size, found = ''] = match
  const shape = (name: string, type: string, id: string, bytes: number) => {
    const url = `${repositoryUrl(call.state, call.repository)}/contents/${name.split('/').map(encodeURIComponent).join('/')}?ref=${commit}`
    const git = `${repositoryUrl(call.state, call.repository)}/git/${type === 'file' ? 'blobs' : 'trees'}/${id}`
    const html = `${repositoryPage(call.state, call.repository)}/blob/${commit}/${name.split('/').map(encodeURIComponent).join('/')}`
    const common = { type, size: bytes, name: name.split('/').at(-1) ?? name, path: name, sha: id, url, git_url: git, html_url: html }
    return { ...common, download_url: type === 'file' ? html : null, _links: { self: url, git, html } }
  }
  if (kind === 'tree') {
    const children = (await gitText(bare, ['ls-tree', '-z', '-l', commit, '--', `${path}/`])) ?? ''
    const entries = children.split('\0').flatMap(line => {
      const part = /^(\d+) (\w+) ([0-9a-f]+) +(\d+|-)\t(.*)$/s.exec(line)
      return part === null ? [] : [shape(part[5] ?? '', part[2] === 'tree' ? 'dir' : 'file', part[3] ?? '', Number(part[4]) || 0)]
    })
    return { status: 200, body: entries }
  }
  const bytes = await gitBytes(bare, ['cat-file', 'blob', sha])
  if (bytes === null) throw notFound()
  if (call.accept.includes('raw')) return { status: 200, raw: { type: 'application/vnd.github.raw; charset=utf-8', bytes } }
  const small = bytes.length <= 1024 * 1024
  const encoded = small ? `${(bytes.toString('base64').match(/.{1,60}/g) ?? []).join('\n')}\n` : ''
  return { status: 200, body: { ...shape(found, 'file', sha, Number(size)), content: encoded, encoding: small ? 'base64' : 'none' } }
}

const parentsOf = (call: RepositoryCall, parents: readonly string[]) =>
  parents.map(sha => ({
    sha,
    url: `${repositoryUrl(call.state, call.repository)}/git/commits/${sha}`,
    html_url: `${repositoryPage(call.state, call.repository)}/commit/${sha}`,
  }))

const unsigned = { verified: false, reason: 'unsigned', signature: null, payload: null, verified_at: null }

const gitCommit = async (call: RepositoryCall): Promise<Answer> => {
  need(call, ['contents'], 'read')
  const asked = call.parameters.commit_sha ?? ''
  if (!/^[0-9a-f]{40}$/.test(asked)) throw notFound()
  const commit = await readCommit(call.repository.bare, asked)
  const url = repositoryUrl(call.state, call.repository)
  const body = {
    sha: commit.sha,
    node_id: nodeId('Commit', commit.sha),
    url: `${url}/git/commits/${commit.sha}`,
    html_url: `${repositoryPage(call.state, call.repository)}/commit/${commit.sha}`,
    author: commit.author,
    committer: commit.committer,
    message: commit.message,
    tree: { sha: commit.tree, url: `${url}/git/trees/${commit.tree}` },
    parents: parentsOf(call, commit.parents),
    verification: unsigned,
  }
  return { status: 200, body }
}

const commit = async (call: RepositoryCall): Promise<Answer> => {
  need(call, ['contents'], 'read')
  const found = await readCommit(call.repository.bare, call.parameters.ref ?? '').catch(() => {
    throw new Refusal(422, `No commit found for SHA: ${call.parameters.ref}`)
  })
  if (call.accept.includes('sha')) return { status: 200, raw: { type: 'application/vnd.github.sha', bytes: Buffer.from(found.sha) } }
  const url = repositoryUrl(call.state, call.repository)
  const body = {
    sha: found.sha,
    node_id: nodeId('Commit', found.sha),
    url: `${url}/commits/${found.sha}`,
    html_url: `${repositoryPage(call.state, call.repository)}/commit/${found.sha}`,
    comments_url: `${url}/commits/${found.sha}/comments`,
    commit: {
      url: `${url}/git/commits/${found.sha}`,
      author: found.author,
      committer: found.committer,
      message: found.message,
      comment_count: 0,
      tree: { sha: found.tree, url: `${url}/git/trees/${found.tree}` },
      verification: unsigned,
    },
    author: null,
    committer: null,
    parents: parentsOf(call, found.parents),
    stats: { additions: 0, deletions: 0, total: 0 },
    files: [],
  }
  return { status: 200, body }
}

const reference = (call: RepositoryCall, ref: string, sha: string, type: string) => ({
  ref,
  node_id: nodeId('Ref', ref),
  url: `${repositoryUrl(call.state, call.repository)}/git/${ref}`,
  object: { sha, type, url: `${repositoryUrl(call.state, call.repository)}/git/${type}s/${sha}` },
})

const matching = async (call: RepositoryCall) => {
  const listed = await gitText(call.repository.bare, ['for-each-ref', '--format=%(refname) %(objectname) %(objecttype)'])
  return (listed ?? '')
    .split('\n')
    .map(line => line.split(' '))
    .filter(([name = '']) => name.startsWith(`refs/${call.parameters.ref}`))
    .map(([name = '', sha = '', type = '']) => reference(call, name, sha, type))
}

const createReference = async (call: RepositoryCall): Promise<Answer> => {
  need(call, ['contents'], 'write')
  const ref = text(call.body, 'ref') ?? ''
  const sha = text(call.body, 'sha') ?? ''
  if (!/^refs\/[^/]+\/.+/.test(ref)) throw new Refusal(422, 'Reference name must start with refs/ and have at least two slashes')
  const type = await gitText(call.repository.bare, ['cat-file', '-t', sha])
  if (type === null) throw new Refusal(422, 'Object does not exist')
  const made = await gitText(call.repository.bare, ['update-ref', ref, sha, '0'.repeat(40)])
  if (made === null) throw new Refusal(422, 'Reference already exists')
  return { status: 201, body: reference(call, ref, sha, type) }
}

const deleteReference = async (call: RepositoryCall): Promise<Answer> => {
  need(call, ['contents'], 'write')
  const ref = `refs/${call.parameters.ref}`
  const tag = ref.startsWith('refs/tags/') ? ref.slice('refs/tags/'.length) : null
  const held = [...call.repository.releases.values()].some(release => release.immutable && release.tag === tag)
  if (held) throw new Refusal(422, 'Cannot delete a tag of an immutable release')
  if ((await commitOf(call.repository.bare, ref)) === null) throw new Refusal(422, 'Reference does not exist')
  await gitText(call.repository.bare, ['update-ref', '-d', ref])
  return { status: 204 }
}

const roles: Readonly<Record<string, string>> = { admin: 'admin', maintain: 'write', write: 'write', triage: 'read', read: 'read' }

const permission = (call: RepositoryCall): Answer => {
  const login = call.parameters.username ?? ''
  const role = call.repository.roles.get(login) ?? (login === call.repository.owner ? 'admin' : call.repository.private ? 'none' : 'read')
  const at = (...names: readonly string[]) => names.includes(role)
  const permissions = {
    admin: at('admin'),
    maintain: at('admin', 'maintain'),
    push: at('admin', 'maintain', 'write'),
    triage: at('admin', 'maintain', 'write', 'triage'),
    pull: role !== 'none',
  }
  const user = { ...userShape(call.state, { login, type: 'User' }), permissions, role_name: role }
  return { status: 200, body: { permission: roles[role] ?? 'none', role_name: role, user } }
}

/** Endpoints answered from the real repository. */
export const code: Endpoints = {
  'GET /repos/{owner}/{repo}': call => {
    if (call.actor === null && call.repository.private) throw notFound()
    return { status: 200, body: repositoryShape(call.state, call.repository) }
  },
  'GET /repos/{owner}/{repo}/contents/{path}': contents,
  'GET /repos/{owner}/{repo}/git/commits/{commit_sha}': gitCommit,
  'GET /repos/{owner}/{repo}/commits/{ref}': commit,
  'GET /repos/{owner}/{repo}/collaborators/{username}/permission': permission,
  'GET /repos/{owner}/{repo}/git/matching-refs/{ref}': async call => {
    need(call, ['contents'], 'read')
    return { status: 200, body: await matching(call) }
  },
  'GET /repos/{owner}/{repo}/git/ref/{ref}': async call => {
    need(call, ['contents'], 'read')
    const found = (await matching(call)).find(item => item.ref === `refs/${call.parameters.ref}`)
    if (found === undefined) throw notFound()
    return { status: 200, body: found }
  },
  'POST /repos/{owner}/{repo}/git/refs': createReference,
  'DELETE /repos/{owner}/{repo}/git/refs/{ref}': deleteReference,
}
