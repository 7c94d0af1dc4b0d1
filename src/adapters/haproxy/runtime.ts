import { connect } from 'node:net'
import { UserError } from '../../core/errors.ts'

const largestAnswer = 4_194_304

const addressOf = (socket: string): { readonly path: string } | { readonly host: string; readonly port: number } => {
  if (socket.startsWith('/')) return { path: socket }
  const [, host, port] = /^(?:tcp:)?(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):(\d{1,5})$/.exec(socket) ?? []
  if (host === undefined || port === undefined || Number(port) > 65_535)
    throw new UserError(`"${socket}" is not a HAProxy socket; write the path of a unix socket or host:port`)
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) }
}

/** Sends one line to a HAProxy runtime socket and returns its whole answer. Throws a UserError where it does not answer within the time. */
export const ask = (socket: string, line: string, seconds: number): Promise<string> => {
  const address = addressOf(socket)
  return new Promise((resolve, reject) => {
    const refuse = (what: string, cause?: unknown) => {
      connection.destroy()
      reject(new UserError(`HAProxy at ${socket} ${what}`, cause === undefined ? {} : { cause }))
    }
    const connection = connect(address, () => connection.write(`${line}\n`))
    const parts: Buffer[] = []
    let bytes = 0
    const timer = setTimeout(() => refuse(`did not answer \`${line}\` within ${seconds} s`), seconds * 1000)
    connection.on('data', part => {
      parts.push(part)
      bytes += part.length
      if (bytes > largestAnswer) refuse(`answered \`${line}\` with more than ${largestAnswer} bytes`)
    })
    connection.on('error', error => {
      clearTimeout(timer)
      refuse(`cannot be reached: ${error.message}`, error)
    })
    connection.on('close', () => {
      clearTimeout(timer)
      resolve(Buffer.concat(parts).toString('utf8'))
    })
  })
}

/** A server of a backend as `show servers state` shows it. */
export interface ServerState {
  readonly weight: number
  readonly ready: boolean
}

const running = '2'

/** Parses the answer of `show servers state` (format 1) into servers by name. */
export const parseServersState = (answer: string, backend: string): ReadonlyMap<string, ServerState> => {
  const lines = answer.split('\n').filter(line => line.trim() !== '')
  const header = lines.find(line => line.startsWith('# '))
  if (lines[0]?.trim() !== '1' || header === undefined)
    throw new UserError(
      `HAProxy does not know backend ${backend}, or its socket is no runtime socket: it answered ${JSON.stringify(answer.trim().slice(0, 160))}`,
    )
  const columns = header.slice(2).trim().split(/\s+/)
  const column = (name: string): number => {
    const at = columns.indexOf(name)
    if (at < 0) throw new UserError(`HAProxy's \`show servers state\` has no column ${name}; versions from 2.0 on have it`)
    return at
  }
  const [name, weight, state, admin] = [column('srv_name'), column('srv_uweight'), column('srv_op_state'), column('srv_admin_state')]
  const rows = lines.filter(line => !line.startsWith('#')).slice(1)
  return new Map(
    rows.map(line => {
      const fields = line.trim().split(/\s+/)
      const value = Number(fields[weight])
      if (!Number.isInteger(value) || value < 0 || value > 256)
        throw new UserError(`HAProxy shows weight ${JSON.stringify(fields[weight])} for ${backend}/${fields[name]}, expected 0 to 256`)
      return [fields[name] ?? '', { weight: value, ready: fields[state] === running && fields[admin] === '0' }]
    }),
  )
}
