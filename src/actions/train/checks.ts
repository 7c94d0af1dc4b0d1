import { realpath, stat, writeFile } from 'node:fs/promises'
import { extname, isAbsolute, join, relative, resolve } from 'node:path'
import { readText } from '../../adapters/files/text.ts'
import type { ModelConfiguration } from '../../core/configuration/schema.ts'
import { UserError } from '../../core/errors.ts'
import { checksProblem } from '../../core/evaluation/check-answer.ts'
import { type ChecksResult, checksResult } from '../../core/lineage/run.ts'
import type { Log } from '../../ports/report.ts'
import type { RunFolders } from '../../ports/run-folders.ts'
import type { UserCommand } from '../../ports/user-command.ts'
import type { CheckRequest } from './checks-child.ts'

const extensions = ['.ts', '.mts', '.js', '.mjs']
const largestResult = 1 << 20

/** What is needed to run the module of a model's own checks. */
export interface Checking {
  readonly name: string
  readonly model: ModelConfiguration
  /** The checked-out repository, and the folder in it that the model's commands run in. */
  readonly checkout: string
  readonly folder: string
  readonly passEnv: readonly string[]
  readonly command: UserCommand
  readonly log: Log
  readonly runs: RunFolders
  readonly checks: CheckProcess
}

/** How the process of the checks is started: program and arguments, to which the path of a request is added, and its deadline. */
export interface CheckProcess {
  readonly argv: readonly string[]
  readonly deadlineSeconds: number
}

/**
 * Absolute path of the module that refline.yml names, null where it names none. Asked before the training, since a module that is not there, lies outside of the checkout
 * or is of another kind is a UserError.
 */
export const checkModule = async ({ model, checkout, folder }: Pick<Checking, 'model' | 'checkout' | 'folder'>): Promise<string | null> => {
  if (model.checks === undefined) return null
  const module = resolve(folder, model.checks)
  const refused = (what: string): UserError => new UserError(`checks names ${model.checks}, which ${what}`)
  if (!extensions.includes(extname(module))) throw refused(`must end in ${extensions.join(', ')}`)
  if (!(await stat(module).catch(() => null))?.isFile()) throw refused(`is no file in ${folder}`)
  const place = relative(await realpath(checkout), await realpath(module))
  if (place.startsWith('..') || isAbsolute(place)) throw refused('lies outside of the checkout')
  return module
}

/**
 * Runs a model's own checks on the predictions of a run, in a process of their own with the scrubbed environment of users' commands and a deadline. Whatever goes
 * wrong is a `problem` of the result, never an error: the training is kept, and the gate fails.
 */
export const runChecks = async (
  checking: Checking,
  module: string,
  run: { readonly predictions: string | null; readonly path: string; readonly params: Readonly<Record<string, unknown>> },
): Promise<ChecksResult> => {
  const { log, name } = checking
  const result = await log.group(`checks of ${name}`, () => measured(checking, module, run))
  for (const { check, severity, message } of result.findings) {
    const line = `${check}: ${message}`
    if (severity === 'info') log.info(line)
    else log.warning(line)
  }
  if (result.problem !== null) log.warning(`the checks of ${name} gave no answer, so the gate will not pass: ${result.problem}`)
  return result
}

const measured = async (checking: Checking, module: string, run: Parameters<typeof runChecks>[2]): Promise<ChecksResult> => {
  const named = checking.model.checks ?? module
  const { predictions } = run
  if (predictions === null) return checksProblem(`${named} was not called: the training gave no predictions`)
  const scratch = await checking.runs.scratch('checks')
  const result = join(scratch, 'result.json')
  const request: CheckRequest = {
    ...run,
    module,
    named,
    predictions,
    result,
    checkout: await realpath(checking.checkout),
    model: checking.name,
    rules: checking.model,
  }
  const asked = join(scratch, 'request.json')
  await writeFile(asked, JSON.stringify(request))
  try {
    const { exitCode, lastLines } = await checking.command.run({
      command: [...checking.checks.argv, asked],
      folder: checking.folder,
      environment: {},
      passEnv: checking.passEnv,
      onLine: line => checking.log.info(line),
      timeoutSeconds: checking.checks.deadlineSeconds,
    })
    const text = exitCode === 0 ? await readText(result, `the answer of ${named}`, { largest: largestResult, links: false }) : null
    if (text !== null) return validated(text) ?? checksProblem(`${named} left an answer that cannot be read`)
    const last = lastLines.at(-1) ?? '(nothing printed)'
    return checksProblem(`${named} ended with exit code ${exitCode} before it gave an answer; its last line: ${last}`)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return checksProblem(`${named} ${/was stopped .*$/.exec(error.message)?.[0] ?? `gave no answer: ${error.message}`}`)
  }
}

/** Null where it is not what our side of the process writes: the module may have written that file itself. */
const validated = (text: string): ChecksResult | null => {
  try {
    return checksResult.parse(JSON.parse(text))
  } catch {
    return null
  }
}
