import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { githubClient } from '../../adapters/github/client.ts'
import { githubForge } from '../../adapters/github/forge.ts'
import { type RunnerContext, runnerContext } from '../../adapters/runner/context.ts'
import { jobLog } from '../../adapters/runner/log.ts'
import { jobSummary } from '../../adapters/runner/summary.ts'
import { runTyped } from '../../cli/run.ts'
import { jsonText, type Terminal } from '../../cli/terminal.ts'
import { splitWords } from '../../cli/words.ts'
import { fenced } from '../../core/report/fence.ts'
import { runAction } from '../../kernel/run.ts'
import type { Forge } from '../../ports/forge.ts'
import { requireDecidingRef } from '../deciding-ref.ts'
import { requireWriter } from '../writer.ts'
import { spec } from './spec.ts'

export const main = () =>
  runAction(spec, async inputs => {
    const context = runnerContext()
    const log = jobLog()
    const printed: string[] = []
    const documents: string[] = []
    const say = (text: string): void => {
      log.info(text)
      printed.push(text)
    }
    const terminal: Terminal = {
      say,
      document: value => {
        const json = jsonText(value)
        documents.push(json)
        say(json)
      },
      width: null,
      env: { ...process.env, ...(inputs.token === '' ? {} : { GITHUB_TOKEN: inputs.token }) },
      folder: context.workspace,
      defaults: { ledger: inputs.ledger, model: inputs.model },
      mayDecide: () =>
        requireDecidingRef(context, forgeOf(context, inputs.token), inputs.allowRef, {
          refused: 'nothing is decided by a command on',
          done: 'decisions are written',
        }),
      requireWriter: what => requireWriter(context, forgeOf(context, inputs.token), what, 'this command'),
    }
    const [first, ...rest] = splitWords(inputs.command)
    // What a person copies from a terminal begins with the program's name.
    const [name, ...more] = first === undefined || first === 'refline' ? rest : [first, ...rest]
    const reason = inputs.reason === undefined ? [] : [`--reason=${inputs.reason}`]
    const words = name === undefined ? reason : [name, ...reason, ...more]
    process.chdir(context.workspace)
    try {
      const { failure } = await runTyped(words, terminal)
      const outputs = { result: await keep(documents, context.temp), reason: failure ?? '' }
      return failure === undefined ? { outputs } : { outputs, failure }
    } finally {
      await jobSummary().write(fenced(`refline ${words.join(' ')}`, printed.join('\n'), documents.length > 0 ? 'json' : 'text'))
    }
  })

const forgeOf = ({ repository, apiUrl }: RunnerContext, token: string): Forge | null =>
  repository === null || token === '' ? null : githubForge(githubClient({ token, apiUrl }), repository)

/** Writes what `--json` printed where later steps find it; its path, or an empty one where there was none. */
const keep = async (documents: readonly string[], temp: string): Promise<string> => {
  if (documents.length === 0) return ''
  const folder = join(temp, 'refline', 'cli')
  await mkdir(folder, { recursive: true })
  const path = join(folder, `${crypto.randomUUID()}.json`)
  await writeFile(path, `${documents.join('\n')}\n`)
  return path
}
