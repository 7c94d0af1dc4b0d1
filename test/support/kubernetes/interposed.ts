import { chmod, writeFile } from 'node:fs/promises'

/** What happens around a write of kubectl. `times`: at how many of its writes, counted from the first. */
export interface Interposed {
  /** Arguments of a kubectl that somebody else runs right before Refline's write. */
  readonly before?: readonly string[]
  /** The same right after it. */
  readonly after?: readonly string[]
  /** The write is done, and kubectl then says that it got no answer. */
  readonly loses?: boolean
  readonly times: number
}

const quoted = (argument: string): string => `'${argument.replaceAll("'", `'\\''`)}'`

/**
 * Makes a program that is the real kubectl, with something happening at its writes as it could on any day. What somebody else runs goes by the same kubeconfig.
 * Returns its path.
 */
export const interposedKubectl = async (kubectl: string, path: string, { before, after, loses, times }: Interposed): Promise<string> => {
  const run = (argv: readonly string[] | undefined) =>
    argv === undefined ? ':' : `${quoted(kubectl)} --kubeconfig=kubeconfig ${argv.map(quoted).join(' ')} >&2 || exit 97`
  const lines = [
    '#!/bin/sh',
    `if [ "$1" != patch ]; then exec ${quoted(kubectl)} "$@"; fi`,
    `count=$(cat ${quoted(`${path}.count`)} 2>/dev/null || echo 0); echo $((count + 1)) >${quoted(`${path}.count`)}`,
    `if [ "$count" -ge ${times} ]; then exec ${quoted(kubectl)} "$@"; fi`,
    run(before),
    ...(loses === true
      ? [`${quoted(kubectl)} "$@" >/dev/null || exit 97`, 'echo "Unable to connect to the server: unexpected EOF" >&2; exit 1']
      : after === undefined
        ? [`exec ${quoted(kubectl)} "$@"`]
        : [`${quoted(kubectl)} "$@"; code=$?`, run(after), 'exit $code']),
  ]
  await writeFile(path, `${lines.join('\n')}\n`)
  await chmod(path, 0o755)
  return path
}
