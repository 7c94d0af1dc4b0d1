import type { AddressInfo } from 'node:net'
import { connect, createServer, type Socket } from 'node:net'

/** A door on the loopback address before a server, which can be held: then it takes what comes and passes nothing on. */
export interface Gate extends AsyncDisposable {
  readonly port: number
  /** Returns what opens it again. */
  hold(): () => void
}

export const startGate = async (serverPort: number): Promise<Gate> => {
  const sockets = new Set<Socket>()
  let held = false
  const keep = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
  }
  const server = createServer(socket => {
    keep(socket)
    if (held) return
    const behind = connect(serverPort, '127.0.0.1')
    keep(behind)
    socket.pipe(behind).pipe(socket)
    socket.on('close', () => behind.destroy())
    behind.on('close', () => socket.destroy())
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    hold: () => {
      held = true
      return () => {
        held = false
      }
    },
    [Symbol.asyncDispose]: () =>
      new Promise<void>(resolve => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}
