/** What the actions ask GitHub about the repository. */
export interface Forge {
  /** A file's text at a commit or branch; null where the commit exists and the file does not. */
  fileAt(path: string, ref: string): Promise<string | null>
  /** First parent of a commit: the base of a pull request's merge commit. */
  firstParent(commit: string): Promise<string>
  /** Number of the merged pull request that brought a commit, or null. */
  pullRequestOf(commit: string): Promise<number | null>
  /** admin | maintain | write | triage | read | none. */
  permissionOf(user: string): Promise<string>
  defaultBranch(): Promise<string>
  /**
   * Opens an issue or, where one with this marker is open, adds a comment to it; nothing where it or a comment of ours has `told` as its second line already:
   * that was said before, if in other words.
   */
  incident(marker: string, told: string, title: string, body: string): Promise<{ readonly url: string } | { readonly denied: string }>
}

/**
 * `queued`: begun, no traffic yet; `in_progress`: at a share of the traffic; `success`: live; `failure`: rolled back; `error`: it could not be deployed at all;
 * `inactive`: withdrawn or superseded.
 */
export type DeploymentStatus = 'queued' | 'in_progress' | 'success' | 'failure' | 'error' | 'inactive'

/** Mirrors a rollout in GitHub's deployments. Nothing is decided from it, so a token that may not write is no error. */
export interface Deployments {
  /** Finds the deployment of this rollout or creates it; null where the token may not. */
  begin(
    environment: string,
    key: string,
    commit: string,
    description: string,
  ): Promise<{ readonly id: number; readonly url: string } | null>
  /** Says how it stands, once: the newest status that says the same is left as it is. `environmentUrl` is where the environment is seen by people. */
  status(id: number, status: DeploymentStatus, description: string, environmentUrl?: string | null): Promise<void>
  /** Whether its newest status says how it ended; true as well where the token may not look. */
  isOver(id: number): Promise<boolean>
  /** Marks every other deployment of this environment made by us inactive. */
  supersede(environment: string, except: number): Promise<void>
}
