/**
 * The double as a program, for the demo and the end-to-end tests:
 *
 *   node test/support/github/main.ts [--root DIR] [--port-file FILE] [--open-push] [--repository owner/name]...
 *
 * Prints one line of JSON with its addresses (and writes it to the file), answers `/_double/*`, and ends on SIGTERM, SIGINT or when stdin closes. It then
 * prints what broke GitHub's description on stderr and exits 1 where anything did.
 */
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { startGitHub } from './server.ts'

const { values } = parseArgs({
  options: {
    root: { type: 'string' },
    'port-file': { type: 'string' },
    'open-push': { type: 'boolean' },
    repository: { type: 'string', multiple: true },
  },
})
if (values.root !== undefined) await mkdir(values.root, { recursive: true })
const double = await startGitHub({
  ...(values.root === undefined ? {} : { root: values.root }),
  ...(values.repository === undefined ? {} : { repositories: values.repository }),
  openPush: values['open-push'] ?? false,
})
const end = () => {
  double.close().then(
    () => process.exit(0),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
      process.exit(1)
    },
  )
}
process.on('SIGTERM', end).on('SIGINT', end)
process.stdin.on('end', end).on('error', end).resume()

const { url, serverUrl, apiUrl, resultsUrl, token } = double
const line = `${JSON.stringify({ url, serverUrl, apiUrl, resultsUrl, token, control: `${url}/_double`, pid: process.pid })}\n`
if (values['port-file'] !== undefined) {
  await writeFile(`${values['port-file']}.new`, line)
  await rename(`${values['port-file']}.new`, values['port-file'])
}
process.stdout.write(line)
