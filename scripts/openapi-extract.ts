/**
 * Makes `test/support/github/openapi.json`: the operations that the GitHub double answers, taken from GitHub's own OpenAPI description (the npm package
 * `@octokit/openapi`, far too big to depend on), with every schema they reference and without prose.
 *
 *   node scripts/openapi-extract.ts [version]
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
type JsonObject = { readonly [key: string]: Json }

const repository = '/repos/{owner}/{repo}'

/** Method and path of every operation that the double answers. */
const operations: readonly string[] = [
  `GET ${repository}`,
  `GET ${repository}/contents/{path}`,
  `GET ${repository}/git/commits/{commit_sha}`,
  `GET ${repository}/commits/{ref}`,
  `GET ${repository}/commits/{commit_sha}/pulls`,
  `GET ${repository}/collaborators/{username}/permission`,
  `GET ${repository}/git/ref/{ref}`,
  `GET ${repository}/git/matching-refs/{ref}`,
  `POST ${repository}/git/refs`,
  `DELETE ${repository}/git/refs/{ref}`,
  `GET ${repository}/issues`,
  `POST ${repository}/issues`,
  `GET ${repository}/issues/{issue_number}`,
  `PATCH ${repository}/issues/{issue_number}`,
  `GET ${repository}/issues/{issue_number}/comments`,
  `POST ${repository}/issues/{issue_number}/comments`,
  `GET ${repository}/issues/comments/{comment_id}`,
  `PATCH ${repository}/issues/comments/{comment_id}`,
  `DELETE ${repository}/issues/comments/{comment_id}`,
  `GET ${repository}/pulls`,
  `GET ${repository}/pulls/{pull_number}`,
  `GET ${repository}/releases`,
  `POST ${repository}/releases`,
  `GET ${repository}/releases/{release_id}`,
  `PATCH ${repository}/releases/{release_id}`,
  `DELETE ${repository}/releases/{release_id}`,
  `GET ${repository}/releases/tags/{tag}`,
  `GET ${repository}/releases/{release_id}/assets`,
  `POST ${repository}/releases/{release_id}/assets`,
  `GET ${repository}/releases/assets/{asset_id}`,
  `PATCH ${repository}/releases/assets/{asset_id}`,
  `DELETE ${repository}/releases/assets/{asset_id}`,
  `GET ${repository}/deployments`,
  `POST ${repository}/deployments`,
  `GET ${repository}/deployments/{deployment_id}`,
  `GET ${repository}/deployments/{deployment_id}/statuses`,
  `POST ${repository}/deployments/{deployment_id}/statuses`,
  `GET ${repository}/actions/artifacts`,
  `GET ${repository}/actions/artifacts/{artifact_id}`,
  `GET ${repository}/actions/artifacts/{artifact_id}/{archive_format}`,
  `GET ${repository}/actions/runs/{run_id}/artifacts`,
  `GET ${repository}/actions/runs/{run_id}`,
  'GET /user',
  'GET /rate_limit',
]

const isObject = (value: Json | undefined): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)

const prose = new Set(['description', 'summary', 'title', 'example', 'examples', 'externalDocs', 'tags', 'links', 'headers'])
/** Keys whose own keys are names that GitHub chose, and no keywords: a property called `description` stays. */
const maps = new Set(['properties', 'patternProperties', 'responses', 'content', 'schemas', 'mapping'])

const withoutProse = (value: Json, names: boolean): Json => {
  if (Array.isArray(value)) return value.map(item => withoutProse(item, false))
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => names || (!prose.has(key) && !key.startsWith('x-')))
      .map(([key, item]) => [key, withoutProse(item, !names && maps.has(key))]),
  )
}

const references = (value: Json): readonly string[] => {
  if (Array.isArray(value)) return value.flatMap(references)
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([key, item]) => (key === '$ref' && typeof item === 'string' ? [item] : references(item)))
}

const at = (document: Json, path: readonly string[]): Json => {
  let here: Json | undefined = document
  for (const key of path) here = isObject(here) ? here[key] : undefined
  if (here === undefined) throw new Error(`The description has no ${path.join(' ')}`)
  return here
}

const extract = (document: Json, version: string): Json => {
  const paths: Record<string, Record<string, Json>> = {}
  for (const operation of operations) {
    const [method = '', path = ''] = operation.split(' ')
    const methods = paths[path] ?? {}
    paths[path] = methods
    methods[method.toLowerCase()] = withoutProse(at(document, ['paths', path, method.toLowerCase()]), false)
  }
  const components: Record<string, Record<string, Json>> = { schemas: {} }
  const waiting = [...references(paths), '#/components/schemas/basic-error', '#/components/schemas/validation-error']
  for (let reference = waiting.pop(); reference !== undefined; reference = waiting.pop()) {
    const [, , section = '', name = ''] = reference.split('/')
    const known = components[section] ?? {}
    components[section] = known
    if (known[name] !== undefined) continue
    const found = withoutProse(at(document, ['components', section, name]), false)
    known[name] = found
    waiting.push(...references(found))
  }
  return { source: `@octokit/openapi ${version}, api.github.com, made by scripts/openapi-extract.ts`, paths, components }
}

const folder = mkdtempSync(join(tmpdir(), 'refline-openapi-'))
try {
  const wanted = `@octokit/openapi${process.argv[2] === undefined ? '' : `@${process.argv[2]}`}`
  const packed: unknown = JSON.parse(execFileSync('npm', ['pack', '--json', '--loglevel=error', wanted], { cwd: folder, encoding: 'utf8' }))
  const { filename, version } = (Array.isArray(packed) ? packed[0] : undefined) as { filename: string; version: string }
  const member = 'package/generated/api.github.com.json'
  execFileSync('tar', ['-xzf', filename, member], { cwd: folder })
  const text = `${JSON.stringify(extract(JSON.parse(readFileSync(join(folder, member), 'utf8')) as Json, version))}\n`
  const target = join(import.meta.dirname, '..', 'test', 'support', 'github', 'openapi.json')
  writeFileSync(target, text)
  process.stdout.write(`${operations.length} operations of @octokit/openapi ${version}: ${Math.round(text.length / 1024)} KiB\n`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
