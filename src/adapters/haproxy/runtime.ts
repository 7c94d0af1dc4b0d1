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
      // Even where there is nothing to say it answers with an empty line.
      if (bytes === 0) refuse(`closed the connection without an answer to \`${line}\``)
      else resolve(Buffer.concat(parts).toString('utf8'))
    })
  })
}

/** A server of a backend as `show servers state` shows it. */
export interface ServerState {
  /** 0 to 256, as it is now and as the configuration says. */
  readonly weight: number
  readonly initialWeight: number
  /** Whether it takes traffic: up, past its slow start, and neither in maintenance nor draining. */
  readonly ready: boolean
  /** Taken out by an order (maintenance or drain), and not by a failed health check. */
  readonly takenOut: boolean
  /** Health checks passed since it was last taken for up, as HAProxy counts them; null where it has no health check. */
  readonly checksPassed: number | null
}

const running = '2'
const checkEnabled = 4

/** Parses the answer of `show servers state` (format 1) into servers by name. What follows an empty line belongs to another command. */
export const parseServersState = (answer: string, backend: string): ReadonlyMap<string, ServerState> => {
  const lines = (answer.split(/\n\s*\n/)[0] ?? '').split('\n').filter(line => line.trim() !== '')
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
  const name = column('srv_name')
  const [weight, initialWeight] = [column('srv_uweight'), column('srv_iweight')]
  const [state, admin] = [column('srv_op_state'), column('srv_admin_state')]
  const [health, checks] = [column('srv_check_health'), column('srv_check_state')]
  const weightAt = (fields: readonly string[], at: number): number => {
    const value = Number(fields[at])
    if (Number.isInteger(value) && value >= 0 && value <= 256) return value
    throw new UserError(`HAProxy shows weight ${JSON.stringify(fields[at])} for ${backend}/${fields[name]}, expected 0 to 256`)
  }
  const rows = lines.filter(line => !line.startsWith('#')).slice(1)
  return new Map(
    rows.map(line => {
      const fields = line.trim().split(/\s+/)
      return [
        fields[name] ?? '',
        {
          weight: weightAt(fields, weight),
          initialWeight: weightAt(fields, initialWeight),
          ready: fields[state] === running && fields[admin] === '0',
          takenOut: fields[admin] !== '0',
          checksPassed: (Number(fields[checks]) & checkEnabled) === 0 ? null : Number(fields[health]),
        },
      ]
    }),
  )
}

/** Seconds that the process has been running, from the answer of `show info`. */
export const parseUptime = (answer: string, socket: string): number => {
  const [, seconds] = /^Uptime_sec: (\d+)\s*$/m.exec(answer) ?? []
  if (seconds === undefined) throw new UserError(`HAProxy at ${socket} does not say Uptime_sec in \`show info\``)
  return Number(seconds)
}

/** The balance algorithm of a backend, from an answer to `show stat <backend> 2 -1`; null where the socket may not see it. */
export const parseAlgorithm = (answer: string): string | null => {
  const lines = answer.split('\n')
  const at = lines.findIndex(line => line.startsWith('# pxname,'))
  const algorithm = lines[at + 1]?.split(',')[(lines[at] ?? '').split(',').indexOf('algo')]
  return algorithm === undefined || algorithm === '' ? null : algorithm
}
