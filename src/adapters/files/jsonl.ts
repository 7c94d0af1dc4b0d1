import { UserError } from '../../core/errors.ts'
import { JsonProblem, parseJson } from '../../core/json.ts'
import { packingOf } from './unpacked.ts'

const longestLine = 1 << 20

/** Our own parser is the slow way: it takes the bare NaN of Python, and it refuses a key that stands twice, which could hide a NaN behind a number. */
const parseLine = (text: string): unknown => {
  let row: unknown
  try {
    row = JSON.parse(text)
  } catch {
    return parseJson(text)
  }
  const keys = typeof row === 'object' && row !== null ? Object.keys(row).length : 0
  return (text.match(/"\s*:/g)?.length ?? 0) > keys ? parseJson(text) : row
}

/** Reads JSON Lines that come in pieces, one object a line; blank lines are skipped. `name` is for messages. */
export const readJsonl = async (
  pieces: AsyncIterable<Uint8Array>,
  name: string,
  onRow: (row: Readonly<Record<string, unknown>>, line: number) => void,
): Promise<void> => {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let rest = ''
  let line = 0
  let first = true
  const place = () => ({ place: { file: name, line } })
  const take = (text: string): void => {
    line++
    if (text.trim() === '') return
    let row: unknown
    try {
      row = parseLine(text)
    } catch (cause) {
      const why = cause instanceof JsonProblem ? ` (${cause.message})` : ''
      throw new UserError(`the line is not JSON${why}; each line must be one object`, place())
    }
    if (typeof row !== 'object' || row === null || Array.isArray(row)) throw new UserError('the line is not an object', place())
    onRow(row as Record<string, unknown>, line)
  }
  const decode = (piece?: Uint8Array): string => {
    try {
      return piece ? decoder.decode(piece, { stream: true }) : decoder.decode()
    } catch (cause) {
      throw new UserError(`the file is not UTF-8 text, somewhere after line ${line}: save it as UTF-8`, { ...place(), cause })
    }
  }
  for await (const piece of pieces) {
    const packing = first ? packingOf(piece) : null
    if (packing !== null)
      throw new UserError(
        `the file is compressed with ${packing}: unpack it first, or call it ${name}${packing === 'gzip' ? '.gz' : '.zst'}`,
        { place: { file: name } },
      )
    first = false
    const parts = (rest + decode(piece)).split('\n')
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
