import { harmless, harmlessLine } from '../../core/report/log-line.ts'
import type { Log } from '../../ports/report.ts'

const escapeData = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')

/**
 * The job's log. Every text is made harmless first, so that whatever a user, a file or a server says cannot become a workflow command. On a runner warnings
 * are annotations and groups are folded; elsewhere both are plain lines.
 */
export const jobLog = (
  env: NodeJS.ProcessEnv = process.env,
  write: (line: string) => void = line => void process.stdout.write(line),
): Log => {
  const onRunner = env.GITHUB_ACTIONS === 'true'
  const say = (line: string): void => write(`${line}\n`)
  return {
    info: line => say(harmless(line)),
    warning: line => say(onRunner ? `::warning::${escapeData(harmless(line))}` : `Warning: ${harmlessLine(line)}`),
    group: async (title, work) => {
      say(onRunner ? `::group::${escapeData(harmlessLine(title))}` : harmlessLine(title))
      try {
        return await work()
      } finally {
        if (onRunner) say('::endgroup::')
      }
    },
  }
}
