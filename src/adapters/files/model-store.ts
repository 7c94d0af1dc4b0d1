import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import { UserError } from '../../core/errors.ts'
import { canonicalJson } from '../../core/lineage/canonical.ts'
import { assetName, manifestName } from '../../core/lineage/manifest.ts'
import { modelFilesOf, requireAssetName, requireModel, requirePublishable, requireTag, tagsOf } from '../../core/lineage/release.ts'
import { type DigestedFile, digestedFile } from '../../core/lineage/run.ts'
import type { ModelStore, StoredRelease, Upload } from '../../ports/model-store.ts'
import { place, placeText, problemOf, sizeOf } from './stored-files.ts'

const markerName = 'published.json'

/** Written last: without it a folder is what a run is at work on, or left. */
const marker = z.strictObject({
  schema: z.literal(1),
  commit: z.string().nullable(),
  assets: z.array(digestedFile),
})
type Marker = z.output<typeof marker>

const nothingThere = (error: NodeJS.ErrnoException): [] => {
  if (error.code === 'ENOENT') return []
  throw new UserError(`${error.path} cannot be listed: ${error.code}.`, { cause: error })
}

/**
 * Model files in a folder or a mounted bucket, for laptops and servers without release assets: `<root>/refline/<model>/<digest12>/` holds the assets, `<digest12>.md`
 * beside it title and notes. It must be safe where a folder cannot be renamed in one step and where two writers do not see each other's exclusive creation, as on mounted
 * buckets. So every file's name begins with its own digest (two writers never write different bytes to one name), and `published.json`, which lists them, is written last:
 * only with it is the version there. What a stopped run left is continued by whoever publishes the same bytes.
 */
