/**
 * Runs a user's own command from the checked-out configuration. A string runs as `bash -eo pipefail -c`, a list is argv. The environment is scrubbed of everything
 * that could write to GitHub (DESIGN section 9); `passEnv` names variables to give back.
 */
export interface UserCommand {
  run(request: {
    readonly command: string | readonly string[]
    readonly folder: string
    readonly environment: Readonly<Record<string, string>>
    readonly passEnv: readonly string[]
    /** Called for every line of output; the line is untrusted. */
    readonly onLine?: (line: string) => void
    readonly timeoutSeconds?: number
  }): Promise<{ readonly exitCode: number; readonly seconds: number; readonly stdout: string; readonly lastLines: readonly string[] }>
}
