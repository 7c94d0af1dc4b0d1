/** The job summary of this step. */
export interface Summary {
  write(markdown: string): Promise<void>
}

/** A job summary of which one part tells how something stands, again and again. */
export interface LiveSummary extends Summary {
  /** Puts this text where the last one of this call stood, so that a job that is stopped leaves the newest. */
  rewrite(markdown: string): Promise<void>
}

/** The one comment of a pull request, found by its marker and its author on all pages, edited and never repeated. */
export interface Comments {
  /** Returns its URL, or the reason why this token may not comment. */
  upsert(pullRequest: number, marker: string, body: string): Promise<{ readonly url: string } | { readonly denied: string }>
}

/** Lines for people, in the log. Text from users is made harmless inside. */
export interface Log {
  info(line: string): void
  warning(line: string): void
  /** Runs `work` inside a folded group. */
  group<T>(title: string, work: () => Promise<T>): Promise<T>
}
