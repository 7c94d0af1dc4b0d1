/** Run folders between the jobs of one workflow run, as workflow artifacts. */
export interface RunArtifacts {
  /** False where there is no artifact service (a laptop, Enterprise Server). */
  readonly available: boolean
  upload(name: string, folder: string): Promise<void>
  /** Names of this workflow run's artifacts with a prefix. */
  list(prefix: string): Promise<readonly string[]>
  download(name: string, folder: string): Promise<void>
}
