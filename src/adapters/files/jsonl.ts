import { createReadStream } from 'node:fs'
import { UserError } from '../../core/errors.ts'

const longestLine = 1 << 20

/** Python writes NaN and Infinity bare, which is no JSON; either way the number is undefined. */
const bareNumbers = /([:[,]\s*)(?:NaN|-?Infinity)(?=\s*[,}\]])/g

const parseLine = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return JSON.parse(text.replace(bareNumbers, '$1null'))
  }
}

/** Streams a JSON Lines file, one object a line; blank lines are skipped. `name` is for messages. */
export const readJsonl = async (
  path: string,
  name: string,
  onRow: (row: Readonly<Record<string, unknown>>, line: number) => void,
): Promise<void> => {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let rest = ''
  let line = 0
  const place = () => ({ place: { file: name, line } })
  const take = (text: string): void => {
    line++
    if (text.trim() === '') return
    let row: unknown
    try {
      row = parseLine(text)
    } catch {
      throw new UserError('the line is not JSON; each line must be one object', place())
    }
    if (typeof row !== 'object' || row === null || Array.isArray(row)) throw new UserError('the line is not an object', place())
    onRow(row as Record<string, unknown>, line)
  }
  const decode = (chunk?: Buffer): string => {
    try {
      return chunk ? decoder.decode(chunk, { stream: true }) : decoder.decode()
    } catch (cause) {
      throw new UserError(`the file is not UTF-8 text, somewhere after line ${line}: save it as UTF-8`, { ...place(), cause })
    }
  }
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    const parts = (rest + decode(chunk as Buffer)).split('\n')
    rest = parts.pop() ?? ''
    for (const part of parts) take(part)
    if (rest.length > longestLine) {
      line++
      throw new UserError(`the line is longer than ${longestLine} characters`, place())
    }
  }
  rest += decode()
  if (rest !== '') take(rest)
}
