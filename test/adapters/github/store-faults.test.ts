import { writeFile } from 'node:fs/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { packModel } from '../../../src/adapters/files/model-package.ts'
import { githubClient } from '../../../src/adapters/github/client.ts'
import { githubReleases } from '../../../src/adapters/github/releases.ts'
import { UserError } from '../../../src/core/errors.ts'
import { digest } from '../../../src/core/lineage/canonical.ts'
import type { Fault } from '../../support/github/faults.ts'
import { type GitHubDouble, startGitHub } from '../../support/github/server.ts'
import { type TemporaryFolder, temporaryFolder } from '../../support/temporary.ts'
import { hastyClock, place } from './support.ts'

/** Class H of the corpus of bad input: what GitHub may answer, at each endpoint that the store asks. */

let double: GitHubDouble
let folder: TemporaryFolder
let commit: string
let models = 0
beforeAll(async () => {
  double = await startGitHub()
  folder = await temporaryFolder()
  commit = await double.repository('acme', 'churn').commit({ 'refline.yml': 'models: {}\n' })
})
afterEach(() => {
  double.clearFaults()
  // What is told to be broken is.
  double.violations.length = 0
})
afterAll(async () => {
  await double.close()
  await folder[Symbol.asyncDispose]()
})

/** A model of its own for each case, in the one repository. */
const world = async () => {
  models += 1
  const model = `m${models}`
  const text = `weights of ${model}, some of them `.repeat(400)
  await writeFile(folder.join(`${model}.bin`), text)
  const packed = await packModel(folder.path, [{ path: `${model}.bin`, bytes: text.length, sha256: digest(text) }], folder.join(model))
  const request = { model, digest: packed.digest, owner: `${model}-aaaaaaaaaaaa`, commit, uploads: packed.uploads }
  const clock = hastyClock()
  const store = () => githubReleases(githubClient({ token: double.token, apiUrl: double.apiUrl, clock }), place, { clock })
  const own = () => [...double.repository('acme', 'churn').state.releases.values()].filter(release => release.tag.includes(`/${model}/`))
  return { model, request, clock, store, own, tag: `refline/${model}/${packed.digest.slice(0, 12)}`, file: folder.join(`${model}.bin`) }
}

const endpoints = {
  'listing releases': { method: 'GET', path: '/releases$' },
  'looking for the tag': { method: 'GET', path: '/git/ref/' },
  'looking for the release': { method: 'GET', path: '/releases/tags/' },
  'making the draft': { method: 'POST', path: '/releases$' },
  'uploading an asset': { method: 'POST', path: '/assets$' },
  'listing assets': { method: 'GET', path: '/releases/\\d+/assets$' },
  publishing: { method: 'PATCH', path: '/releases/\\d+$' },
} as const
const everywhere = Object.entries(endpoints)

const inDays = (days: number): string => new Date(Date.now() + days * 86_400_000).toUTCString()
const upload = endpoints['uploading an asset']
const list = endpoints['listing releases']

type Case = readonly [what: string, faults: Fault | readonly Fault[]]

describe('is survived while publishing, and there is one release in the end', () => {
  test.each<Case>([
    ...everywhere.map(([what, at]): Case => [`502 when ${what}`, { ...at, kind: 'status' }]),
    ...everywhere.map(([what, at]): Case => [`a page of HTML with 502 when ${what}`, { ...at, kind: 'html' }]),
    ...everywhere.map(([what, at]): Case => [`half of the JSON when ${what}`, { ...at, kind: 'half-json' }]),
    ...everywhere.map(([what, at]): Case => [`a connection that ends in the answer when ${what}`, { ...at, kind: 'truncate' }]),
    ['a page of HTML after the upload', { ...upload, kind: 'html-after' }],
    ['a page of HTML with 200 in place of the list of assets', { ...endpoints['listing assets'], kind: 'html', status: 200 }],
    ['422 for an upload', { ...upload, kind: 'status', status: 422 }],
    ['an upload that leaves a starter, twice', { ...upload, kind: 'interrupt', times: 2 }],
    ['a list of releases that never ends, of which the newest are enough', { ...list, kind: 'loop', times: 999 }],
    ['a list of assets that lags behind', { ...endpoints['listing assets'], kind: 'unseen', nth: 2 }],
    [
      'a draft whose making is not answered and that is not listed yet',
      [
        { ...endpoints['making the draft'], kind: 'status-after' },
        { ...list, kind: 'unseen', nth: 2 },
      ],
    ],
  ])('%s', async (_, faults) => {
    const { request, store, own } = await world()
    for (const fault of [faults].flat()) double.fault(fault)
    const published = await store().publish(request)
    expect(published.assets.map(({ path, sha256 }) => ({ path, sha256 }))).toEqual(
      request.uploads.map(({ path, sha256 }) => ({ path, sha256 })).sort((a, b) => (a.path < b.path ? -1 : 1)),
    )
    expect(own()).toMatchObject([{ draft: false, tag: published.tag }])
    expect([...(own()[0]?.assets.values() ?? [])].map(asset => asset.state)).toEqual(['uploaded', 'uploaded'])
  })
})