export const folderStore = (root: string, clock: { now(): number } = { now: () => Date.now() }): ModelStore => {
  const folderOf = (tag: string): string => {
    requireTag(tag)
    return join(root, tag)
  }
  const pathOf = (folder: string, file: DigestedFile): string => join(folder, `${file.sha256.slice(0, 12)}-${file.path}`)

  const markerOf = async (folder: string): Promise<Marker | null> => {
    const path = join(folder, markerName)
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null
      throw new UserError(`${path} cannot be read: ${error.code}.`, { cause: error })
    })
    if (text === null) return null
    try {
      return marker.parse(JSON.parse(text))
    } catch (cause) {
      throw new UserError(
        `${path} is damaged: it is not the list of files that Refline wrote. Restore it from a copy, or remove ${folder}.`,
        {
          cause,
        },
      )
    }
  }

  const required = async (tag: string): Promise<string> => {
    const folder = folderOf(tag)
    if ((await markerOf(folder)) === null) throw new UserError(`There is no ${tag} in ${root}; its files are gone.`)
    return folder
  }

  const problem = async (folder: string, wanted: readonly DigestedFile[]): Promise<string | null> => {
    const { assets = [] } = (await markerOf(folder)) ?? {}
    for (const file of wanted) {
      if (!assetName.safeParse(file.path).success) return `${JSON.stringify(file.path)} is no name of an asset`
      // Evidence of a run that published the same bytes at the same moment is here too, although the list is of the other.
      if ((await sizeOf(pathOf(folder, file))) === null) {
        const listed = assets.find(asset => asset.path === file.path)
        if (listed !== undefined && listed.sha256 !== file.sha256)
          return `${file.path} has SHA-256 ${listed.sha256}, recorded was ${file.sha256}`
      }
      const found = await problemOf(pathOf(folder, file), file)
      if (found !== null) return found
    }
    return null
  }

  const foldersOf = async (model: string): Promise<readonly string[]> => {
    requireModel(model)
    const entries = await readdir(join(root, 'refline', model), { withFileTypes: true }).catch(nothingThere)
    return entries.flatMap(entry => (entry.isDirectory() ? [`refline/${model}/${entry.name}`] : [])).sort()
  }

  const tags = async (model: string): Promise<readonly string[]> => {
    const all = await foldersOf(model)
    const there = await Promise.all(all.map(tag => sizeOf(join(root, tag, markerName))))
    return all.filter((_, index) => there[index] !== null)
  }

  const sorted = (files: readonly DigestedFile[]): DigestedFile[] =>
    files.map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 })).sort((a, b) => (a.path < b.path ? -1 : 1))

  const complete = async (folder: string, uploads: readonly Upload[], owner: string, commit: string | null): Promise<void> => {
    for (const upload of uploads)
      if ((await problemOf(pathOf(folder, upload), upload)) !== null) await place(upload, upload, pathOf(folder, upload), 'The file', owner)
    await placeText(canonicalJson({ schema: 1, commit, assets: sorted(uploads) }), join(folder, markerName), owner)
  }

  const notesOf = (tag: string): Promise<string | null> => readFile(`${folderOf(tag)}.md`, 'utf8').catch(() => null)

  const removeFolder = async (tag: string): Promise<void> => {
    const folder = folderOf(tag)
    // The list first: what is half deleted must not look whole.
    await rm(join(folder, markerName), { force: true })
    await rm(folder, { recursive: true, force: true })
    await rm(`${folder}.md`, { force: true })
  }

  const stored = async (tag: string): Promise<StoredRelease> => {
    const folder = join(root, tag)
    const published = await markerOf(folder)
    const names = (await readdir(folder).catch(nothingThere)).filter(name => name !== markerName)
    const listed =
      published?.assets.map(file => ({ name: file.path, file: `${file.sha256.slice(0, 12)}-${file.path}`, digest: file.sha256 })) ??
      names.map(file => ({ name: file.replace(/^[0-9a-f]{12}-/, ''), file, digest: null }))
    const assets = await Promise.all(
      listed.map(async ({ name, file, digest }) => ({ name, digest, size: await sizeOf(join(folder, file)), file })),
    )
    const [heading = ''] = ((await notesOf(tag).catch(() => null)) ?? '').split('\n', 1)
    return {
      tag,
      title: heading.replace(/^# /, ''),
      draft: published === null,
      immutable: false,
      changedAt: (await stat(folder)).mtimeMs,
      commit: published?.commit ?? null,
      assets: assets.flatMap(({ name, digest, size, file }) =>
        size === null ? [] : [{ name, size, digest, state: file.endsWith('.partial') ? 'starter' : 'uploaded' }],
      ),
    }
  }

  return {
    async publish(request) {
      requirePublishable(request)
      const { model, digest, owner, commit, uploads } = request
      const manifest = uploads.find(upload => upload.path === manifestName) as Upload
      const core = modelFilesOf(uploads, await readFile(manifest.from, 'utf8'))
      const candidates = tagsOf(model, digest)
      for (const tag of candidates) {
        const folder = folderOf(tag)
        const url = pathToFileURL(folder).href
        const before = await markerOf(folder)
        if (before !== null) {
          if ((await problem(folder, core)) !== null) continue
          return { tag, url, assets: sorted(before.assets), existing: true, commit: before.commit }
        }
        await complete(folder, uploads, owner, commit)
        // Where two came at once one list stands in the end; what both need is there.
        const after = await markerOf(folder)
        const assets = sorted(uploads)
        const existing = after !== null && canonicalJson(sorted(after.assets)) !== canonicalJson(assets)
        return { tag, url, assets, existing, commit: after?.commit ?? commit }
      }
      throw new UserError(
        `${candidates[0]} and its suffixes to ${candidates.at(-1)} hold other files in ${root}. Remove those that are damaged.`,
      )
    },
    async describe(tag, title, notes) {
      await required(tag)
      const text = `# ${title}\n\n${notes}`
      if ((await notesOf(tag)) !== text) await placeText(text, `${folderOf(tag)}.md`, 'new')
    },
    async fetch(tag, wanted, folder) {
      const from = await required(tag)
      for (const file of wanted) {
        requireAssetName(file.path, 'nothing is fetched under it')
        const target = join(folder, file.path)
        if ((await problemOf(target, file)) === null) continue
        const source = pathOf(from, file)
        if ((await sizeOf(source)) === null) throw new UserError(`In ${tag}, ${await problem(from, [file])}; the ledger records it so.`)
        await place({ from: source }, file, target, `In ${tag},`, 'fetch')
      }
    },
    async prove(tag, assets) {
      const folder = folderOf(tag)
      return (await markerOf(folder)) === null ? `there is no ${tag} in ${root}` : problem(folder, assets)
    },
    tags,
    async described(model) {
      const all = await tags(model)
      const notes = await Promise.all(all.map(tag => sizeOf(join(root, `${tag}.md`))))
      return all.filter((_, index) => notes[index] !== null)
    },
    releases: async model => Promise.all((await foldersOf(model)).map(stored)),
    remove: removeFolder,
    async removeDrafts(model, olderThan) {
      const removed: string[] = []
      for (const tag of await foldersOf(model)) {
        const { draft, changedAt } = await stored(tag)
        if (!draft || clock.now() - changedAt <= olderThan) continue
        await rm(join(root, tag), { recursive: true, force: true })
        removed.push(tag)
      }
      return removed
    },
  }
}
