import { readFile, rename, writeFile } from 'node:fs/promises'
import { loadCheck, thrownWhere } from '../../adapters/checks/module.ts'
import { readPredictions } from '../../adapters/files/predictions.ts'
import type { ModelConfiguration } from '../../core/configuration/schema.ts'
import { UserError } from '../../core/errors.ts'
import { checksProblem, readCheckAnswer } from '../../core/evaluation/check-answer.ts'
import type { ChecksResult } from '../../core/lineage/run.ts'

/** What the process of the checks is told, as a JSON file whose path is its last argument. All paths are absolute. */
export interface CheckRequest {
  /** The module and what refline.yml calls it. */
  readonly module: string
  readonly named: string
  readonly checkout: string
  readonly model: string
  readonly rules: ModelConfiguration
  readonly predictions: string
  /** The saved model, a file or a folder. */
  readonly path: string
  readonly params: Readonly<Record<string, unknown>>
  /** Where the answer is written, at once and last of all. */
  readonly result: string
}

/** The process of the users' own checks: reads the predictions, calls the module, writes what it gave and ends. It has no tokens, and what it writes is validated again. */
export const check = async (): Promise<never> => {
  const request = JSON.parse(await readFile(process.argv.at(-1) ?? '', 'utf8')) as CheckRequest
  const end = async (result: ChecksResult): Promise<never> => {
    await writeFile(`${request.result}.part`, JSON.stringify(result))
    await rename(`${request.result}.part`, request.result)
    // Timers and sockets of the module must not keep the job waiting.
    return process.exit(0)
  }
  const threw = (error: unknown) => end(checksProblem(`${request.named} threw: ${thrownWhere(error, request.checkout)}`))
  process.on('uncaughtException', threw)
  process.on('unhandledRejection', threw)
  try {
    return await end(await answerOf(request))
  } catch (error) {
    return error instanceof UserError ? end(checksProblem(withFile(error))) : threw(error)
  }
}

const withFile = ({ message, place }: UserError): string =>
  place === undefined || message.startsWith(place.file) ? message : `${place.file}: ${message}`

const answerOf = async ({ module, named, model, rules, predictions: file, path, params }: CheckRequest): Promise<ChecksResult> => {
  const rows = await readPredictions(file, rules)
  const { task, classes, threshold } = rows
  if (rows.rows === 0) throw new UserError(`${named} was not called: there are no predictions`)
  const run = await loadCheck(module, named)
  const { danfo, dataFrameOf } = await import('../../adapters/checks/data-frame.ts')
  const predictions = dataFrameOf(rows)
  const answer = await run({ predictions, model, task, classes, threshold, path, params, danfo })
  const read = readCheckAnswer(answer, task)
  return read.problem === null ? read : checksProblem(`${named}: ${read.problem}`)
}
