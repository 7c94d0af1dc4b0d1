import type { DigestedFile } from '../core/lineage/run.ts'

/** A file to be kept with a version: `name` as the asset is called, `path` where it lies now. */
export interface Upload extends DigestedFile {
  readonly from: string
}

export interface Published {
  readonly tag: string
  readonly url: string
  readonly assets: readonly DigestedFile[]
  /** The tag was taken by the same bytes: nothing was uploaded. */
  readonly existing: boolean
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
  /** Downloads the named assets (default: all) into a folder and verifies each against `assets`. Throws where one is missing or differs. */
  fetch(tag: string, assets: readonly DigestedFile[], folder: string): Promise<void>
  /** Proves without downloading that all assets are there with the right digests; says what is wrong, or null. */
  prove(tag: string, assets: readonly DigestedFile[]): Promise<string | null>
  /** Tags of all published releases of this model, those included whose record was never written because the job was stopped in between. */
  tags(model: string): Promise<readonly string[]>
  /**
   * Tags of the releases that were described, which only happens once the ledger has their record: what tells "first version" from "the ledger is gone". A
   * release left by a first registration that was stopped before its record is none of them.
   */
  described(model: string): Promise<readonly string[]>
}
