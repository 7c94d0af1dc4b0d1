/** What a comment tells beside the assessment. Everything may be unknown (null or empty); what is unknown is left out. */
export interface CommentContext {
  /** Of Refline. */
  readonly version: string
  readonly commit: string | null
  readonly jobUrl: string | null
  /** Params that differ from the champion's run; null on the side that lacks one. */
  readonly params: readonly { readonly name: string; readonly from: string | null; readonly to: string | null }[]
  /** Data of this run; `changed` null where there is nothing to compare it with. */
  readonly data: readonly { readonly path: string; readonly sha256: string; readonly changed: boolean | null }[]
  /** Whether the code differs from the champion's; null where that is not known. */
  readonly codeChanged: boolean | null
  readonly seconds: number | null
  readonly modelBytes: number | null
  readonly championBytes: number | null
  /** The base branch does not know this model: its rules come from the change itself. */
  readonly newModel: boolean
  /** Where a promotion leads: the environment and its steps of traffic in percent. Null where none is configured. */
  readonly rollout: { readonly environment: string; readonly steps: readonly number[] } | null
}
