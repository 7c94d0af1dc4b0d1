/** Builds and pushes the serving image of a version. */
export interface ImageBuilder {
  /** Null where it can work, else why not ("no Docker Engine: ..."). */
  unavailable(): Promise<string | null>
  /** `context` holds the Dockerfile and all it copies. Returns name@digest when pushed, else the local image id. */
  build(request: {
    readonly context: string
    readonly name: string
    readonly tags: readonly string[]
    readonly labels: Readonly<Record<string, string>>
    readonly push: boolean
  }): Promise<{ readonly image: string; readonly digest: string }>
}
