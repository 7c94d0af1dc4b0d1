import type { ReadRelease } from '../core/lineage/audit/releases.ts'
import type { DigestedFile } from '../core/lineage/run.ts'

/** A file to be kept with a version: `path` is the name of the asset, `from` the file that holds its `bytes` bytes. */
export interface Upload extends DigestedFile {
  readonly from: string
  /** Where in `from` its bytes begin, for the parts of a large file; 0 by default, and then `from` holds nothing else. */
  readonly start?: number
}

export interface Published {
  readonly tag: string
  readonly url: string
  readonly assets: readonly DigestedFile[]
  /** The tag was taken by the same bytes: nothing was uploaded. */
  readonly existing: boolean
  /** The commit that the tag sits on; null where there is none, or it is not known. */
  readonly commit: string | null
}

/** A release as it stands in the store. */
export interface StoredRelease extends ReadRelease {
  /** The store itself refuses to change its files. */
  readonly immutable: boolean
}

/** Where the files of versions are kept. Assets are immutable once published and every byte is checked by digest on the way in and out. */
export interface ModelStore {
  /**
   * Publishes model files, `manifest.json` and evidence under `refline/<model>/<digest12>`. The own draft is named by `owner` (the run), so that a
   * repeat finds it again. `commit` is the ledger's head the tag is put on, null for the default branch.
   */
  publish(request: {
    readonly model: string
    readonly digest: string
    readonly owner: string
    readonly commit: string | null
    readonly uploads: readonly Upload[]
  }): Promise<Published>
  /** Sets title and notes of a published version; the same text again is no change. */
  describe(tag: string, title: string, notes: string): Promise<void>
  /** Downloads the named assets into a folder and verifies each against `assets`. Throws where one is missing or differs. What a stopped job had begun is continued. */
  fetch(tag: string, assets: readonly DigestedFile[], folder: string): Promise<void>
  /** Proves without downloading, where the store knows digests, that all assets are there; says what is wrong, or null. */
  prove(tag: string, assets: readonly DigestedFile[]): Promise<string | null>
  /** Tags of all published releases of this model, those included whose record was never written because the job was stopped in between. */
  tags(model: string): Promise<readonly string[]>
  /**
   * Tags of the releases that were described, which only happens once the ledger has their record: what tells "first version" from "the ledger is gone". A
   * release left by a first registration that was stopped before its record is none of them.
   */
  described(model: string): Promise<readonly string[]>
  /** All releases of this model, the drafts that runs left included. */
  releases(model: string): Promise<readonly StoredRelease[]>
  /** Deletes a published release and its tag; what is gone already is no error. */
  remove(tag: string): Promise<void>
  /** Deletes the drafts of this model that are older than so many milliseconds, and returns the tags that they were for. */
  removeDrafts(model: string, olderThan: number): Promise<readonly string[]>
}
