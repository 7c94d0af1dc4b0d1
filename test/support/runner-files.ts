/** A workflow command, as the runner reads it from a step's output. */
export interface WorkflowCommand {
  readonly name: string
  readonly properties: Readonly<Record<string, string>>
  readonly data: string
}

const unescapeData = (text: string): string => text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%')
const unescapeProperty = (text: string): string => unescapeData(text.replaceAll('%3A', ':').replaceAll('%2C', ','))

/** Reads workflow commands as the runner does: leading white space is ignored, and nothing counts between `::stop-commands::token` and `::token::`. */
export const parseWorkflowCommands = (output: string): readonly WorkflowCommand[] => {
  const commands: WorkflowCommand[] = []
  let stopped: string | null = null
  for (const line of output.split(/\r?\n/)) {
    const match = /^\s*::([^\s:]+)(?: ([^:]*(?::(?!:)[^:]*)*))?::(.*)$/.exec(line)
    if (match === null) continue
    const [, name = '', rest = '', data = ''] = match
    if (stopped !== null) {
      if (name === stopped) stopped = null
      continue
    }
    if (name === 'stop-commands') {
      stopped = data
      continue
    }
    const pairs = rest.split(',').flatMap(part => {
      const equals = part.indexOf('=')
      return equals < 1 ? [] : [[part.slice(0, equals).trim(), unescapeProperty(part.slice(equals + 1))] as const]
    })
    commands.push({ name, properties: Object.fromEntries(pairs), data: unescapeData(data) })
  }
  return commands
}

/**
 * Reads GITHUB_OUTPUT, GITHUB_ENV and GITHUB_STATE as the runner does: `name=value`, or `name<<delimiter`, lines, `delimiter`. Whichever of `=` and `<<` comes
 * first decides. Throws where the runner would fail the step.
 */
export const parseFileCommands = (text: string): Readonly<Record<string, string>> => {
  const values: Record<string, string> = {}
  const lines = text.split('\n').map(line => line.replace(/\r$/, ''))
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? ''
    if (line === '') continue
    const equals = line.indexOf('=')
    const heredoc = line.indexOf('<<')
    if (equals >= 0 && (heredoc < 0 || equals < heredoc)) {
      values[line.slice(0, equals)] = line.slice(equals + 1)
      continue
    }
    if (heredoc < 1) throw new Error(`Invalid format '${line}'`)
    const name = line.slice(0, heredoc)
    const delimiter = line.slice(heredoc + 2)
    const end = lines.indexOf(delimiter, index + 1)
    if (delimiter === '' || end < 0) throw new Error(`Invalid value. Matching delimiter not found '${delimiter}'`)
    values[name] = lines.slice(index + 1, end).join('\n')
    index = end
  }
  return values
}
