import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { pathToFileURL } from 'node:url'
import { UserError } from '../../core/errors.ts'
import { assetName, manifestName, parseManifest } from '../../core/lineage/manifest.ts'
import { type DigestedFile, modelName, sha256 } from '../../core/lineage/run.ts'
import type { ModelStore, Upload } from '../../ports/model-store.ts'

const suffixes = 9
const tagPattern = /^refline\/[a-z0-9-]{1,40}\/[0-9a-f]{12}(-[2-9])?$/

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )

/** Copies a file and checks it on the way. */
const copyChecked = async (from: string, file: DigestedFile, to: string, what: string): Promise<void> => {
  const hash = createHash('sha256')
  let bytes = 0
  const through = async function* (source: AsyncIterable<Buffer>) {
    for await (const piece of source) {
      hash.update(piece)
      bytes += piece.length
      yield piece
    }
  }
  await pipeline(createReadStream(from, { highWaterMark: 1 << 20 }), through, createWriteStream(to))
  const found = hash.digest('hex')
  if (bytes !== file.bytes || found !== file.sha256) {
    throw new UserError(`${what} ${file.path} has ${bytes} bytes and SHA-256 ${found}, recorded were ${file.bytes} and ${file.sha256}.`)
  }
}

const sumOf = async (path: string): Promise<string> => {
  const hash = createHash('sha256')
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(piece as Buffer)
  return hash.digest('hex')
}

/**
 * Model files in a folder, for laptops and servers without release assets: `<root>/refline/<model>/<digest12>/` holds the assets, `<digest12>.md` beside it the
 * title and notes. A version appears by one rename and is never written to again.
 */
export const folderStore = (root: string): ModelStore => {
  const folderOf = (tag: string): string => {
    if (!tagPattern.test(tag))
      throw new UserError(`${JSON.stringify(tag)} is no tag of a version: expected refline/<model>/<12 hexadecimal digits>.`)
    return join(root, tag)
  }
  const required = async (tag: string): Promise<string> => {
    const folder = folderOf(tag)
    if (!(await isThere(folder))) throw new UserError(`There is no ${tag} in ${root}; its files are gone.`)
    return folder
  }
  const listed = async (folder: string): Promise<DigestedFile[]> => {
    const names = (await readdir(folder)).filter(name => assetName.safeParse(name).success).sort()
    return Promise.all(
      names.map(async name => ({ path: name, bytes: (await stat(join(folder, name))).size, sha256: await sumOf(join(folder, name)) })),
    )
  }
  const problem = async (folder: string, wanted: readonly DigestedFile[]): Promise<string | null> => {
    for (const file of wanted) {
      if (!assetName.safeParse(file.path).success) return `${JSON.stringify(file.path)} is no name of an asset`
      const size = await stat(join(folder, file.path)).then(
        found => found.size,
        () => null,
      )
      if (size === null) return `${file.path} is missing`
      if (size !== file.bytes) return `${file.path} has ${size} bytes, recorded were ${file.bytes}`
      const found = await sumOf(join(folder, file.path))
      if (found !== file.sha256) return `${file.path} has SHA-256 ${found}, recorded was ${file.sha256}`
    }
    return null
  }
  const modelUploads = async (uploads: readonly Upload[]): Promise<readonly Upload[]> => {
    const manifest = uploads.find(upload => upload.path === manifestName)
    if (manifest === undefined) throw new UserError(`There is no ${manifestName} among the files to publish; pack the model first.`)
    const parts = new Set(parseManifest(await readFile(manifest.from, 'utf8'), manifest.from).packing.parts.map(part => part.path))
    return uploads.filter(upload => upload === manifest || parts.has(upload.path))
  }

  const tags = async (model: string): Promise<readonly string[]> => {
    if (!modelName.safeParse(model).success) throw new UserError(`${JSON.stringify(model)} is no model name.`)
    const entries = await readdir(join(root, 'refline', model), { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []
      throw error
    })
    return entries.filter(entry => entry.isDirectory()).map(entry => `refline/${model}/${entry.name}`)
  }

  return {
    async publish({ model, digest, owner, uploads }) {
      if (!modelName.safeParse(model).success || !sha256.safeParse(digest).success)
        throw new UserError(`${model} ${digest} is no model and digest.`)
      if (!assetName.safeParse(owner).success) throw new UserError(`${JSON.stringify(owner)} is no name of a run.`)
      const bad = uploads.find(
        (upload, index) => !assetName.safeParse(upload.path).success || uploads.findIndex(other => other.path === upload.path) !== index,
      )
      if (bad !== undefined)
        throw new UserError(
          `${JSON.stringify(bad.path)} cannot be the name of an asset, or comes twice; use letters, digits, ".", "_" and "-".`,
        )
      const core = await modelUploads(uploads)
      const staged = join(root, '.staging', owner)
      for (let suffix = 1; suffix <= suffixes; suffix += 1) {
        const tag = `refline/${model}/${digest.slice(0, 12)}${suffix === 1 ? '' : `-${suffix}`}`
        const folder = folderOf(tag)
        let existing = await isThere(folder)
        if (!existing) {
          await rm(staged, { recursive: true, force: true })
          await mkdir(staged, { recursive: true })
          await mkdir(dirname(folder), { recursive: true })
          for (const upload of uploads) await copyChecked(upload.from, upload, join(staged, upload.path), 'The file')
          try {
            await rename(staged, folder)
          } catch (error) {
            if (!(await isThere(folder))) throw error
            existing = true
          }
        }
        await rm(staged, { recursive: true, force: true })
        if (existing && (await problem(folder, core)) !== null) continue
        return { tag, url: pathToFileURL(folder).href, assets: await listed(folder), existing }
      }
      throw new UserError(
        `refline/${model}/${digest.slice(0, 12)} and its suffixes to -${suffixes} hold other files in ${root}. Remove those that are damaged.`,
      )
    },
    async describe(tag, title, notes) {
      const file = `${await required(tag)}.md`
      const text = `# ${title}\n\n${notes}`
      if ((await readFile(file, 'utf8').catch(() => null)) === text) return
      await writeFile(`${file}.new`, text)
      await rename(`${file}.new`, file)
    },
    async fetch(tag, assets, folder) {
      const from = await required(tag)
      await mkdir(folder, { recursive: true })
      for (const file of assets) {
        if (!assetName.safeParse(file.path).success)
          throw new UserError(`${JSON.stringify(file.path)} is no name of an asset; nothing is fetched under it.`)
        const source = join(from, file.path)
        if (!(await isThere(source))) throw new UserError(`${file.path} is missing in ${from}, which the ledger records with it.`)
        const partial = join(folder, `.${file.path}.partial`)
        try {
          await copyChecked(source, file, partial, `In ${tag},`)
          await rename(partial, join(folder, file.path))
        } finally {
          await rm(partial, { force: true })
        }
      }
    },
    async prove(tag, assets) {
      const folder = folderOf(tag)
      return (await isThere(folder)) ? problem(folder, assets) : `there is no ${tag} in ${root}`
    },
    tags,
    async described(model) {
      const all = await tags(model)
      const notes = await Promise.all(all.map(tag => isThere(`${folderOf(tag)}.md`)))
      return all.filter((_, index) => notes[index])
    },
  }
}
