/** Run folders between the jobs of one workflow run, as workflow artifacts. */
export interface RunArtifacts {
  /** False where there is no artifact service (a laptop, Enterprise Server). */
  readonly available: boolean
  upload(name: string, folder: string): Promise<void>
  /** This workflow run's artifacts whose names have a prefix. A later upload has a higher id. */
  list(prefix: string): Promise<readonly { readonly id: number; readonly name: string }[]>
  download(name: string, folder: string): Promise<void>
}
