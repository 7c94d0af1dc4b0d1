import { z } from 'zod'
import { UserError } from '../errors.ts'
import { canonicalJson } from './canonical.ts'
import { digestedFile, sha256 } from './run.ts'

/** Name of the asset that lists the model files; its digest is the version's digest. */
export const manifestName = 'manifest.json'

/** A name that every store keeps as it is: GitHub rewrites special characters, and a path must never leave its folder. */
export const assetName = z
  .string()
  .max(200)
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*$/)

/** The model files of a version and how they are packed into assets. It says nothing of the run, so that the same bytes are the same version. */
export const manifest = z.strictObject({
  schema: z.literal(1),
  files: z.array(digestedFile).min(1).max(100_000).describe('the model files, sorted by path'),
  packing: z.strictObject({
    kind: z.enum(['file', 'tar']).describe('the one file as it is, or all of them in one deterministic tar'),
    bytes: z.int().min(1),
    sha256,
    parts: z
      .array(z.strictObject({ path: assetName, bytes: z.int().min(1), sha256 }))
      .min(1)
      .max(500)
      .describe('assets that joined are the file or the tar'),
  }),
})
export type Manifest = z.output<typeof manifest>

/** Whether a path stays below the folder it is taken relative to, on every system. */
export const isPlainPath = (path: string): boolean =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a file's name from a server must have none
  !/[\u0000-\u001f\\:]/.test(path) && path.split('/').every(segment => segment !== '' && segment !== '.' && segment !== '..')

/** Reads a manifest. Throws a UserError where it is none, is not canonical, or names a path outside its folder. */
export const parseManifest = (text: string, from: string): Manifest => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new UserError(`${from} is not JSON: it is no manifest of a model.`)
  }
  const parsed = manifest.safeParse(value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new UserError(`${from} is no manifest of a model: ${issue?.path.join('.') || 'its top'}: ${issue?.message}`)
  }
  if (canonicalJson(parsed.data) !== text) throw new UserError(`${from} is no manifest as Refline writes it (canonical JSON).`)
  const paths = parsed.data.files.map(file => file.path)
  const seen = new Set<string>()
  const bad = paths.find(path => !isPlainPath(path) || seen.size === seen.add(path).size)
  if (bad !== undefined)
    throw new UserError(`${from} names ${JSON.stringify(bad)}, which is no path inside a model's folder or comes twice.`)
  return parsed.data
}
