import { mayWrite, notFound, numberOf, type RepositoryCall } from './answer.ts'
import { nodeId, repositoryPage, repositoryUrl, userShape } from './shapes.ts'
import type { AssetState, ReleaseState } from './state.ts'

export const assetShape = (call: RepositoryCall, release: ReleaseState, asset: AssetState) => ({
  url: `${repositoryUrl(call.state, call.repository)}/releases/assets/${asset.id}`,
  browser_download_url: `${repositoryPage(call.state, call.repository)}/releases/download/${encodeURIComponent(release.tag)}/${encodeURIComponent(asset.name)}`,
  id: asset.id,
  node_id: nodeId('ReleaseAsset', asset.id),
  name: asset.name,
  label: asset.label,
  state: asset.state,
  content_type: asset.contentType,
  size: asset.size,
  digest: asset.digest,
  download_count: asset.downloads,
  created_at: asset.createdAt,
  updated_at: asset.createdAt,
  uploader: userShape(call.state, asset.uploader),
})

export const releaseShape = (call: RepositoryCall, release: ReleaseState) => {
  const url = `${repositoryUrl(call.state, call.repository)}/releases/${release.id}`
  const pageName = release.draft ? `untagged-${release.id}` : release.tag.split('/').map(encodeURIComponent).join('/')
  return {
    url,
    html_url: `${repositoryPage(call.state, call.repository)}/releases/tag/${pageName}`,
    assets_url: `${url}/assets`,
    upload_url: `${call.state.url}/api/uploads/repos/${call.repository.owner}/${call.repository.name}/releases/${release.id}/assets{?name,label}`,
    tarball_url: release.draft ? null : `${repositoryUrl(call.state, call.repository)}/tarball/${encodeURIComponent(release.tag)}`,
    zipball_url: release.draft ? null : `${repositoryUrl(call.state, call.repository)}/zipball/${encodeURIComponent(release.tag)}`,
    id: release.id,
    node_id: nodeId('Release', release.id),
    tag_name: release.tag,
    target_commitish: release.target,
    name: release.name,
    body: release.body,
    draft: release.draft,
    prerelease: release.prerelease,
    immutable: release.immutable,
    created_at: release.createdAt,
    published_at: release.publishedAt,
    updated_at: release.createdAt,
    author: userShape(call.state, release.author),
    assets: [...release.assets.values()].map(asset => assetShape(call, release, asset)),
  }
}

/** A release by id; drafts exist only for those who may write. */
export const releaseOf = (call: RepositoryCall): ReleaseState => {
  const release = call.repository.releases.get(numberOf(call, 'release_id'))
  if (release === undefined || (release.draft && !mayWrite(call, 'contents'))) throw notFound()
  return release
}