describe('is waited for as GitHub asks', () => {
  test.each<readonly [string, Fault, number]>([
    ['retry-after 0, which is still a second', { ...upload, kind: 'rate-limit', retryAfter: 0 }, 1000],
    ['retry-after 7', { ...upload, kind: 'rate-limit', retryAfter: 7 }, 7000],
    ['retry-after -1, which is none: a minute', { ...upload, kind: 'rate-limit', retryAfter: -1 }, 60_000],
    ['retry-after of words', { ...upload, kind: 'rate-limit', retryAfter: 'soon' }, 60_000],
    ['retry-after of a day that is over', { ...upload, kind: 'rate-limit', retryAfter: inDays(-1) }, 1000],
    ['a secondary limit without a time', { ...upload, kind: 'secondary-limit', headers: { 'retry-after': '' } }, 60_000],
    ['a secondary limit when listing', { ...list, kind: 'secondary-limit', retryAfter: 9 }, 9000],
  ])('%s', async (_, fault, wait) => {
    const { request, store, own, clock } = await world()
    double.fault(fault)
    await store().publish(request)
    expect(clock.waits).toContain(wait)
    expect(own()).toMatchObject([{ draft: false }])
  })

  test('an empty budget, until it is filled again', async () => {
    const { request, store, clock } = await world()
    const reset = String(Math.floor(Date.now() / 1000) + 100)
    const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset }
    double.fault({ ...upload, kind: 'status', status: 403, headers })
    await store().publish(request)
    expect(clock.waits.some(wait => wait > 90_000 && wait < 103_000)).toBe(true)
  })
})

describe('is an error that says what to do, and after which running again ends well', () => {
  const soon = (seconds: number) => String(Math.floor(Date.now() / 1000) + seconds)
  test.each<readonly [string, Fault, RegExp]>([
    ['401', { ...list, kind: 'status', status: 401 }, /does not accept the token/],
    ['403 for the draft', { ...endpoints['making the draft'], kind: 'status', status: 403 }, /may not POST .*permissions/],
    ['404 for the assets of the draft', { ...endpoints['listing assets'], kind: 'status', status: 404 }, /knows nothing at GET/],
    ['409 when publishing', { ...endpoints.publishing, kind: 'status', status: 409 }, /refused PATCH .* 409/],
    ['413 for an upload', { ...upload, kind: 'status', status: 413 }, /refused POST .* 413/],
    ['retry-after of ten to the nine', { ...upload, kind: 'rate-limit', retryAfter: 1e9 }, /longer wait than is sensible/],
    ['retry-after of next week', { ...upload, kind: 'rate-limit', retryAfter: inDays(7) }, /longer wait than is sensible/],
    [
      'an empty budget for an hour',
      { ...list, kind: 'status', status: 403, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': soon(3600) } },
      /rate limit is used up/,
    ],
    ['503 for ever', { ...list, kind: 'status', status: 503, times: 99 }, /answered GET .* with 503 4 times/],
    ['uploads that never arrive', { ...upload, kind: 'drop-before', times: 99 }, /could not be uploaded intact in 3 tries/],
    ['a list of assets that never ends', { ...endpoints['listing assets'], kind: 'loop', times: 999 }, /more than 200 pages of assets/],
    ['a name that GitHub changes', { ...upload, kind: 'renamed' }, /keeps .* as "default\./],
  ])('%s', async (_, fault, words) => {
    const { request, store, own } = await world()
    double.fault(fault)
    const error = await store()
      .publish(request)
      .then(
        () => null,
        (thrown: unknown) => thrown,
      )
    expect(error).toBeInstanceOf(UserError)
    expect((error as Error).message).toMatch(words)
    expect((error as Error).message).not.toContain(double.token)
    expect(own().filter(release => !release.draft)).toEqual([])
    double.clearFaults()
    await store().publish(request)
    expect(own()).toMatchObject([{ draft: false }])
  })

  test('a list of releases that never ends, where all of them are asked for', async () => {
    const { store } = await world()
    double.fault({ ...list, kind: 'loop', times: 999 })
    await expect(store().releases('churn')).rejects.toThrow(/more than 200 pages of releases/)
  })

  test('a file that changed after it was packed, to the same length', async () => {
    const { request, store, own, file } = await world()
    await writeFile(file, 'other'.repeat(5000).slice(0, request.uploads.at(-1)?.bytes))
    await expect(store().publish(request)).rejects.toThrow(/could not be uploaded intact in 3 tries/)
    expect(own()).toMatchObject([{ draft: true }])
  })

  test('more files than a release takes, before anything is uploaded', async () => {
    const { request, store } = await world()
    const before = double.requests.length
    const many = Array.from({ length: 1000 }, (_, index) => ({ ...request.uploads[0], path: `x${index}` })) as typeof request.uploads
    await expect(store().publish({ ...request, uploads: [...request.uploads, ...many] })).rejects.toThrow(/1002 files .* takes 1000/)
    expect(double.requests).toHaveLength(before)
  })
})

describe('is survived while fetching', () => {
  const half: Fault = { path: '^/assets/', kind: 'truncate', times: 2 }
  test.each<Case>([
    ['403 of the storage', { path: '^/assets/', kind: 'status', status: 403 }],
    ['404 of the storage', { path: '^/assets/', kind: 'status', status: 404 }],
    ['503 of the storage', { path: '^/assets/', kind: 'status', status: 503 }],
    ['a storage that does not answer', { path: '^/assets/', kind: 'drop-before' }],
    ['one byte that differs', { path: '^/assets/', kind: 'corrupt' }],
    ['a storage that sends on to another address', { path: '^/assets/', kind: 'redirect', times: 2 }],
    ['a connection that ends half-way', half],
    ['then a storage that knows no ranges', [half, { path: '^/assets/', kind: 'whole-file', nth: 3, times: 2 }]],
    ['then a storage that sends another range', [half, { path: '^/assets/', kind: 'other-range', nth: 3, times: 2 }]],
    ['502 of the API', { method: 'GET', path: '/releases/assets/\\d+$', kind: 'status' }],
    ['a rate limit of the API', { method: 'GET', path: '/releases/assets/\\d+$', kind: 'rate-limit', retryAfter: 3 }],
  ])('%s', async (_, faults) => {
    const { request, store, tag, model } = await world()
    const { assets } = await store().publish(request)
    for (const fault of [faults].flat()) double.fault(fault)
    await store().fetch(tag, assets, folder.join(`${model}-got`))
    await store().fetch(tag, assets, folder.join(`${model}-got`))
    expect(double.violations).toEqual([])
  })

  test.each<readonly [string, Fault, RegExp]>([
    ['an asset that is gone', { method: 'GET', path: '/releases/assets/\\d+$', kind: 'status', status: 404, times: 9 }, /knows nothing/],
    ['a storage that is down', { path: '^/assets/', kind: 'status', status: 500, times: 99 }, /intact in 4 tries: .* with 500/],
    ['bytes that always differ', { path: '^/assets/', kind: 'corrupt', times: 99 }, /intact in 4 tries: its SHA-256 is/],
    ['a storage that sends in circles', { path: '^/assets/', kind: 'redirect', times: 99 }, /redirected .* more than 5 times/],
  ])('%s is an error', async (_, fault, words) => {
    const { request, store, tag, model } = await world()
    const { assets } = await store().publish(request)
    double.fault(fault)
    await expect(store().fetch(tag, assets, folder.join(`${model}-got`))).rejects.toThrow(words)
  })
})
